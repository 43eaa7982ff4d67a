"""A file of finished rows, so that a step that was killed goes on from its last one."""

import json
import zlib
from pathlib import Path


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
        if lines and lines[0] == sealed(first):
            for line in lines[1:]:
                text = line[:-9].decode("utf-8", errors="replace")
                if line != sealed(text):
                    break
                self.rows.append(json.loads(text))
        self.file = open(self.path, "wb")
        for text in [first, *map(json.dumps, self.rows)]:
            self.file.write(sealed(text) + b"\n")
        self.file.flush()

    def add(self, row):
        self.rows.append(row)
        self.file.write(sealed(json.dumps(row)) + b"\n")
        self.file.flush()

    def remove(self):
        self.file.close()
        self.path.unlink()


def sealed(text):
    """A line: the text, a space and its checksum in eight hex digits."""
    content = text.encode()
    return content + b" %08x" % zlib.crc32(content)
