"""Where a run keeps what it trained: its epochs' checkpoints, in order."""

from pathlib import Path

from landscape.jobs.command import InputError
from landscape.jobs.parquet import read_frame
from landscape.jobs.sealed import read_json
from landscape.models.epochs import checkpoint_name


def of_run(run, further=None):
    """The epochs' files of a run's selected candidate, then those of its further epochs.

    Raises InputError where some are missing.
    """
    selected = read_json(Path(run) / "selected.json", "candidate", "epochs")
    first = epochs(Path(run) / selected["candidate"], selected["epochs"])
    if further is None:
        return first, []
    log = read_frame(Path(further) / "log.parquet")
    return first, epochs(Path(further), round(log["epoch"].iloc[-1]))


def epochs(folder, number):
    """The checkpoints of a run's epochs in order, none left out, none of another run's added."""
    files = [folder / checkpoint_name(epoch) for epoch in range(1, number + 1)]
    for file in files:
        if not file.is_file():
            raise InputError(f"{file}: missing; delete {folder} to have all its epochs made again")
    return files
