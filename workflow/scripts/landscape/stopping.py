"""SIGTERM (a time limit, a preemption) and Ctrl-C as a question that a loop can ask."""

import signal
from contextlib import contextmanager


@contextmanager
def asked_to_stop():
    """Yield a function that says whether one of the signals has come; neither ends the process."""
    came = []
    before = {
        number: signal.signal(number, lambda number, frame: came.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
