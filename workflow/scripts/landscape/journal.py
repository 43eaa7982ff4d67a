"""A file of finished rows, so that a step that was killed goes on from its last one."""

import json
from pathlib import Path

from .sealed import seal, unseal


class Journal:
    """Rows as JSON lines behind a first line that says for which inputs they hold.

    Each line ends with its checksum. Rows of other inputs are dropped, and so is a line that is
    damaged or was cut short, with all that follow it.
    """

    def __init__(self, path, key):
        self.path, self.rows = Path(path), []
        first = json.dumps(key, sort_keys=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = self.path.read_bytes().split(b"\n") if self.path.exists() else []
        if lines and lines[0] == seal(first):
            for line in lines[1:]:
                try:
                    self.rows.append(json.loads(unseal(line)))
                except ValueError:
                    break
        self.file = open(self.path, "wb")
        for text in [first, *map(json.dumps, self.rows)]:
            self.file.write(seal(text) + b"\n")
        self.file.flush()

    def add(self, row):
        self.rows.append(row)
        self.file.write(seal(json.dumps(row)) + b"\n")
        self.file.flush()

    def remove(self):
        self.file.close()
        self.path.unlink()
