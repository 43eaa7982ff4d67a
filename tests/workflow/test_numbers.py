"""What must be true of the numbers of a study, whoever computes them."""

import json

import helpers
import numpy as np
import pandas as pd
import pytest
import torch
from landscape.jobs.parquet import read_frame
from landscape.jobs.provenance import fingerprint
from landscape.models import classifiers
from safetensors.numpy import load_file
from torch.nn.functional import cross_entropy

RUNS = [(arm, task) for arm in ("scratch", "pretrained") for task in ("mnli", "sst2")]
RANGE, POINTS, TOKENS = (-4.0, 4.0), 5, 1024  # of tests/tiny.yaml
START = {"scratch": "random", "pretrained": "pretrained"}
PARTNER = {"mnli": "sst2", "sst2": "mnli"}


@pytest.mark.parametrize("arm, task", RUNS)
@pytest.mark.parametrize("plane", ["full", "curve"])
def test_the_end_of_a_surface_is_what_the_trainer_measured(results, arm, task, plane):
    scores = read_frame(results / f"runs/{arm}/{task}/s0/scores.parquet").iloc[-1]
    end = helpers.landmark(results, arm, task, plane, "end")
    assert (end["alpha"], end["beta"]) == (1.0, 0.0)
    assert end["dev_error"] == scores["dev_error"]
    assert end["dev_n"] == scores["dev_n"]
    assert end["dev_loss"] == pytest.approx(scores["dev_loss"], abs=1e-6)


@pytest.mark.parametrize("group", ["low", "middle", "high"])
def test_the_rollback_of_a_group_is_what_table_1_says(results, group):
    table = read_frame(results / "rollbacks/pretrained/mnli/s0.parquet").set_index("group")
    point = helpers.landmark(results, "pretrained", "mnli", group, "rollback")
    assert (point["alpha"], point["beta"]) == (-1.0, 0.0)
    n, correct = table.loc[group, ["dev_n", "dev_correct"]]
    assert point["dev_error"] == (n - correct) / n
    right = table.loc[group, "dev_right"]
    assert (len(right), right.count("1")) == (n, correct)
    end = helpers.landmark(results, "pretrained", "mnli", group, "end")
    n, correct = table.loc["none", ["dev_n", "dev_correct"]]
    assert end["dev_error"] == (n - correct) / n
    shown = pd.read_csv(results / "tables/table1.csv").set_index(["task", "group"])
    assert shown.loc[("mnli", group), "accuracy"] == pytest.approx(100 * (1 - point["dev_error"]))


def test_landmarks_of_full_planes_and_curves_agree(results):
    """One point, reached by two planes: all its numbers, bit for bit."""
    for arm, task in RUNS:
        for name in ("start", "end"):
            assert helpers.landmark(results, arm, task, "full", name) | {"plane": ""} == (
                helpers.landmark(results, arm, task, "curve", name) | {"plane": ""}
            )


def test_all_scratch_runs_share_one_start(results):
    start = results / "models/random/s0/model.safetensors"
    for task in ("mnli", "sst2"):
        _, made_by = helpers.of_plane(results, "scratch", task, "full")
        assert made_by["files"]["start"] == fingerprint(start)
        # and training did begin there: a direction is where it went from there
        end = load_file(results / f"runs/scratch/{task}/s0/final.safetensors")
        delta = load_file(results / f"directions/scratch/{task}/s0/own.safetensors")
        for name, theta in load_file(start).items():
            np.testing.assert_array_equal(delta[name], end[f"encoder.{name}"] - theta)


def test_the_best_candidate_was_kept(results):
    """On a seed of its own: none of the runs that are judged has been chosen for what it is."""
    tried, folder = results / "runs/pretrained/mnli/s7", results / "runs/pretrained/mnli/s0"
    errors = {
        path.parent.name: read_frame(path)["dev_error"].iloc[-1]
        for path in tried.glob("e*_lr*/scores.parquet")
    }
    assert len(errors) == 2
    chosen = json.loads((folder / "selected.json").read_text())["candidate"]
    assert errors[chosen] == min(errors.values())
    assert [path.parent.name for path in folder.glob("e*_lr*/scores.parquet")] == [chosen]
    last = sorted((folder / chosen).glob("epoch_*.safetensors"))[-1]
    assert fingerprint(folder / "final.safetensors") == fingerprint(last)


@pytest.mark.parametrize("arm, task", RUNS)
def test_the_trajectory_ends_at_the_end_of_the_surface(results, arm, task):
    table = read_frame(results / f"trajectories/{arm}/{task}/s0/run/trajectory.parquet")
    start, end = table.iloc[0], table.iloc[-1]
    assert (end["alpha"], end["beta"]) == pytest.approx((1.0, 0.0), abs=1e-5)
    assert end["cos"] == pytest.approx(1.0, abs=1e-6) and end["length"] == pytest.approx(1.0)
    for point, name in ((start, "start"), (end, "end")):
        there = helpers.landmark(results, arm, task, "full", name)
        assert point["train_loss"] == pytest.approx(there["train_loss"], abs=1e-5)
        assert point["plane_train_loss"] == pytest.approx(there["train_loss"], abs=1e-5)
        assert point["dev_error"] == point["plane_dev_error"] == there["dev_error"]


def place(results, arm, task, layers, alpha, beta):
    """θ(α, β) by numpy in float64 from the files, in a model of transformers' own."""
    files = {
        "start": f"models/{START[arm]}/s0/model.safetensors",
        "end": f"runs/{arm}/{task}/s0/final.safetensors",
        "second": f"directions/{arm}/{PARTNER[task]}/s0/own.safetensors",
    }
    start, end, second = (load_file(results / path) for path in files.values())
    moving = [n for n in start if layers is None or f"layer.{layers}." in n]
    delta1 = {n: end[f"encoder.{n}"].astype(float) - start[n] for n in moving}
    delta2 = {n: second[n].astype(float) for n in moving}
    one, two = (np.sqrt(sum(np.square(v).sum() for v in d.values())) for d in (delta1, delta2))
    theta = dict(end)
    for n in moving:
        anchor = start[n] if layers is None else end[f"encoder.{n}"]
        theta[f"encoder.{n}"] = anchor + alpha * delta1[n] + beta * delta2[n] * one / two
    model = classifiers.load_classifier(
        results / f"models/{START[arm]}/s0", len(end["head.classifier.bias"])
    )
    names = {"encoder.": "bert.", "head.": ""}
    state = {
        names[prefix] + name.removeprefix(prefix): torch.tensor(value, dtype=torch.float32)
        for name, value in theta.items()
        for prefix in names
        if name.startswith(prefix)
    }
    model.load_state_dict(state)
    return model.eval()


@pytest.mark.parametrize(
    "arm, task, plane, layers",
    [
        ("scratch", "mnli", "full", None),
        ("pretrained", "sst2", "full", None),
        ("pretrained", "mnli", "middle", 1),
        ("pretrained", "mnli", "high", 2),
    ],
)
def test_points_of_a_surface_equal_a_plain_computation(results, arm, task, plane, layers):
    table, _ = helpers.of_plane(results, arm, task, plane)
    grid = table[table["landmark"].isna()].set_index(["alpha", "beta"])
    for alpha, beta in [(-4.0, 4.0), (0.0, -2.0), (2.0, 2.0)]:
        model, point = place(results, arm, task, layers, alpha, beta), grid.loc[(alpha, beta)]
        measured = {"train": "sample", "dev": "dev"} if plane == "full" else {"train": "sample"}
        for split, name in measured.items():
            logits, labels = helpers.padded_logits(model, results / f"data/{task}/{name}.parquet")
            loss = cross_entropy(logits, labels).item()
            assert point[f"{split}_loss"] == pytest.approx(loss, rel=1e-5, abs=1e-5)
            assert point[f"{split}_error"] == (logits.argmax(-1) != labels).double().mean().item()
            assert point[f"{split}_n"] == len(labels)


@pytest.mark.parametrize("plane", ["curve", "way", "control", "low", "low_line"])
def test_a_plane_measures_what_it_is_needed_for_and_all_at_its_landmarks(results, plane):
    table, _ = helpers.of_plane(results, "pretrained", "mnli", plane)
    landmarks = table["landmark"].notna()
    for name in ("dev_loss", "dev_error", "dev_n", "dev_predicted_0", "dev_error_without_3"):
        assert (table[name].notna() == landmarks).all()
    assert table["train_loss"].notna().all()
