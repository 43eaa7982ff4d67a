"""Where a surface in bfloat16 cannot be trusted is said, and only there."""

import math

import pandas as pd
import pytest
from landscape import surface


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
