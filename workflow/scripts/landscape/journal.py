"""A file of finished rows, so that a step that was killed goes on from its last one."""

import json
from pathlib import Path


class Journal:
    """Rows as JSON lines behind a first line that says for which inputs they hold.

    Rows of other inputs, and a last line that was cut short, are dropped.
    """

    def __init__(self, path, key):
        self.path, self.rows = Path(path), []
        first = json.dumps(key, sort_keys=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        if lines and lines[0] == first:
            for line in lines[1:]:
                try:
                    self.rows.append(json.loads(line))
                except ValueError:
                    break
        self.file = open(self.path, "w")
        for line in [first, *map(json.dumps, self.rows)]:
            self.file.write(line + "\n")
        self.file.flush()

    def add(self, row):
        self.rows.append(row)
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()

    def remove(self):
        self.file.close()
        self.path.unlink()
