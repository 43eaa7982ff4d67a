"""One GPU for each job on a workstation: Snakemake counts GPUs but hands out none.

A job holds a locked file for its GPU. The lock dies with the process, so a killed job gives its
GPU back.
"""

import fcntl
import os
import tempfile
import time
from pathlib import Path

from .command import InputError

held = []  # open files; closing one would give the GPU back


def visible():
    """The GPUs that this process may use, as CUDA numbers them; [] where there are none."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name for name in chosen.split(",") if name]
    return [str(i) for i in range(len(list(Path("/dev").glob("nvidia[0-9]*"))))]


def lease(folder=None):
    """Wait for a free GPU and make it the only visible one. Call before torch is imported.

    Does nothing without a GPU, or where a cluster has already given this job its own.
    Raises InputError where the folder of the locks cannot be written.
    """
    names = visible()
    if not names or (len(names) == 1 and "SLURM_JOB_ID" in os.environ):
        return  # jobs of a cluster may each see their own GPU as number 0
    folder = Path(folder or Path(tempfile.gettempdir()) / f"landscape-gpus-{os.getuid()}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = {name: open(folder / name, "w") for name in names}
    except OSError:
        raise InputError(f"{folder}: GPUs are shared out by locks there, and it cannot be written")
    while not held:
        for name, file in files.items():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            os.environ["CUDA_VISIBLE_DEVICES"] = name
            held.append(file)
            print(f"GPU {name}", flush=True)
            break
        else:
            time.sleep(1)
