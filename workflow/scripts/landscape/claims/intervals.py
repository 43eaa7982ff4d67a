"""Estimates with 95 % intervals, from what varies: runs, and the examples they are measured on.

Functions of arrays alone. What is calibrated and why is told in docs/statistics.md.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control
from scipy.stats import t as student

Z = 1.959964  # of 95 %


@dataclass(frozen=True)
class Side:
    """What was measured of the runs of one arm.

    values: (k,), one a run.
    without: for each independent set of examples (k, F): the same without each of its F folds.
    """

    values: np.ndarray
    without: tuple = ()


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error, t's degrees of freedom and the runs of the smaller side.

    Of one run the error is that of the examples alone: it says nothing of other runs.
    """

    value: float = np.nan
    error: float = np.nan
    freedom: float = np.nan
    runs: int = 0

    @property
    def low(self):
        return self.value - self._half()

    @property
    def high(self):
        return self.value + self._half()

    def _half(self):
        return student.ppf(0.975, self.freedom) * self.error

    def p(self, bound=0.0):
        """Of both sides, that the value is so far from the bound where it is in truth at it."""
        return float(2 * student.sf(abs(self.value - bound) / self.error, self.freedom))


def welch(first, *other):
    """The mean of a `Side`, or the first's minus another's, over new runs and new examples.

    V = s1²/k1 + s0²/k0 + V_ex: the runs' variance of each side (not paired: what runs of a seed
    share is little), and that of the examples, which more runs do not lessen, since all are
    measured on the same. V_ex comes from leaving each fold out of all runs of both sides at once,
    so that what they share cancels: (F − 1)/F Σ(D₋f − D̄)² (the delete-a-group jackknife, Shao and
    Tu 1995). Degrees of freedom: Welch (1947) and Satterthwaite (1946).
    """
    sides = [(1, first), *((-1, side) for side in other)]
    value = float(sum(sign * side.values.mean() for sign, side in sides))
    parts = [
        (side.values.var(ddof=1) / k, k - 1) for _, side in sides if (k := len(side.values)) > 1
    ]
    for of_set in zip(*(side.without for _, side in sides)):
        left = sum(sign * folds.mean(axis=0) for (sign, _), folds in zip(sides, of_set))
        parts.append(((len(left) - 1) * left.var(), len(left) - 1))
    variance, runs = sum(part for part, _ in parts), min(len(side.values) for _, side in sides)
    if not variance > 0:  # all are alike, or nothing varied
        return Estimate(value, runs=runs)
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    if runs == 2 and len(sides) == 1:  # of two runs alone it is overrated: 7 % would be wrong
        freedom = min(freedom, 5.0)
    return Estimate(value, float(np.sqrt(variance)), float(freedom), runs)


def mean_without_each(contributions):
    """The mean of (n,) without each of its examples: (n,), n folds of one example."""
    n = len(contributions)
    return (contributions.sum() - contributions) / (n - 1)


def discoveries(p, rate=0.05):
    """Which of the tests hold up together: (n,) of bool for p-values (n,), NaN where not tested.

    Of those at most a share `rate` is wrong in the mean (Benjamini and Hochberg 1995).
    """
    p = np.asarray(p, float)
    found, tested = np.zeros(len(p), bool), ~np.isnan(p)
    if tested.any():
        found[tested] = false_discovery_control(p[tested]) <= rate
    return found


def wilson(share, n):
    """The 95 % interval of a binomial share (Wilson 1927): stays within 0 and 1.

    Not scipy's, which is of a count: the mean share of several seeds is none.
    """
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return centre - half, centre + half
