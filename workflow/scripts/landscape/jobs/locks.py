"""One process at a time on what a killed job goes on from: two clones may share their results."""

import fcntl
import os
from contextlib import contextmanager, suppress

from landscape.jobs.command import InputError


def locked(path):
    """A file to read and to append to, made if missing, that is this process's until it closes it.

    The lock dies with the process. Where the file system has no locks, nothing is locked.
    Raises InputError where another process has it.
    """
    while True:
        file = open(path, "a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{path}: another process is at work on this, from another call or clone that "
                "shares these results; wait for it to end, and the same command goes on"
            )
        except OSError:
            return file
        try:
            if os.path.samestat(os.stat(path), os.fstat(file.fileno())):
                return file
        except FileNotFoundError:
            pass  # whoever had it has just ended and removed it
        file.close()


@contextmanager
def hold(path):
    """Lock a file for a while. Raises InputError as `locked`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):
        yield


@contextmanager
def in_turn(path):
    """Lock a file for a moment; others wait. Where the file system has no locks, none is taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
