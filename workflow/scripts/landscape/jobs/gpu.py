"""What a job computes on; and GPUs of its own for each job on a workstation.

Snakemake counts GPUs but hands out none.

A job holds a locked file for each of its GPUs. The locks die with the process, so a killed job
gives its GPUs back.
"""

import fcntl
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

from landscape.jobs.command import InputError
from landscape.jobs.sealed import read_json

held = []  # open files; closing one would give the GPU back


def visible():
    """The GPUs that this process may use, as CUDA numbers them; [] where there are none."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        # "-1" and SLURM's "NoDevFiles" say: none
        names = dict.fromkeys(name.strip() for name in chosen.split(","))
        return [name for name in names if name not in ("", "-1", "NoDevFiles")]
    return [str(i) for i in range(len(list(Path("/dev").glob("nvidia[0-9]*"))))]


def lease(number=1, folder=None):
    """Wait for free GPUs and make them the only visible ones. Call before torch is imported.

    Does nothing without any GPU, or where a cluster has already given this job its own.
    Raises InputError where there are fewer GPUs, or the locks' folder cannot be written.
    """
    names = visible()
    if not names or (len(names) == number and "SLURM_JOB_ID" in os.environ):
        return  # jobs of a cluster may each see their own GPU as number 0
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")  # numbers are nvidia-smi's
    names = locks_of(names)
    if len(names) < number:
        raise InputError(
            f"gpus_per_run: {number} GPUs a job, and this job can use {len(names)} "
            f"({', '.join(names)})"
        )
    folder = Path(folder or Path(tempfile.gettempdir()) / "landscape-gpus")
    while not (free := locked(folder, names, number)):
        time.sleep(1)
    held.extend(free.values())
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(free)
    print(f"GPU {', '.join(free)}", flush=True)


def locks_of(names):
    """{name of a GPU: name of its lock}: its UUID, where nvidia-smi says which that is.

    A GPU that is cut into MIG devices stands for the first of them, as CUDA takes it. A GPU that
    has two names among these keeps the first.
    """
    try:
        told = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, encoding="utf-8", timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError):
        told = ""
    known, ids = {}, []
    for line in told.splitlines():
        if not (uuid := re.search(r"\(UUID: (.+?)\)", line)):
            continue
        if gpu := re.match(r"GPU (\d+):", line):
            ids = [gpu[1], uuid[1]]
        lock = known.setdefault(uuid[1], uuid[1])
        known |= dict.fromkeys(ids, lock)
        if not gpu:
            ids = []  # the GPU's further MIG devices are not what its own name means
    locks = {}
    for name in names:
        whole = [uuid for uuid in known if "-" in name and uuid.startswith(name)]  # may be cut
        lock = known.get(name) or (known[whole[0]] if whole else name)
        if lock not in locks.values():
            locks[name] = lock
    return locks


def locked(folder, names, number):
    """{name: locked file} of `number` free GPUs; {} and no lock where fewer are free.

    names: {name of a GPU: name of its lock}.
    """
    free = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o1777)  # the machine's other users take turns too
        for name, lock in names.items():
            file = open(folder / lock.replace("/", "_"), encoding="utf-8", opener=readable)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            os.set_inheritable(file.fileno(), True)  # held on by what this process becomes
            free[name] = file
            if len(free) == number:
                return free
    except OSError as error:
        raise InputError(
            f"{folder}: GPUs are shared out by locks there, and it cannot be written "
            f"({error.strerror}); TMPDIR chooses another place"
        )
    for file in free.values():
        file.close()
    return {}


def readable(path, flags):
    """Open for reading, made if missing: others' files may be locked, but not written."""
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)


def device():
    """Where to compute: "cuda" where this job has a GPU, else "cpu". After `lease`.

    Raises InputError where a GPU was given and torch cannot use it: nobody wants to find out
    after days that a CPU did the work.
    """
    import torch

    names, count = visible(), torch.cuda.device_count()
    if count < len(names):
        raise InputError(
            f"this job has GPU {', '.join(names)}, and torch {torch.__version__} can use {count} "
            "GPUs: install torch for this machine's CUDA, or set gpus_per_run: 0 for the CPU"
        )
    if not count:
        return "cpu"
    torch.backends.cuda.enable_cudnn_sdp(False)  # it plans anew for each shape, up to half a second
    return "cuda"


def be_deterministic():
    """Same inputs, same bits, gradients too. Call before torch computes on a GPU.

    There an operation that cannot do so raises RuntimeError; on a CPU all that is used here can.
    """
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # what deterministic kernels ask for
    import torch

    torch.use_deterministic_algorithms(True, warn_only=not torch.cuda.is_available())
    torch.utils.deterministic.fill_uninitialized_memory = False  # nothing here reads any


def best_dtype(wanted):
    """`auto` as bfloat16 where the hardware multiplies it natively, else float32."""
    import torch

    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        cpu = torch.cpu.get_capabilities()
        native = cpu.get("avx512_bf16") or cpu.get("amx_bf16")
    return "bfloat16" if native else "float32"


def dtype_of(wanted, tried):
    """The dtype of a surface's grid: `auto` is what try_model.py decided for all of its chunks.

    tried: the file that it wrote, or None to decide on the spot.
    Raises InputError where that is bfloat16 and this job's device has none of its own.
    """
    if wanted != "auto" or tried is None:
        return best_dtype(wanted)
    decided = read_json(tried, "dtype")["dtype"]
    if decided == "bfloat16" != best_dtype("auto"):
        raise InputError(
            f"{tried}: dtype: auto was decided as bfloat16, which this job's device does not "
            "multiply natively: keep surfaces to nodes of one kind, or set dtype: float32"
        )
    return decided
