"""SIGTERM (a time limit, a preemption), Ctrl-C and a closed terminal as a question to ask."""

import signal
from contextlib import contextmanager


@contextmanager
def asked_to_stop():
    """Yield a function that says whether one of the signals has come; none ends the process.

    One that is ignored, as nohup does, stays so.
    """
    came = []
    before = {
        number: signal.signal(number, lambda number, frame: came.append(number))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
