"""Which GPUs a job takes on a workstation: processes stand in for jobs, names for GPUs."""

import os
import subprocess
import sys

import helpers
import pytest
from helpers import ROOT
from landscape.jobs import gpu
from landscape.jobs.command import InputError

JOB = """
import sys
from landscape.jobs import gpu
gpu.lease(int(sys.argv[1]), sys.argv[2])
import os
print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
if len(sys.argv) > 3:  # becomes another program, as launch.py does
    os.execv(sys.executable, [sys.executable, "-c", "import sys; sys.stdin.read()"])
sys.stdin.read()
"""


@pytest.fixture
def job(tmp_path):
    """Starts a job; all are ended with the test."""
    jobs = []

    def start(number=1, *more, devices="3,5"):
        process = subprocess.Popen(
            [sys.executable, "-c", JOB, str(number), str(tmp_path), *more],
            cwd=ROOT,
            env=helpers.environment(CUDA_VISIBLE_DEVICES=devices),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        jobs.append(process)
        return process

    yield start
    for process in jobs:
        process.kill()
        process.wait()


def taken(process):
    process.stdout.readline()  # the line for the log
    return process.stdout.readline().strip()


def test_two_jobs_never_share_and_a_killed_one_gives_back(job):
    first, second = job(), job()
    assert {taken(first), taken(second)} == {"3", "5"}
    third = job()
    second.kill()
    second.wait()
    assert taken(third) in ("3", "5")


def test_a_job_takes_all_its_gpus_or_waits_for_them(job):
    """Two jobs that each hold half of what they need would wait for ever."""
    one = job(1, devices="0,1,2")
    assert taken(one) == "0"
    assert taken(job(2, devices="0,1,2")) == "1,2"
    waiting = job(2, devices="0,1,2")
    one.kill()
    one.wait()
    # GPU 0 is free now, and the one who waits for two must not sit on it
    assert taken(job(1, devices="0")) == "0"
    assert waiting.poll() is None


def test_what_a_job_becomes_keeps_its_gpu(job):
    first = job(1, "exec", devices="0")
    assert taken(first) == "0"
    second = job(1, devices="0")
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(3)
    first.kill()
    first.wait()
    assert taken(second) == "0"


TOLD = """\
GPU 0: NVIDIA A30 (UUID: GPU-11aa)
  MIG 2g.12gb     Device  0: (UUID: MIG-33cc)
  MIG 2g.12gb     Device  1: (UUID: MIG-44dd)
GPU 1: NVIDIA A30 (UUID: GPU-22bb)
"""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1", "GPU-22bb", True),
        ("1", "GPU-22", True),  # the start of it is enough for CUDA
        ("0", "MIG-33cc", True),  # CUDA takes a GPU's first part by the GPU's name
        ("GPU-11aa", "MIG-44dd", False),
        ("0", "1", False),
    ],
)
def test_a_gpu_is_one_by_all_its_names(tmp_path, monkeypatch, job, one, other, same):
    told = tmp_path / "bin/nvidia-smi"
    told.parent.mkdir()
    told.write_text(f"#!/bin/sh\ncat <<'END'\n{TOLD}END\n")
    told.chmod(0o755)
    monkeypatch.setenv("PATH", f"{told.parent}{os.pathsep}{os.environ['PATH']}")
    first = job(devices=one)
    assert taken(first) == one
    second = job(devices=other)
    if same:
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(2)
        first.kill()
        first.wait()
    assert taken(second) == other


@pytest.mark.parametrize("chosen", ["", "-1", "NoDevFiles"])
def test_no_gpu_is_left_alone(tmp_path, monkeypatch, chosen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    gpu.lease(1, tmp_path)
    assert not list(tmp_path.iterdir())
    assert gpu.device() == "cpu"


def test_a_gpu_named_twice_is_one_and_a_name_may_hold_slashes(tmp_path, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-GPU-8f/1/0,MIG-GPU-8f/1/0")
    monkeypatch.setattr(gpu, "held", [])
    gpu.lease(1, tmp_path)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "MIG-GPU-8f/1/0"
    with pytest.raises(InputError, match="2 GPUs a job"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,0")
        gpu.lease(2, tmp_path)


def test_a_clusters_own_choice_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    gpu.lease(2, tmp_path)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2,3"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file/locks"):
        gpu.lease(1, tmp_path / "file" / "locks")


def test_more_gpus_than_there_are_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    with pytest.raises(InputError, match=r"gpus_per_run: 3 .* 2 \(4, 6\)"):
        gpu.lease(3, tmp_path)


def test_a_gpu_that_torch_cannot_use_is_not_silently_the_cpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "63")
    with pytest.raises(InputError, match=r"GPU 63, and torch .* can use 0"):
        gpu.device()
