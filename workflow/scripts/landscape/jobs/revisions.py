"""Which commit a branch or tag on the Hub stood for when a study first asked: it stays that one."""

import json
import re
from pathlib import Path

from landscape.jobs import locks
from landscape.jobs.command import InputError, whole

COMMIT = re.compile(r"[0-9a-f]{40}\Z")


def pinned(path, name, revision, ask):
    """The commit of a revision of what has this name, from the study's file of them or of ask().

    The file is text that a person may share, edit or delete: {"name@revision": commit}. What is
    asked is written there. Raises InputError where the file holds anything else.
    """
    if COMMIT.match(revision):
        return revision
    path, key = Path(path), f"{name}@{revision}"
    with locks.in_turn(path.with_name(f".{path.name}.lock")):
        known = read(path) if path.exists() else {}
        if key not in known:
            known[key] = ask()
            with whole(path) as beside:
                beside.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    return known[key]


def read(path):
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if all(COMMIT.match(commit) for commit in known.values()):
            return known
    except (AttributeError, OSError, TypeError, ValueError):
        pass
    raise InputError(
        f'{path}: expected {{"name@revision": commit of 40 digits}}; mend or delete it'
    )
