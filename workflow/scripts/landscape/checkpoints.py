"""Where a run keeps what it trained: its epochs' checkpoints, in order."""

from pathlib import Path

from .command import InputError
from .parquet import read_frame
from .sealed import read_json


def checkpoints(run, further=None):
    """The epochs' files of a run's selected candidate, then those of its further epochs.

    Raises InputError where some are missing.
    """
    selected = read_json(Path(run) / "selected.json", "candidate", "epochs")
    first = epochs(Path(run) / selected["candidate"], selected["epochs"])
    if further is None:
        return first, []
    scores = read_frame(Path(further) / "scores.parquet")
    return first, epochs(Path(further), len(scores))


def epochs(folder, number):
    """The checkpoints of a run's epochs in order, none left out, none of another run's added."""
    files = [folder / f"epoch_{epoch:02d}.safetensors" for epoch in range(1, number + 1)]
    for file in files:
        if not file.is_file():
            raise InputError(f"{file}: missing; delete {folder} to have all its epochs made again")
    return files
