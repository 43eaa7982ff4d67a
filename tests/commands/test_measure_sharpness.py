"""The sharpness of one run as a table: what is in it, and on what it depends."""

import json

import evaluate_surface
import helpers
import measure_sharpness
import numpy as np
import pytest
from landscape.jobs.parquet import read_frame
from landscape.models import classifiers
from landscape.surfaces import folds, surface
from safetensors.numpy import load_file, save_file

TOKENS = 100


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """θ0, θ1 and data of one tiny run."""
    folder = tmp_path_factory.mktemp("run")
    helpers.model_folder(folder / "s0")
    model = helpers.moved(classifiers.load_classifier(folder / "s0", 3), seed=1)
    classifiers.save_checkpoint(model, folder / "final.safetensors")
    helpers.write_split(folder / "train.parquet", [6, 9, 12, 7, 30, 5, 8, 8])
    return folder


def files(folder, end="final.safetensors"):
    return ["--start", folder / "s0", "--end", folder / end, "--train", folder / "train.parquet"]


def measured(folder, output, seed=3, draws=3, steps=2, **more):
    argv = [*files(folder, **more), "--labels", "scratch", "mine", seed, "--average", 0.1]
    argv += ["--worst", 0.01, "--draws", draws, "--steps", steps, "--batch-tokens", TOKENS]
    measure_sharpness.main([str(word) for word in [*argv, "--output", output]])
    return read_frame(output)


@pytest.fixture(scope="module")
def table(made):
    return measured(made, made / "table.parquet")


def test_the_table(table):
    names = ["arm", "task", "seed", "kind", "rho", "draw", "rise"]
    names += ["train_loss", "train_loss_se", "train_n", *folds.columns("train")]
    assert list(table.columns) == names
    assert (table[["arm", "task", "seed", "train_n"]] == ["scratch", "mine", 3, 8]).all(axis=None)
    kinds = [("end", 0.0, 0), *(("average", rho, i) for i in (1, 2, 3) for rho in (0.1, -0.1))]
    kinds += [("worst", 0.01, i) for i in (1, 2)]
    assert list(table[["kind", "rho", "draw"]].itertuples(index=False, name=None)) == kinds
    assert (table["rise"] == table["train_loss"] - table["train_loss"][0]).all()
    assert table["train_loss"].nunique() == len(table) and (table["train_loss_se"] > 0).all()
    assert (table["rise"][table["kind"] == "worst"] > 0).all()


def test_the_end_is_the_end_of_the_surfaces_exactly(made, table):
    argv = [*files(made), "--dev", made / "train.parquet", "--labels", "scratch", "mine", 3]
    curve = {"name": "curve", "axes": [["own"]], "range": [0, 1], "points": 2}
    argv += ["--plane", json.dumps(curve), "--batch-tokens", TOKENS]
    argv += ["--state", made / "state", "--output", made / "curve.parquet"]
    evaluate_surface.main(list(map(str, argv)))
    points, _ = surface.read(made / "curve.parquet")
    (end,) = points[points["landmark"] == "end"].to_dict("records")
    assert (table["train_loss"][0], table["train_loss_se"][0]) == (
        end["train_loss"],
        end["train_loss_se"],
    )


def test_the_same_bytes_again_and_other_draws_for_another_seed(made, table, tmp_path):
    measured(made, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (made / "table.parquet").read_bytes()
    other = measured(made, tmp_path / "other.parquet", seed=4)
    same = other["train_loss"] == table["train_loss"]
    assert (same == (table["kind"] != "average")).all()


def test_a_draw_does_not_depend_on_how_many_there_are(made, table, tmp_path):
    few = measured(made, tmp_path / "few.parquet", draws=1)
    assert few["train_loss"][1] == table["train_loss"][1]
    worst = few["kind"] == "worst"
    assert (
        few["train_loss"][worst].tolist() == table["train_loss"][table["kind"] == "worst"].tolist()
    )


def test_losses_that_are_not_finite_are_results(made, tmp_path, capsys):
    """As after a training that went astray; there is no way up then, and the log says so."""
    tensors = load_file(made / "final.safetensors")
    name = "encoder.embeddings.LayerNorm.weight"
    save_file(tensors | {name: np.full_like(tensors[name], 3e38)}, made / "astray.safetensors")
    table = measured(made, tmp_path / "table.parquet", end="astray.safetensors")
    assert table["kind"].tolist() == ["end", *["average"] * 6]
    assert table[["train_loss", "rise"]].isna().all(axis=None)
    assert "not finite" in capsys.readouterr().out
