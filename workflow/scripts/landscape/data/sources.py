"""Texts and labels as people keep them: CSV, TSV, JSON lines and Parquet.

One reader serves the check of a config and the step that tokenises. Rows are counted from 1, the
first example. An empty text is a text; words such as "null" and "NA" are words.
"""

import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path

from landscape.jobs.command import InputError, one_line

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # texts are longer than its 131,072


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


# Readers: path → {column: cells}. Without `wanted` columns, no cells: only the header is read


def _table(path, wanted=None):
    readers = {".csv": _csv, ".tsv": _tsv, ".jsonl": _json_lines, ".parquet": _parquet}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise InputError(f"{path}: not one of {', '.join(readers)}")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        return readers[suffix](path, wanted)
    except (OSError, ValueError, csv.Error) as error:  # Arrow's errors are ValueErrors too
        raise InputError(f"{path}: cannot be read as {suffix[1:]} ({one_line(error)})")


def _by_column(path, names, rows):
    """Rows of as many cells as there are names, turned into columns."""
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"{path}: {len(names)} columns, of which {twice[0]!r} stands twice")
    for number, row in enumerate(rows, 1):
        if len(row) != len(names):
            raise InputError(
                f"{path}: row {number} has {len(row)} cells, its header {len(names)} "
                f"({', '.join(names)})"
            )
    return dict(zip(names, map(list, zip(*rows)))) if rows else {name: [] for name in names}


def _csv(path, wanted):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return _by_column(path, *_quoted(file, ",", wanted))


def _quoted(lines, delimiter, wanted):
    """(header, rows) of delimited lines in which cells may stand in quotes."""
    cells = csv.reader(lines, delimiter=delimiter, strict=True)
    header = next(cells, [])
    return header, [row for row in cells if row] if wanted else []  # [] is an empty line


def _tsv(path, wanted):
    """Quoted where the header is, where rows fit it only so, or where quotes are doubled within.

    Else quotes are part of the text, as in GLUE's own files.
    """
    with open(path, encoding="utf-8-sig", newline="") as file:
        text = file.read() if wanted else file.readline()
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    header, *rows = (line.split("\t") for line in lines)
    rows = [row for row in rows if row != [""]]
    header_is_quoted = all(re.fullmatch(r'".*"', name) for name in header)
    if not wanted and not header_is_quoted:
        return _by_column(path, header, [])
    raw_fits = all(len(row) == len(header) for row in rows)
    doubled = any(re.fullmatch(r'"([^"]|"")*""([^"]|"")*"', cell) for row in rows for cell in row)
    if header_is_quoted or doubled or not raw_fits:
        try:
            quoted = _quoted(text.splitlines(keepends=True), "\t", wanted)
            if header_is_quoted or all(len(row) == len(header) for row in quoted[1]):
                return _by_column(path, *quoted)
        except csv.Error:
            if header_is_quoted:
                raise
    return _by_column(path, header, rows)


def _json_lines(path, wanted):
    names, rows = None, []
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                pairs = json.loads(line, object_pairs_hook=_Pairs)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}")
            if not isinstance(pairs, _Pairs):
                raise ValueError(f"line {number} is no JSON object")
            if twice := [key for key, n in Counter(key for key, _ in pairs).items() if n > 1]:
                raise ValueError(f"line {number}: {twice[0]!r} stands twice")
            names = names or [key for key, _ in pairs]
            if not wanted:
                break
            row = dict(pairs)
            if lost := [name for name in names if name not in row]:
                raise ValueError(f"line {number} has no {lost[0]!r}, and line 1 has")
            rows.append([_plain(row[name]) for name in names])
    return _by_column(path, names or [], rows)


class _Pairs(list):
    """A JSON object as its pairs, so that a key that stands twice is seen."""


def _plain(value):
    return dict(value) if isinstance(value, _Pairs) else value


def _parquet(path, wanted):
    import pyarrow.parquet as pq
    from landscape.jobs import parquet

    schema = pq.read_schema(path)
    if not wanted:
        return _by_column(path, schema.names, [])
    if parquet.CHECKSUM.encode() in (schema.metadata or {}):  # the embedded study's, a download
        table = parquet.read(path)
    else:
        table = pq.read_table(path, columns=wanted)
    return {name: table[name].to_pylist() for name in wanted}
