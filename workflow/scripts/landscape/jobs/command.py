"""How every command ends: files whole or not at all, bad input in one line, and what it cost."""

import errno
import os
import re
import resource
import shutil
import sys
import time
import traceback
from contextlib import contextmanager
from functools import cache
from pathlib import Path

BEGAN = time.monotonic()
COST = "took {:.2f} s, {:.2f} s of CPU, at most {:.0f} MB"


class InputError(Exception):
    """Something that the user gave is wrong; the message names it and what would be right."""


def run(main, hub=False):
    """Call `main()`; an `InputError` becomes one line on stderr and exit status 1.

    Any other error ends as one line too, behind its traceback.

    hub: whether it may ask the Hub. Else nothing that it imports can: compute nodes have no
    network, and no result may depend on there being one.
    """
    if not hub:
        os.environ["HF_HUB_OFFLINE"] = "1"
    for stream in (sys.stdout, sys.stderr):  # whatever the locale: ‖δ‖ is printed
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        main()
        tell_cost()
    except InputError as error:
        if os.environ.get("LOCAL_RANK", "0") != "0":
            time.sleep(10)  # the first process says it for all; the launcher then ends the others
        sys.exit(f"error: {one_line(error)}")
    except Exception as error:
        traceback.print_exc()  # for the log; the line that is read comes last
        where = f"{error.filename}: " if getattr(error, "filename", None) else ""
        sys.exit(
            f"error: {where}{type(error).__name__}: {one_line(error)} (the traceback is above)"
        )


@cache  # once a process, though a command may run another
def tell_cost():
    """Print the time that this process and its children took, and the memory of the largest."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    of_cpu = sum(one.ru_utime + one.ru_stime for one in used)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    largest = max(one.ru_maxrss for one in used) / unit
    print(COST.format(time.monotonic() - BEGAN, of_cpu, largest), flush=True)


def cost_in(log):
    """What a job's log says last of its cost: (seconds, seconds of CPU, MB); None if nothing."""
    number = r"(\d+(?:\.\d+)?)"
    found = re.findall(re.sub(r"\{.*?\}", lambda _: number, COST), log)
    return tuple(map(float, found[-1])) if found else None


def one_line(error):
    """What an error says, without line breaks."""
    return " ".join(str(error).split())


@contextmanager
def whole(path):
    """Yield a path beside `path` to write to; it replaces `path` only if all went well.

    It is on disk before it has its name, and the name before this returns: after a power cut the
    file is the old one or the new one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.part{os.getpid()}{path.suffix}")
    try:
        yield beside
        flush(beside)
        os.replace(beside, path)
        flush(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def flush(path):
    """Have a file's content, or a folder's names, written to disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems have no fsync
            raise
    finally:
        os.close(opened)


def link(source, target):
    """Give a file a second place: whole or not at all, and no more disk where that can be."""
    with whole(target) as beside:
        try:
            os.link(source, beside)
        except OSError:  # not every file system has links, or has them across folders
            shutil.copyfile(source, beside)
