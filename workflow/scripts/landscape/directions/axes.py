"""The kinds of axes that a plane may have, and how each becomes a direction.

δ1 of a run itself is none of them: it is kept by its two ends, so that both are met exactly.
"""

import numpy as np
from landscape.models import classifiers
from landscape.models.vectors import Vector, same_tensors
from landscape.words import PARTNER, RANDOM


def of_another_run(path, end):
    """The direction of another run, as it is: a plane scales it to its own δ1."""
    return Vector(path)


class FilterNormalised(Vector):
    """Random draws, each filter (a row of a matrix) as long as the same filter of θ1.

    So the unit of the axis is the size of the weights (Li et al. 2018, Section 4).
    """

    def __init__(self, path, end):
        super().__init__(path)
        self.end = Vector(end, classifiers.ENCODER)
        same_tensors(self.end, self)

    def __getitem__(self, name):
        draws = super().__getitem__(name)
        if draws.ndim < 2:  # biases and what normalises stay: zero
            return draws
        axes = tuple(range(1, draws.ndim))
        norms = [np.sqrt(np.sum(np.square(of), axes)) for of in (self.end[name], draws)]
        return draws * (norms[0] / norms[1]).reshape(-1, *[1] * (draws.ndim - 1))


KINDS = {PARTNER: of_another_run, RANDOM: FilterNormalised}


def direction(kind, path, end):
    """A direction by its kind: a `Vector`, or what gives tensors by name as one does.

    path: its file; end: the checkpoint that holds θ1. Raises InputError where they do not fit.
    """
    return KINDS[kind](path, end)
