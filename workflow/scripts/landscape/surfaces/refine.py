"""Planes that are measured more finely where it tells: which points, and what stands at the rest.

Level 0 is the grid. Each further level halves the step of the lattice before it and measures some
of its points: a set number, so that the cost is known before. Those of all levels lie on the last
lattice, on which the rest is filled by linear interpolation, level by level. Arrays are (n, n), α
first; guess: the loss of guessing, ln(classes).
"""

import math

import numpy as np
import pandas as pd
from landscape.surfaces import plane, surface

# times the loss of guessing: the edge of a basin, and the top of figures' scales. Blow-up beyond
# tells nothing, and what is drawn beside the basin less than what lies in it
CUTS = (1.0, 2.0)
RIM = 0.05  # times the loss of guessing: who lies no further from it may lie on either side
HIGHEST = 4.0  # times the loss of guessing: what lies above is filled in as that, as it is drawn


def loss_of_guessing(table):
    """ln(classes) of a surface's task."""
    return math.log(table.filter(regex=r"^train_predicted_\d+$").shape[1])


def axis(low, high, points, level):
    """The coordinates of a level's lattice; those of the level before are every other one."""
    return np.array(plane.grid(low, high, (points - 1) * 2**level + 1))


def next_points(table, settings, level, number, landmarks):
    """The points that a level measures: [(alpha, beta)], by α then β.

    table: the surface so far, of all levels before; settings: its provenance's, for `range` and
    `points`; landmarks: [(alpha, beta, …)], whose cells come first, then what promises most. A
    function of these alone: of equals the first by their position.
    """
    guess = loss_of_guessing(table)
    coordinates = axis(*settings["range"], settings["points"], level)
    losses, measured = placed(table, "train_loss", coordinates)
    losses = np.minimum(np.where(np.isnan(losses), np.inf, losses), max(CUTS) * guess)
    known, wanted = filled(losses, measured, level), np.zeros(losses.shape)
    for step in (2**further for further in range(level)):
        # a point of a wider lattice changes a wider part of the plane
        promised = step * promise(known[:: 2 * step, :: 2 * step], guess)
        wanted[::step, ::step] = np.maximum(wanted[::step, ::step], promised)
    for alpha, beta, *_ in landmarks:
        wanted[np.ix_(around(coordinates, alpha), around(coordinates, beta))] = np.inf
    wanted[measured] = -1.0
    first = np.sort(np.argsort(-wanted, axis=None, kind="stable")[:number])
    alpha, beta = (coordinates[at].tolist() for at in np.unravel_index(first, wanted.shape))
    return list(zip(alpha, beta))


def promise(losses, guess):
    """How much a finer lattice is expected to tell at its new points, else 0: (2n − 1, 2n − 1).

    What interpolation is expected to miss of the loss cut off at each of `CUTS`, as a share of the
    cut, and beside the loss of guessing that a point may lie on either side: most at that loss,
    nothing at `RIM`. In units of that loss.
    """
    missed = sum(expected_miss(np.minimum(losses / guess, cut)) / cut for cut in CUTS)
    promised = missed + np.maximum(RIM - np.abs(doubled(losses) / guess - 1), 0) / 2
    promised[::2, ::2] = 0
    return promised


def expected_miss(values):
    """By how much a linear interpolation errs at the points of a finer lattice: (2n − 1, 2n − 1).

    A parabola lies an eighth of its second difference off the middle between two points. Taken is
    the mean of those at both; at the middle of a cell both directions add up. n: 3 or more.
    """
    alpha, beta = (bend(values, along) / 8 for along in (0, 1))
    alpha = (alpha[1:] + alpha[:-1]) / 2
    beta = (beta[:, 1:] + beta[:, :-1]) / 2
    miss = np.zeros([2 * n - 1 for n in values.shape])
    miss[1::2, ::2], miss[::2, 1::2] = alpha, beta
    miss[1::2, 1::2] = (alpha[:, 1:] + alpha[:, :-1] + beta[1:] + beta[:-1]) / 2
    return miss


def bend(values, along):
    """Second differences without their sign, at the edges those of the neighbour: (n, n)."""
    ends = [(int(axis == along),) * 2 for axis in (0, 1)]
    return np.pad(np.abs(np.diff(values, 2, axis=along)), ends, mode="edge")


def around(coordinates, place):
    """(n,): which coordinates lie in the cells of the lattice before that hold a place, if any."""
    before = coordinates[::2]
    low, high = np.searchsorted(before, place, "left"), np.searchsorted(before, place, "right")
    index = np.arange(len(coordinates))
    within = before[0] <= place <= before[-1]
    return within & (index >= 2 * low - 2) & (index <= 2 * high)


def doubled(values):
    """On a lattice of half the step, linear between its points: (2n − 1, 2n − 1)."""
    finer = np.empty([2 * n - 1 for n in values.shape])
    finer[::2, ::2] = values
    finer[1::2, ::2] = (values[1:] + values[:-1]) / 2
    finer[:, 1::2] = (finer[:, 2::2] + finer[:, :-1:2]) / 2
    return finer


def filled(values, measured, level):
    """What was measured, and linear from the lattice before where nothing was: (n, n).

    measured: (n, n), whether; all is at the points of the grid. level: of the lattice.
    """
    known = values[:: 2**level, :: 2**level]
    for step in (2**further for further in reversed(range(level))):
        there = measured[::step, ::step]
        known = np.where(there, values[::step, ::step], doubled(known))
    return known


def placed(table, column, coordinates):
    """A column of a surface's grid on the lattice of these coordinates, and where it has points.

    (values, measured), both (n, n); values are NaN where it has none.
    """
    grid = table[table["landmark"].isna()]
    place = tuple(np.searchsorted(coordinates, grid[of]) for of in ("alpha", "beta"))
    values = np.full((len(coordinates),) * 2, np.nan)
    measured = np.zeros(values.shape, bool)
    values[place], measured[place] = grid[column], True
    return values, measured


def whole(table, settings, levels):
    """A surface with all points of its finest lattice; `filled` where nothing was measured.

    What is filled in has the measures alone. Beside what is NaN or infinite it is NaN, as nothing
    is drawn there either; a loss above `HIGHEST` counts as that, as in figures: linear up to a loss
    of 1e6, a basin would seem to end at its last point.
    """
    coordinates = axis(*settings["range"], settings["points"], levels)
    highest = {"train_loss": HIGHEST * loss_of_guessing(table)}
    columns = {}
    for measure in settings["measures"]:
        values, measured = placed(table, measure, coordinates)
        values = np.where(np.isfinite(values), values, np.nan)
        values = np.minimum(values, highest.get(measure, np.inf))
        columns[measure] = filled(values, measured, levels)[~measured]
    alpha, beta = np.nonzero(~measured)
    same = table.loc[table["landmark"].isna(), ["arm", "task", "seed", "plane", "dtype"]].iloc[0]
    rest = pd.DataFrame({"alpha": coordinates[alpha], "beta": coordinates[beta], **columns})
    rest = rest.assign(**same, landmark=None)
    both = pd.concat([table.assign(filled=False), rest.assign(filled=True)], ignore_index=True)
    return surface.in_order(both[[*table, "filled"]])
