"""A file of finished rows, so that a step that was killed goes on from its last one."""

import json
from pathlib import Path

from landscape.jobs.locks import locked
from landscape.jobs.sealed import seal, unseal


class Journal:
    """Rows as JSON lines behind a first line that says for which inputs they hold.

    Each line ends with its checksum. Rows of other inputs are dropped, and so is a line that is
    damaged or was cut short, with all that follow it. What is good stays on disk as it is.
    Raises InputError where another process writes to it.
    """

    def __init__(self, path, key):
        self.path, self.rows = Path(path), []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = locked(self.path)
        self.file.seek(0)
        first, *lines = self.file.read().split(b"\n")
        wanted, good = seal(json.dumps(key, sort_keys=True)), 0
        if first == wanted and lines:
            good = len(first) + 1
            for line in lines[:-1]:  # behind the last line break is nothing, or a part of a line
                try:
                    self.rows.append(json.loads(unseal(line)))
                except ValueError:
                    break
                good += len(line) + 1
        self.file.truncate(good)
        if not good:
            self.file.write(wanted + b"\n")
        self.file.flush()

    def add(self, row):
        self.rows.append(row)
        self.file.write(seal(json.dumps(row)) + b"\n")
        self.file.flush()

    def remove(self):
        self.path.unlink()
        self.file.close()
