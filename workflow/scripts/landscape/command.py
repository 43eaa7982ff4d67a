"""How every command ends: files whole or not at all, and bad input in one line."""

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path


class InputError(Exception):
    """Something that the user gave is wrong; the message names it and what would be right."""


def run(main, hub=False):
    """Call `main()`; an `InputError` becomes one line on stderr and exit status 1.

    hub: whether it may ask the Hub. Else nothing that it imports can: compute nodes have no
    network, and no result may depend on there being one.
    """
    if not hub:
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        main()
    except InputError as error:
        if os.environ.get("LOCAL_RANK", "0") != "0":
            time.sleep(10)  # the first process says it for all; the launcher then ends the others
        sys.exit(f"error: {error}")


@contextmanager
def whole(path):
    """Yield a path beside `path` to write to; it replaces `path` only if all went well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.part{os.getpid()}{path.suffix}")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
