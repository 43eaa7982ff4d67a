"""Texts and labels as people keep them, in any format that has a reader.

One reader serves the check of a config and the step that tokenises. Rows are counted from 1, the
first example. An empty text is a text; words such as "null" and "NA" are words.
"""

import re
from importlib import import_module
from pathlib import Path

from landscape.jobs.command import InputError, one_line

READERS = Path(__file__).with_name("readers")


def columns(path):
    """The names of a table's columns, in order.

    Raises InputError for a file that is no such table, and for a name that stands twice.
    """
    return list(_table(Path(path)))


def read(path, text, label):
    """Texts and labels of one split: (a list of str for each of one or two columns, list of int).

    Raises InputError, with the row, for a missing file or column, a text that is none, and labels
    that are not whole numbers from 0 of at most 64 bits.
    """
    path = Path(path)
    names = columns(path)
    for name in [*text, label]:
        if name not in names:
            raise InputError(f"{path}: no column {name!r}; it has {', '.join(names)}")
    table = _table(path, wanted=[*text, label])
    if not table[label]:
        raise InputError(f"{path}: no examples in it")
    for name in text:
        bad = [i for i, cell in enumerate(table[name]) if not _is_text(cell)]
        if bad:
            cell = table[name][bad[0]]
            kind = "half of a character" if isinstance(cell, str) else type(cell).__name__
            is_ = "missing" if cell is None else f"a {kind}, {_short(cell)}"
            refuse(path, name, bad, f"is {is_}; expected a text")
    labels = [_whole_number(cell) for cell in table[label]]
    if bad := [i for i, number in enumerate(labels) if number is None]:
        odd = _short(table[label][bad[0]])
        refuse(path, label, bad, f"is {odd}; labels must be whole numbers from 0")
    return [table[name] for name in text], labels


def refuse(path, column, rows, what):
    """Raise an InputError on the first of some rows, which are counted from 0 here."""
    more = f" (the first of {len(rows)} such rows)" if len(rows) > 1 else ""
    raise InputError(f"{path}: row {rows[0] + 1}: {column!r} {what}{more}")


def _is_text(cell):
    try:
        return isinstance(cell, str) and cell.encode() is not None
    except UnicodeEncodeError:  # JSON can write one of a pair of surrogates alone
        return False


def _short(cell):
    text = repr(cell)
    return text if len(text) < 60 else f"{text[:56]} …"


def _whole_number(cell):
    """A label as an int; None for what is none from 0 to 2**63 − 1."""
    try:
        number = float(cell) if isinstance(cell, str) else cell
        if isinstance(cell, str) and re.fullmatch(r"\s*[0-9]+\s*", cell):
            number = int(cell)  # a float would round large ones
        whole = int(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return whole if whole == number and 0 <= whole < 2**63 else None


# The readers: a module each in `readers`, by the suffix of the files that it reads, with
# `table(path, wanted)`, {column: cells}; without `wanted` columns no cells, only the header is read


def reader(path):
    """The file of the module that reads a table. Raises InputError where there is none for it."""
    found = {f".{module.stem}": module for module in sorted(READERS.glob("[!_]*.py"))}
    if (suffix := Path(path).suffix.lower()) not in found:
        raise InputError(f"{path}: not one of {', '.join(found)}")
    return found[suffix]


def _table(path, wanted=None):
    name = reader(path).stem
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        return import_module(f"landscape.data.readers.{name}").table(path, wanted)
    except (OSError, ValueError) as error:  # Arrow's errors are ValueErrors too
        raise InputError(f"{path}: cannot be read as {name} ({one_line(error)})")
