"""Comma-separated values, cells in quotes or not."""

from landscape.data.rows import by_column, quoted


def table(path, wanted):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return by_column(path, *quoted(file, ",", wanted))
