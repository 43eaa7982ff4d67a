"""Surfaces in 3D: what lies above the scale, what is not finite, where the epochs are, in words."""

import numpy as np
import pandas as pd
import pytest
from landscape.figures import scales, scenes

GRID = np.linspace(-1, 2, 7)


def bowl(spoil=None):
    """Losses (α − 1)² + β² with start and end; `spoil`: {(α, β): value}."""
    points = [(alpha, beta, "") for alpha in GRID for beta in GRID]
    points += [(0.0, 0.0, "start"), (1.0, 0.0, "end")]
    table = pd.DataFrame(points, columns=["alpha", "beta", "landmark"])
    table["train_loss"] = (table["alpha"] - 1) ** 2 + table["beta"] ** 2
    for (alpha, beta), value in (spoil or {}).items():
        there = (table["alpha"] == alpha) & (table["beta"] == beta) & (table["landmark"] == "")
        table.loc[there, "train_loss"] = value
    table.attrs["source"] = "a bowl"
    return table.assign(classes=2)


def drawn(points, epochs=None):
    """The traces of a scene, by kind or name."""
    scale = scales.loss_scale(points, "viridis", 2.0)
    figure = scenes.scene(points, "train_loss", scale, "viridis", epochs)
    assert figure.layout.scene.zaxis.range == (0, pytest.approx(2 * np.log(2)))
    return {trace.name or trace.type: trace for trace in figure.data}, figure


def test_heights_are_the_measured_values_on_their_own_axes():
    surface = drawn(bowl())[0]["surface"]
    a, b = np.searchsorted(GRID, [1.0, 0.5])
    assert surface.z[b][a] == pytest.approx(0.25)  # rows are β
    assert surface.z[a][b] == pytest.approx(1.25)


def test_what_is_not_finite_is_a_gap_and_a_mark():
    traces, figure = drawn(bowl({(0.0, 0.5): np.nan, (2.0, 1.0): np.inf}))
    surface = np.asarray(traces["surface"].z)
    assert np.argwhere(np.isnan(surface)).tolist() == [[3, 2], [4, 6]]
    marks = {t.marker.symbol: t for t in figure.data[1:] if t.mode == "markers"}
    assert (*marks["x"].x, *marks["x"].y, *marks["x"].z) == (0.0, 0.5, 0.0)
    assert (*marks["cross"].x, *marks["cross"].y) == (2.0, 1.0)
    assert "NaN" in marks["x"].text[0] and "infinite" in marks["cross"].text[0]


def test_where_a_surface_was_measured_is_shown_if_it_was_filled_in_elsewhere():
    points = bowl({(0.0, 0.5): np.nan, (0.5, 0.5): np.nan, (1.0, 0.5): 9.0})
    assert "measured" not in drawn(points)[0]
    filled = (points["landmark"] == "") & (points["alpha"] >= 0.5) & (points["alpha"] != 1.0)
    points["filled"] = filled
    traces, figure = drawn(points)
    shown = traces["measured"]
    finite = points[~filled & (points["landmark"] == "") & (points["train_loss"] <= 2 * np.log(2))]
    assert set(zip(shown.x, shown.y)) == set(zip(finite["alpha"], finite["beta"]))
    assert (1.0, 0.5) not in set(zip(shown.x, shown.y))  # above the scale
    marks = [t for t in figure.data if t.name is None and t.type == "scatter3d"]
    assert [(*mark.x, *mark.y) for mark in marks] == [(0.0, 0.5)]  # what is filled in has no mark
    words = scenes.in_words(points, "train_loss")
    assert words.endswith(f"1 of {49 - filled.sum()} points are NaN or infinite")


def test_epochs_lie_on_the_plane_and_tell_their_own_loss():
    epochs = pd.DataFrame(
        {
            "epoch": [0, 1, 2],
            "alpha": [0.0, 0.6, 1.0],
            "beta": [0.0, -0.1, 0.0],
            "off_plane": [np.nan, 0.5, 0.0],
            "train_loss": [1.0, 0.9, 0.0],
            "plane_train_loss": [9.0, 0.17, 0.0],
        }
    )
    way = drawn(bowl(), epochs)[0]["epochs"]
    assert list(way.x) == [0.0, 0.6, 1.0] and list(way.y) == [0.0, -0.1, 0.0]
    assert list(way.z) == [pytest.approx(2 * np.log(2)), 0.17, 0.0]  # no higher than the scale
    assert "epoch 1: training loss 0.9, on the plane 0.17" in way.text[1] and "50%" in way.text[1]


def test_in_words():
    words = scenes.in_words(bowl({(0.0, 0.5): np.nan}), "train_loss")
    assert words.startswith("training loss: start 1, end 0, lowest of the grid 0 at α 1, β 0")
    assert words.endswith("1 of 49 points are NaN or infinite")


def test_a_surface_without_a_finite_point_is_drawn_and_told():
    points = bowl()
    points["train_loss"] = np.nan
    traces, _ = drawn(points)
    assert np.isnan(np.asarray(traces["surface"].z)).all()
    assert "49 of 49" in scenes.in_words(points, "train_loss")
