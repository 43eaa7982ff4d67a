"""Training in processes of their own: one or several, stopped by a signal, started wrongly."""

import json
import os
import signal
import subprocess
import sys
import time

import helpers
import numpy as np
import pandas as pd
import pytest
from landscape.jobs.parquet import read_frame
from landscape.jobs.provenance import fingerprint
from safetensors.numpy import load_file

RECIPE = {
    "epochs": 2,
    "batch_size": 7,  # 29 examples: the last batch has one, and a second process none
    "learning_rate": 1e-3,
    "weight_decay": 0.01,
    "warmup": 0.1,
    "max_grad_norm": 1.0,
    "precision": "float32",
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    none = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    lengths = np.random.default_rng(0).integers(4, 20, 29)
    return {
        "start": helpers.model_folder(folder / "start"),
        "without_dropout": helpers.model_folder(folder / "without_dropout", **none),
        "train": helpers.write_split(folder / "train.parquet", lengths, seed=1),
    }


def start(inputs, output, processes=1, model="start", script="launch.py", **change):
    """A training as a process that can be waited for; `output` is its results' folder."""
    command = [sys.executable, helpers.path_of(script)]
    if script == "launch.py":
        command += ["--processes", processes, helpers.path_of("train.py")]
    env = change.pop("env", {})
    command += ["--start", inputs[model], "--train", inputs["train"]]
    command += ["--labels", "pretrained", "mine", 0, "--recipe", json.dumps(RECIPE | change)]
    command += ["--state", output / "state", "--output", output / "run"]
    if script == "train.py":
        command += ["--processes", processes]
    output.mkdir(exist_ok=True)
    return subprocess.Popen(
        list(map(str, command)),
        env=helpers.environment(**env),
        stdout=open(output / "log", "a", encoding="utf-8"),
        stderr=subprocess.STDOUT,
    )


def finished(process, output):
    """(log, {file: hash}) of a training that must succeed."""
    assert process.wait() == 0, (output / "log").read_text()
    files = {path.name: fingerprint(path) for path in sorted((output / "run").glob("*"))}
    return read_frame(output / "run/log.parquet"), files


def trained(inputs, output, *argv, **change):
    return finished(start(inputs, output, *argv, **change), output)


def test_two_processes_train_as_one_does(inputs, tmp_path):
    """Without dropout, which each process draws for itself: losses and weights agree."""
    one, two = tmp_path / "one", tmp_path / "two"
    log, _ = trained(inputs, one, 1, "without_dropout")
    log2, _ = trained(inputs, two, 2, "without_dropout")
    assert log["loss"].nunique() == len(log) == 10
    pd.testing.assert_frame_equal(log, log2, rtol=0, atol=1e-5)
    end, end2 = (load_file(folder / "run/epoch_02.safetensors") for folder in (one, two))
    # attention does not depend on the keys' bias: its gradient is rounding, which Adam scales up
    names = [name for name in end if not name.endswith("key.bias")]
    assert max(np.abs(end[name] - end2[name]).max() for name in names) < 1e-4


def test_another_number_of_processes_goes_on_from_the_same_step(inputs, tmp_path):
    """Only dropout is drawn anew: a cluster that is full must not cost what is done."""
    long = {"epochs": 4, "batch_size": 1}
    assert stopped_within_an_epoch(start(inputs, tmp_path, 2, **long), tmp_path) != 0
    log, *_ = trained(inputs, tmp_path, 1, **long)
    assert "going on after " in (tmp_path / "log").read_text()
    assert log["step"].tolist() == list(range(1, 4 * 29 + 1))


def test_what_another_launcher_left_in_the_environment_changes_nothing(inputs, tmp_path):
    left = {"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "3", "PMI_SIZE": "4"}
    left |= {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"}
    left |= {"MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "1", "ACCELERATE_MIXED_PRECISION": "fp16"}
    *_, plain = trained(inputs, tmp_path / "plain")
    *_, amid = trained(inputs, tmp_path / "amid", env=left)
    assert amid == plain


def stopped_within_an_epoch(process, output, number=signal.SIGTERM):
    """Send a signal when the first epoch is over and wait for the end."""
    helpers.wait_for(lambda: (output / "state/state.json").exists() or process.poll() is not None)
    time.sleep(0.1)
    process.send_signal(number)
    return process.wait()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_training_that_was_told_to_stop_goes_on_from_its_step(inputs, tmp_path, processes):
    """With dropout: the random states are saved too, and the end has the same bits."""
    long = {"epochs": 4, "batch_size": 1}
    whole = trained(inputs, tmp_path / "whole", processes, **long)
    for attempt in range(5):  # the signal may come just between two epochs
        parts = tmp_path / f"parts{attempt}"
        assert stopped_within_an_epoch(start(inputs, parts, processes, **long), parts) != 0
        if list((parts / "state").glob("step_*.safetensors")):
            break
    log = (parts / "log").read_text()
    assert "Traceback" not in log
    (line,) = [line for line in log.splitlines() if line.startswith("stopped after")]
    assert 1 <= float(line.split()[2]) < 4
    assert list((parts / "state").glob("step_*.safetensors"))
    again = trained(inputs, parts, processes, **long)
    assert "going on after " in (parts / "log").read_text()
    assert again[1] == whole[1]
    assert not (parts / "state").exists()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_training_under_nohup_outlives_the_terminal(inputs, tmp_path, processes):
    """And Ctrl-C stops it as a time limit does."""
    long = {"epochs": 4, "batch_size": 1}

    def started(output, number, way):
        before = signal.signal(number, way)
        process = start(inputs, output, processes, **long)
        signal.signal(number, before)
        return process

    under_nohup = started(tmp_path, signal.SIGHUP, signal.SIG_IGN)
    assert stopped_within_an_epoch(under_nohup, tmp_path, signal.SIGHUP) == 0
    output = tmp_path / "interrupted"
    process = started(
        output, signal.SIGINT, signal.SIG_DFL
    )  # who tests in the background ignores it
    assert stopped_within_an_epoch(process, output, signal.SIGINT) != 0
    assert "\nstopped after" in (output / "log").read_text()


def test_two_trainings_of_two_processes_share_a_machine(inputs, tmp_path):
    """Each finds a free port of its own."""
    folders = [tmp_path / "one", tmp_path / "two"]
    processes = [start(inputs, folder, 2) for folder in folders]
    (*_, one), (*_, two) = map(finished, processes, folders)
    assert one == two


def test_fewer_processes_than_asked_for_are_refused(inputs, tmp_path):
    """A training that quietly runs on one of two GPUs wastes the other."""
    assert start(inputs, tmp_path, 2, script="train.py").wait() == 1
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.startswith("error: --processes 2: 1 ")


def test_bad_input_to_two_processes_is_said_once(inputs, tmp_path):
    inputs = inputs | {"without_dropout": tmp_path / "nothing"}
    assert start(inputs, tmp_path, 2, "without_dropout").wait() == 1
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.startswith("error: ") and "nothing" in line


def test_gpus_that_are_not_there_are_refused_before_anything_starts(inputs, tmp_path):
    env = {"CUDA_VISIBLE_DEVICES": "63", "TMPDIR": str(tmp_path)}
    assert start(inputs, tmp_path, 2, env=env).wait() == 1
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.startswith("error: gpus_per_run: 2 ")
    os.remove(tmp_path / "log")
    assert start(inputs, tmp_path, 1, env=env).wait() == 1
    *_, line = (tmp_path / "log").read_text().splitlines()
    assert line.startswith("error: this job has GPU 63, and torch ")
