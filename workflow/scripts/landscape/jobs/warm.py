"""A Python whose slow imports lie behind it: jobs of a study on the CPU start at once.

    python warm.py COMMAND ARGUMENT …     what `python COMMAND ARGUMENT …` does

Importing torch and transformers takes five seconds, a study has hundreds of jobs, and many take
less than that themselves. So one process imports them, once a call of Snakemake, and forks itself
for each job: with the job's own environment, folder, streams and signals. It holds none of this
project's code, so that a job runs what lies there when it starts. Where no such process is offered,
or one of another Python or number of threads, the job is a plain process; the result is the same.
(Not for what asks the Hub: its libraries learn here, as they are imported, that there is none.)
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress

OFFER = "LANDSCAPE_WARM_PYTHON"  # says to jobs which process there is
IMPORTS = (
    "pyarrow.parquet",
    "scipy.special",
    "scipy.stats",
    "seaborn",
    "torch",
    "accelerate",
    "transformers.models.auto.modeling_auto",
    "transformers.models.bert.modeling_bert",
)
# of libraries that read it once, as they are imported
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
HANDED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def offer(threads):
    """Start the process that forks, for jobs of so many threads; it ends with this one.

    Returns it, or None: off Linux, where libraries do not bear a fork, on one before 5.3, and where
    the folder for temporary files takes no socket.
    """
    try:
        os.close(os.pidfd_open(os.getpid()))
        place = f"{tempfile.mkdtemp(prefix='landscape-')}/socket"
        with socket.socket(socket.AF_UNIX) as trial:
            trial.bind(place)  # a long path cannot be one
        os.unlink(place)
    except (AttributeError, OSError):
        return None
    os.environ[OFFER] = json.dumps([place, *ours(str(threads))])
    return subprocess.Popen(
        [sys.executable, "-P", __file__],  # not to import what lies beside this file
        env=os.environ | dict.fromkeys(THREADS, str(threads)) | {"HF_HUB_OFFLINE": "1"},
        stdin=subprocess.PIPE,  # never written to: its end is this process's
        start_new_session=True,  # a Ctrl-C is for the jobs
    )


def ours(threads):
    """What a job's plain process and a fork must have in common."""
    return [sys.executable, threads]


def ask(place, argv):
    """Have a job done by a fork; exit as it does. Returns only where nobody is there."""
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(place)
        except OSError:
            return
        ignored = [n for n in HANDED_ON if signal.getsignal(n) == signal.SIG_IGN]
        job = {"argv": argv, "cwd": os.getcwd(), "env": dict(os.environ), "ignored": ignored}
        text = json.dumps(job).encode()
        try:
            socket.send_fds(server, [len(text).to_bytes(8, "big")], [0, 1, 2])
            server.sendall(text)
            taken = server.recv(1)
        except OSError:
            taken = b""
        if not taken:  # it could not import what it should
            return
        for number in set(HANDED_ON) - set(ignored):
            signal.signal(number, lambda number, frame: server.send(bytes([number])))
        status = server.recv(4)
    if not status:
        sys.exit("error: the process that jobs are forked from was killed")
    code = os.waitstatus_to_exitcode(int.from_bytes(status, "big"))
    if code < 0:  # by a signal: so does this one
        if -code in HANDED_ON:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def serve(place):
    """Fork at each call, until the process that offered it is gone. Returns in forks: their job."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen(socket.SOMAXCONN)  # who comes now waits until all is imported
        for name in IMPORTS:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()  # or each fork's collections would copy it all
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            caller, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                caller.sendall(b"1")  # taken
                return keep(caller)
            caller.close()
    os.unlink(place)
    os.rmdir(os.path.dirname(place))
    sys.exit()


def keep(caller):
    """Fork the job, hand on signals, and say how it ended. Returns in the job, with its argv."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(caller, 8, 3)
    text = b""
    while len(text) < int.from_bytes(size, "big"):
        text += caller.recv(1 << 20)
    job = json.loads(text)
    if (child := os.fork()) == 0:
        caller.close()
        return become(job, streams)

    end = os.pidfd_open(child)
    while end not in select.select([end, caller], [], [])[0]:
        number = caller.recv(1) or bytes([signal.SIGKILL])  # the caller was killed
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(end, number[0])
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        caller.sendall(status.to_bytes(4, "big"))
    os._exit(0)


def become(job, streams):
    """Make this process what a plain one would be."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    for number in HANDED_ON:
        plain = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN if number in job["ignored"] else plain)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    return job["argv"]


def do(argv):
    """Run the job and exit as Python does, but for taking apart all that was imported.

    That would take longer than the rest of many a job.
    """
    sys.argv, code = argv, 0
    sys.path.insert(0, os.path.dirname(os.path.abspath(argv[0])))
    try:
        runpy.run_path(argv[0], run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if end.code is not None and end.code is not code:
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    offered, *theirs = json.loads(os.environ.get(OFFER, "[null]"))
    if argv := sys.argv[1:]:
        if theirs == ours(os.environ.get(THREADS[0])):
            ask(offered, argv)
        os.execv(sys.executable, [sys.executable, *argv])
    do(serve(offered))
