"""Stages of the library: data flows down, and imports never run up."""

import ast
import re

import pytest
from helpers import SCRIPTS

LIBRARY = SCRIPTS / "landscape"
# each may import those before it; `jobs` and `study` stand beside them
STAGES = [
    "jobs",
    "study",
    "names",
    "data",
    "models",
    "runs",
    "directions",
    "surfaces",
    "claims",
    "figures",
]
STAGES += ["plan"]
# so that work on metrics, packing and plots never trains anything again
NOT_FOR_TRAINING = ("landscape.surfaces", "landscape.claims", "landscape.figures", "matplotlib")


def imports(path):
    """The dotted names of what a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports hide the stage"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def modules(names):
    """The library's files that are meant by dotted names."""
    for name in names:
        for dotted in (name, name.rpartition(".")[0]):
            path = SCRIPTS / f"{dotted.replace('.', '/')}.py"
            if dotted.startswith("landscape") and path.is_file():
                yield path


def stage(path):
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def everything(path):
    """All dotted names that come with a file, through the library."""
    found, waiting, names = set(), [path], set()
    while waiting:
        if (now := waiting.pop()) not in found:
            found.add(now)
            names |= set(imports(now))
            waiting += modules(imports(now))
    return names


@pytest.mark.parametrize("path", list(LIBRARY.rglob("*.py")), ids=lambda path: str(path.name))
def test_imports_go_down_the_table_of_stages(path):
    if path.name == "__init__.py":
        return
    for other in modules(imports(path)):
        assert STAGES.index(stage(other)) <= STAGES.index(stage(path)), f"{path} imports {other}"


def test_no_module_imports_itself_by_a_detour():
    for path in LIBRARY.rglob("*.py"):
        for first in modules(imports(path)):
            assert path not in set(modules(everything(first))), f"{path} through {first}"


@pytest.mark.parametrize("command", ["train.py", "launch.py"])
def test_training_knows_nothing_of_what_comes_after_it(command):
    names = everything(SCRIPTS / "runs" / command)
    assert not [name for name in names if name.startswith(NOT_FOR_TRAINING)]


# the paper's arms, groups, planes and kinds of axes are data: defaults in `study`, and what the
# check says of keys that moved
STUDY = {"pretrained", "scratch", "middle", "full", "curve", "control", "own", "partner", "random"}


def test_the_study_is_no_strings_in_the_code():
    found = {}
    for path in SCRIPTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in STUDY:
                name = str(path.relative_to(SCRIPTS))
                found[name] = found.get(name, 0) + 1
    assert found == {"landscape/study.py": 11, "study/check_config.py": 4}
    for path in (SCRIPTS.parents[1] / "rules").glob("*.smk"):
        quoted = re.findall(r"""["'](\w+)["']""", path.read_text(encoding="utf-8"))
        assert not STUDY & set(quoted), path
