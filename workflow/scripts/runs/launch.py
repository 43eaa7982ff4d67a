"""Run a training command in one process, or in several that share each step's examples.

    python launch.py --processes 2 train.py --start …

The command is given `--processes` as well: it checks that so many really run.
"""

import argparse
import logging
import os
import runpy
import signal
import sys
from pathlib import Path

from landscape.jobs import gpu
from landscape.jobs.command import run

CONFIG = Path(__file__).parents[3] / "config/accelerate.yaml"
# what another launcher, MPI or a shell's own settings may have left; each would change the run
LEFTOVER = ("WORLD_SIZE", "RANK", "LOCAL_WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
LEFTOVERS = ("ACCELERATE_", "PMI_", "OMPI_", "MV2_", "MPI_", "TORCHELASTIC_")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER, help="script and its arguments")
    args = parser.parse_args(argv)

    for name in list(os.environ):
        if name in LEFTOVER or name.startswith(LEFTOVERS):
            del os.environ[name]
    gpu.lease(args.processes)
    command = [*args.command, "--processes", str(args.processes)]
    if args.processes > 1:
        launch(args.processes, command)
    else:  # not as a child: a signal then reaches it directly
        sys.argv = command
        sys.path[0] = str(Path(command[0]).resolve().parent)
        runpy.run_path(command[0], run_name="__main__")


def launch(processes, command):
    """Run a command in several processes by Accelerate; exit as the first that fails."""
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    # it hands signals on, also those that nohup ignores, and kills who is still saving after 30 s
    names = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
    heard = [name for name in names if signal.getsignal(signal.Signals[name]) != signal.SIG_IGN]
    os.environ["TORCH_ELASTIC_SHUTDOWN_TIMEOUT"] = "3600"
    options = ["--config_file", str(CONFIG), "--num_processes", str(processes)]
    options = launch_command_parser().parse_args(options + command)
    options.signals_to_handle = ",".join(heard)
    try:
        launch_command(options)
    except ChildFailedError as error:  # it has said why
        _, failure = error.get_first_failure()
        raise SystemExit(failure.exitcode)
    except SignalException as stop:  # the processes have had theirs, and time to save
        raise SystemExit(128 + stop.sigval)


if __name__ == "__main__":
    run(main)
