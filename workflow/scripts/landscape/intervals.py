"""95 % intervals as (value, low, high), and arithmetic with them."""

import numpy as np

Z = 1.959964  # of 95 %
NONE = float("nan")


def with_error(value, error):
    return value, value - Z * error, value + Z * error


def wilson(share, n):
    """The 95 % interval of a binomial share (Wilson 1927): stays within 0 and 1."""
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return centre - half, centre + half


def minus(a, b):
    """a − b of two independent (value, low, high) (Zou and Donner 2008: keeps skewed bounds)."""
    difference = a[0] - b[0]
    low = difference - np.hypot(a[0] - a[1], b[2] - b[0])
    high = difference + np.hypot(a[2] - a[0], b[0] - b[1])
    return difference, low, high


def scaled(values, factor):
    return tuple(factor * value for value in values)
