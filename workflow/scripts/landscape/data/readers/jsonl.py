"""JSON lines: one object a row."""

import json
from collections import Counter

from landscape.data.rows import by_column


def table(path, wanted):
    names, rows = None, []
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                pairs = json.loads(line, object_pairs_hook=Pairs)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}")
            if not isinstance(pairs, Pairs):
                raise ValueError(f"line {number} is no JSON object")
            if twice := [key for key, n in Counter(key for key, _ in pairs).items() if n > 1]:
                raise ValueError(f"line {number}: {twice[0]!r} stands twice")
            names = names or [key for key, _ in pairs]
            if not wanted:
                break
            row = dict(pairs)
            if lost := [name for name in names if name not in row]:
                raise ValueError(f"line {number} has no {lost[0]!r}, and line 1 has")
            rows.append([plain(row[name]) for name in names])
    return by_column(path, names or [], rows)


class Pairs(list):
    """A JSON object as its pairs, so that a key that stands twice is seen."""


def plain(value):
    return dict(value) if isinstance(value, Pairs) else value
