"""What a row of a surface holds; where a surface in bfloat16 cannot be trusted."""

import math

import pandas as pd
import pytest
from landscape.surfaces import folds, surface


def test_a_row_holds_what_measures_use_without_each_fold():
    """The training loss and the dev error, each under its own fold's name."""
    measured = {"loss": 1.0, "error": 0.5, "n": 20, "predicted": [15, 5]}
    measured |= {"loss_without": [*range(10)], "error_without": [*range(10, 20)]}
    row = surface.row(0.0, 1.0, None, "float32", train=measured, dev=measured)
    assert [row[name] for name in folds.columns("train")] == [*range(10)]
    assert [row[name] for name in folds.columns("dev")] == [*range(10, 20)]
    assert row["train_predicted_1"] == 5 and row["dev_loss"] == 1.0
    assert len(row) == 4 + 2 * (3 + 2) + 2 * 10


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
