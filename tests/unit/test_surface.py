"""What a row of a surface holds; where a surface in bfloat16 cannot be trusted."""

import math

import numpy as np
import pandas as pd
import pytest
from landscape.surfaces import folds, surface


def test_a_row_holds_what_measures_use_without_each_fold():
    """The training loss and the dev error, each under its own fold's name."""
    measured = {"loss": 1.0, "error": 0.5, "n": 20, "predicted": [15, 5]}
    measured |= {"loss_without": [*range(20)], "error_without": [*range(20, 40)]}
    row = surface.row(0.0, 1.0, None, "float32", train=measured, dev=measured)
    assert [row[name] for name in folds.columns("train")] == [*range(20)]
    assert [row[name] for name in folds.columns("dev")] == [*range(20, 40)]
    assert row["train_predicted_1"] == 5 and row["dev_loss"] == 1.0
    assert len(row) == 4 + 2 * (3 + 2) + 2 * 20


def test_there_are_twenty_folds_each_under_a_name_of_its_own():
    assert folds.columns("train") == [f"train_loss_without_{fold}" for fold in range(20)]
    assert folds.columns("dev") == [f"dev_error_without_{fold}" for fold in range(20)]


ROWS = [
    (0.0, 0.0, "start", "bfloat16"),
    (0.0, 0.0, "start", "float32"),
    (1.0, 0.0, "end", "bfloat16"),
    (1.0, 0.0, "end", "float32"),
    (-1.0, -2.0, None, "bfloat16"),
    (-1.0, 2.0, None, "bfloat16"),
    (0.0, 0.0, None, "bfloat16"),
    (10.0, -2.0, None, "bfloat16"),
]


@pytest.mark.parametrize("seed", range(5))
def test_landmarks_come_first_then_the_grid_by_alpha_and_beta(seed):
    """Whatever the order of the chunks; as text, 10 would come before 2."""
    names = ["alpha", "beta", "landmark", "dtype"]
    shuffled = np.random.default_rng(seed).permutation(len(ROWS))
    table = surface.in_order(pd.DataFrame([ROWS[i] for i in shuffled], columns=names))
    assert list(table) == names and list(table.index) == [*range(len(ROWS))]
    got = [tuple(row) for row in table.astype(object).where(table.notna(), None).to_numpy()]
    assert got == ROWS


def landmarks(float32, bfloat16, se=0.01):
    """A surface of one landmark in both dtypes, and a point of the grid that is far off."""
    rows = [("end", "float32", float32), ("end", "bfloat16", bfloat16), (None, "bfloat16", 9.0)]
    table = pd.DataFrame(rows, columns=["landmark", "dtype", "train_loss"])
    return table.assign(train_loss_se=se, dev_error=0.25, dev_error_se=0.02)


@pytest.mark.parametrize(
    "float32, bfloat16, said",
    [
        pytest.param(0.5, 0.509, False, id="within a standard error"),
        pytest.param(0.5, 0.511, True, id="beyond it"),
        pytest.param(0.5, 0.489, True, id="below"),
        pytest.param(0.5, math.nan, True, id="only bfloat16 overflows"),
        pytest.param(math.nan, math.nan, False, id="both overflow"),
    ],
)
def test_a_landmark_that_bfloat16_moves_is_named(float32, bfloat16, said):
    lines = surface.disagreements(landmarks(float32, bfloat16))
    assert len(lines) == said
    assert all("end" in line and "train_loss" in line and "float32" in line for line in lines)


def test_a_surface_in_float32_has_nothing_to_disagree():
    table = landmarks(0.5, 0.9)
    assert surface.disagreements(table[table["dtype"] == "float32"]) == []
