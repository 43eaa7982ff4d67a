"""95 % intervals as (value, low, high), and arithmetic with them.

Not scipy's `t.interval`, which is NaN where all values are equal.
"""

import numpy as np
from scipy.stats import t

Z = 1.959964  # of 95 %


def with_error(value, error):
    return value, value - Z * error, value + Z * error


def wilson(share, n):
    """The 95 % interval of a binomial share (Wilson 1927): stays within 0 and 1.

    Not scipy's, which is of a count: the mean share of several seeds is none.
    """
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return centre - half, centre + half


def minus(a, b):
    """a − b of two independent (value, low, high) (Zou and Donner 2008: keeps skewed bounds)."""
    difference = a[0] - b[0]
    low = difference - np.hypot(a[0] - a[1], b[2] - b[0])
    high = difference + np.hypot(a[2] - a[0], b[0] - b[1])
    return difference, low, high


def of_mean(values):
    """The t interval of the mean of two values or more."""
    values = np.asarray(values, float)
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    mean = values.mean()
    return mean, mean - half, mean + half


def jackknife(value, replicates):
    """The interval of any statistic, from what it is without each of K groups of its examples.

    The delete-a-group jackknife (Tukey 1958; Shao and Tu 1995): its variance is
    (K − 1)/K Σ(θ_i − θ̄)², too large rather than too small in the mean (Efron and Stein 1981), and t
    has K − 1 degrees of freedom. For a statistic that jumps, it is rough.

    replicates: (sets, K), a row for each of the independent sets of examples that the value comes
    from; their variances add up.
    """
    replicates = np.asarray(replicates, float)
    groups = replicates.shape[1]
    half = t.ppf(0.975, groups - 1) * np.sqrt((groups - 1) * replicates.var(axis=1).sum())
    return value, value - half, value + half
