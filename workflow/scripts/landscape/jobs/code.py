"""Which code a result was made by: a command and the library's modules, found by reading them."""

import ast
from functools import cache
from pathlib import Path

LIBRARY = "landscape"


def behind(path, scripts):
    """A file of the folder `scripts`, and all of the library that it imports, by detours too."""
    found, waiting = [], [Path(path)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.append(file)
            waiting += imported_files(file, scripts)
    return found


@cache
def imported_files(path, scripts):
    """The library's files that a file imports itself."""
    places = (Path(scripts, *name.split(".")).with_suffix(".py") for name in imports(path))
    own = {place for place in places if place.is_relative_to(Path(scripts, LIBRARY))}
    return sorted(place for place in own if place.is_file())


@cache
def imports(path):
    """The dotted names of the modules that a file may import, and of what it takes from them."""
    names = set()
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names
