"""Rows of cells as people write them, turned into columns: what the readers share."""

import csv
import sys
from collections import Counter

from landscape.jobs.command import InputError

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # texts are longer than its 131,072


def by_column(path, names, rows):
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


def quoted(lines, delimiter, wanted):
    """(header, rows) of delimited lines in which cells may stand in quotes; no rows unless wanted.

    Raises ValueError for a quote that is never closed, and the like.
    """
    cells = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = next(cells, [])
        return header, [row for row in cells if row] if wanted else []  # [] is an empty line
    except csv.Error as error:
        raise ValueError(error)
