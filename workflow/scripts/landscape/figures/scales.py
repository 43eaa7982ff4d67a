"""Bands of colour for losses and errors, shared by the panels that a reader compares."""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from landscape.figures import style
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.ticker import MaxNLocator


@dataclass(frozen=True)
class Scale:
    """Bands of colour, shared by the panels that a reader compares."""

    levels: np.ndarray
    colours: ListedColormap
    ticks: dict  # value: label
    extend: str  # "max" where values may lie above

    @property
    def top(self):
        return self.levels[-1]

    @property
    def norm(self):
        return BoundaryNorm(self.levels, self.colours.N)


def _colours(name, bands, extend):
    """A map's colours for the bands and, where values may lie above them, its last for those."""
    colours = list(mpl.colormaps[name](np.linspace(0, 1, bands + (extend == "max"))))
    return ListedColormap(colours[:bands]).with_extremes(over=colours[-1], bad=style.VERMILION)


def loss_scale(points, name, ceiling=style.CEILING):
    """Even bands from 0 to `ceiling` times ln(classes), the loss of an even guess.

    Losses explode far from the optimum. A scale up to the largest would hide the basin, and one
    for each surface would make wide and narrow basins look alike.
    """
    classes = points["classes"].iloc[0]
    guess = float(np.log(classes))
    top = ceiling * guess
    ticks = {0.0: "0", top: f"{top:.2g}", guess: f"{guess:.2g}\n(ln {classes})"}
    ticks = {loss: label for loss, label in ticks.items() if loss <= top}
    levels = np.linspace(0, top, style.BANDS + 1)
    return Scale(levels, _colours(name, style.BANDS, "max"), ticks, "max")


def error_scale(errors, name):
    """Round bands over all errors drawn: they are bounded, so that nothing lies above."""
    errors = np.asarray(errors, float)[np.isfinite(errors)]
    low, high = (errors.min(), errors.max()) if errors.size else (0, 1)
    high = max(high, low + 0.01)
    levels = MaxNLocator(style.BANDS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ticks = {x: f"{x:.2g}" for x in MaxNLocator(4).tick_values(low, high)}
    ticks = {x: label for x, label in ticks.items() if levels[0] <= x <= levels[-1]}
    return Scale(levels, _colours(name, len(levels) - 1, "neither"), ticks, "neither")
