"""Which GPU a job takes on a workstation: processes stand in for jobs, names for GPUs."""

import os
import subprocess
import sys

import pytest
from helpers import ROOT
from landscape import gpu
from landscape.command import InputError

JOB = """
import sys
sys.path.insert(0, "workflow/scripts")
from landscape import gpu
gpu.lease(sys.argv[1])
import os
print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
sys.stdin.read()
"""


def job(folder, devices="3,5"):
    return subprocess.Popen(
        [sys.executable, "-c", JOB, str(folder)],
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": devices},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def taken(process):
    process.stdout.readline()  # the line for the log
    return process.stdout.readline().strip()


def test_two_jobs_never_share_and_a_killed_one_gives_back(tmp_path):
    first, second = job(tmp_path), job(tmp_path)
    assert {taken(first), taken(second)} == {"3", "5"}
    third = job(tmp_path)
    second.kill()
    second.wait()
    assert taken(third) in ("3", "5")
    for process in (first, third):
        process.kill()
        process.wait()


def test_no_gpu_and_a_clusters_own_choice_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    gpu.lease(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    gpu.lease(tmp_path)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file/locks"):
        gpu.lease(tmp_path / "file" / "locks")
