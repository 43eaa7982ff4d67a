"""Tab-separated values, in GLUE's raw form or with cells in quotes."""

import re

from landscape.data.rows import by_column, quoted


def table(path, wanted):
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
        return by_column(path, header, [])
    raw_fits = all(len(row) == len(header) for row in rows)
    doubled = any(re.fullmatch(r'"([^"]|"")*""([^"]|"")*"', cell) for row in rows for cell in row)
    if header_is_quoted or doubled or not raw_fits:
        try:
            header_and_rows = quoted(text.splitlines(keepends=True), "\t", wanted)
            if header_is_quoted or all(len(row) == len(header) for row in header_and_rows[1]):
                return by_column(path, *header_and_rows)
        except ValueError:
            if header_is_quoted:
                raise
    return by_column(path, header, rows)
