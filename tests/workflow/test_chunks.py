"""A surface is the same whatever its chunks, kills and, within what it states, its tolerance."""

import json

import evaluate_surface
import gather_surface
import helpers
import make_language
import numpy as np
import prepare_task
import pytest
from landscape.data import tokenised
from landscape.jobs.journal import Journal
from landscape.surfaces import surface

RANGE, POINTS, TOKENS = (-4.0, 4.0), 5, 1024  # of tests/tiny.yaml
PARTNER = {"mnli": "sst2", "sst2": "mnli"}


def measured(results, folder, planes, outputs, train="data/mnli/sample.parquet", **options):
    """Planes of mnli, or a chunk of each, by the command itself, beside the study's own."""
    base = results
    argv = ["--start", base / "models/pretrained/s0"]
    argv += ["--end", base / "runs/pretrained/mnli/s0/final.safetensors"]
    argv += ["--train", base / train, "--dev", base / "data/mnli/dev.parquet"]
    argv += ["--labels", "pretrained", "mnli", 0, "--batch-tokens", TOKENS]
    argv += [word for plane in planes for word in ("--plane", json.dumps(plane))]
    for name, value in options.items():
        argv += [f"--{name}", *(value if isinstance(value, tuple) else [value])]
    argv += ["--state", folder / "state", "--output", *outputs]
    evaluate_surface.main(list(map(str, argv)))


def evaluated(results, folder, chunk=0, chunks=1, **options):
    """One chunk of mnli's full plane."""
    partner = ["partner", str(results / "directions/pretrained/sst2/s0/own.safetensors")]
    full = {"name": "full", "axes": [["own"], partner], "range": RANGE, "points": POINTS}
    output = folder / f"{chunk}_of_{chunks}.parquet"
    measured(results, folder, [full], [output], chunk=(chunk, chunks), **options)
    return output


def gathered(folder, chunks):
    argv = ["--chunks", *map(str, chunks), "--output", str(folder / "surface.parquet")]
    gather_surface.main(argv)
    return (folder / "surface.parquet").read_bytes()


@pytest.mark.parametrize("chunks", [1, 3])
def test_a_surface_does_not_depend_on_its_chunks(results, tmp_path, chunks):
    whole = results / "surfaces/pretrained/mnli/s0/full/surface.parquet"
    made = [evaluated(results, tmp_path, chunk, chunks) for chunk in range(chunks)]
    assert gathered(tmp_path, made) == whole.read_bytes()
    if chunks == 1:  # which nothing needs to gather
        assert made[0].read_bytes() == whole.read_bytes()


def test_planes_that_the_study_measured_together_are_as_each_alone(results, tmp_path):
    """Its small ones, several to a process: none may depend on those before it."""
    curve = {"name": "curve", "axes": [["own"]], "range": RANGE, "points": 9}
    way = {"name": "way", "axes": [["own"]], "range": (0.0, 1.0), "points": 5}
    low, high = (
        {"name": f"{group}_line", "axes": [["own"]], "range": RANGE, "points": 5}
        | {"anchor": "end", "layers": [layer, layer]}
        for group, layer in (("low", 0), ("high", 2))
    )
    for plane in (curve, way, low, high):
        output = tmp_path / f"{plane['name']}.parquet"
        measured(results, tmp_path, [plane | {"measures": ["train_loss"]}], [output])
        of_study = results / f"surfaces/pretrained/mnli/s0/{plane['name']}/surface.parquet"
        assert output.read_bytes() == of_study.read_bytes(), plane["name"]
    both = [tmp_path / f"{number}.parquet" for number in (0, 1)]
    measured(
        results, tmp_path, [plane | {"measures": ["train_loss"]} for plane in (high, way)], both
    )
    assert both[0].read_bytes() == (tmp_path / "high_line.parquet").read_bytes()
    assert both[1].read_bytes() == (tmp_path / "way.parquet").read_bytes()


REDUCED = {"dtype": "bfloat16", "tolerance": 0.2, "train": "data/mnli/train.parquet"}


def test_a_surface_in_bfloat16_has_its_landmarks_in_both_dtypes(results, tmp_path, capsys):
    """And neither they nor the grid depend on the chunks."""
    whole = gathered(tmp_path, [evaluated(results, tmp_path, **REDUCED)])
    chunks = [evaluated(results, tmp_path, chunk, 3, **REDUCED) for chunk in range(3)]
    assert gathered(tmp_path, chunks) == whole
    assert "warning" not in capsys.readouterr().out
    table, made_by = surface.read(tmp_path / "surface.parquet")
    assert made_by["settings"]["dtype"] == "bfloat16"
    landmarks = table[table["landmark"].notna()].set_index(["landmark", "dtype"])
    assert len(landmarks) == 4 and set(table["dtype"][table["landmark"].isna()]) == {"bfloat16"}
    for name in ("start", "end"):
        both = landmarks.loc[name]
        exact = helpers.landmark(results, "pretrained", "mnli", "full", name)
        assert both.loc["float32", "dev_loss"] == exact["dev_loss"]
        assert both.loc["bfloat16", "dev_loss"] != exact["dev_loss"]
        assert both.loc["bfloat16", "dev_loss"] == pytest.approx(exact["dev_loss"], abs=0.02)


class Killed(BaseException):
    """Ends the command at any place, as a time limit does; nothing may catch it."""


@pytest.mark.parametrize("points, options", [(1, {}), (7, {}), (3, REDUCED)])
def test_a_chunk_killed_midway_ends_with_the_same_bytes(
    results, tmp_path, monkeypatch, points, options
):
    whole = evaluated(results, tmp_path, 0, 2, **options).read_bytes()
    add, rows = Journal.add, []

    def killing(self, row):
        add(self, row)
        rows.append(row)
        if len(rows) == points:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", killing)
        with pytest.raises(Killed):
            evaluated(results, tmp_path, 0, 2, **options)
    monkeypatch.setattr(Journal, "add", lambda self, row: (rows.append(row), add(self, row)))
    again = evaluated(results, tmp_path, 0, 2, **options)
    assert len(rows) == (15 if options else 14)  # half of all points: none was measured twice
    assert again.read_bytes() == whole
    assert not list((tmp_path / "state").iterdir())
    if not options:
        chunk = results / "surfaces/pretrained/mnli/s0/full/chunk_0_of_2.parquet"
        assert whole == chunk.read_bytes()


@pytest.fixture(scope="session")
def many_examples(results, tmp_path_factory):
    """4,096 training examples of mnli in several orders of their own: as many random samples."""
    folder = tmp_path_factory.mktemp("many")
    argv = ["task", "mnli", "--seed", 0, "--train", 4096, "--dev", 60]
    argv += ["--output-train", folder / "train.parquet", "--output-dev", folder / "dev.parquet"]
    make_language.main(list(map(str, argv)))
    argv = [
        "--train",
        folder / "train.parquet",
        "--dev",
        folder / "dev.parquet",
        "--max-length",
        64,
    ]
    argv += ["--text", "sentence1", "sentence2", "--label", "label"]
    argv += ["--tokenizer", results / "language/tokenizer"]
    argv += ["--output-train", folder / "train.parquet", "--output-dev", folder / "dev.parquet"]
    prepare_task.main(list(map(str, argv)))
    table, facts = tokenised.read(folder / "train.parquet")
    orders = [folder / f"{seed}.parquet" for seed in range(10)]
    for seed, path in enumerate(orders):
        order = np.random.default_rng(seed).permutation(len(table))
        tokenised.write(table.take(order), facts, path)
    return orders


def test_stopped_losses_lie_within_their_stated_errors(results, many_examples, tmp_path):
    """95 % intervals hold the loss over all examples at about 95 % of points.

    Over several orders: all points of one surface see the same examples, so they err together.
    """

    def losses(path, **options):
        evaluated(results, tmp_path, train=path, **options)
        table, _ = surface.read(tmp_path / "0_of_1.parquet")
        return table

    whole = losses(many_examples[0])
    held, used = [], []
    for path in many_examples:
        stopped = losses(path, tolerance=0.05)
        grid = stopped["landmark"].isna()
        assert (stopped["train_n"][~grid] == 4096).all()
        np.testing.assert_allclose(
            stopped["train_loss"][~grid], whole["train_loss"][~grid], rtol=1e-5
        )
        stopped, all_examples = stopped[grid], whole[grid]
        assert (stopped["train_loss_se"] < 0.05 * stopped["train_loss"]).all()
        assert (stopped["dev_error"] == all_examples["dev_error"]).all()
        away = (stopped["train_loss"] - all_examples["train_loss"]).abs()
        held.append((away < 1.96 * stopped["train_loss_se"]).mean())
        used.append(stopped["train_n"].mean() / 4096)
    assert 0.9 <= np.mean(held) <= 0.99
    assert np.mean(used) < 0.3
