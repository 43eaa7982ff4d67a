"""Where the epochs of a run lie relative to a plane: the paper's Eqs. 3–5 and the signed fit."""

import numpy as np
from landscape.models.vectors import dot, same_tensors


def parts(epochs, most=5):
    """The epochs that end equal parts of a training, so many parts as it has epochs, at most five.

    Where they do not divide the epochs, to the nearest whole one. The same path recorded more often
    is longer, so that only paths of as many parts compare.
    """
    number = min(most, epochs)
    return [round(part * epochs / number) for part in range(1, number + 1)]


def products(start, epochs, delta1, delta2, ends=()):
    """The dot products that all coordinates need, streaming tensor by tensor.

    start, epochs: Vectors of θ0 and of θ^1 … θ^T; delta1, delta2: Vectors of the directions.
    ends: the epochs, from 1, at which parts of the path end.
    Returns (axes, onto, norms, steps, legs): axes, the 2 × 2 Gram matrix of (δ1, δ2); onto, T × 2
    with ⟨δ^i, δ1⟩ and ⟨δ^i, δ2⟩; norms, T with ‖δ^i‖²; steps, T with ‖θ^i − θ^{i−1}‖² (θ^0 is θ0);
    legs, the same from one of the ends to the next.
    """
    same_tensors(start, delta1, delta2, *epochs)
    axes, onto = np.zeros((2, 2)), np.zeros((len(epochs), 2))
    norms, steps, legs = np.zeros(len(epochs)), np.zeros(len(epochs)), np.zeros(len(ends))
    for name in start.names:
        origin, one, two = start[name], delta1[name], delta2[name]
        axes += [[dot(one, one), dot(one, two)], [dot(one, two), dot(two, two)]]
        before = at_end = np.zeros_like(origin)
        for i, epoch in enumerate(epochs):
            delta = epoch[name] - origin
            onto[i] += dot(delta, one), dot(delta, two)
            norms[i] += dot(delta, delta)
            step = delta - before
            steps[i] += dot(step, step)
            before = delta
            if i + 1 in ends:
                leg = delta - at_end
                legs[ends.index(i + 1)] += dot(leg, leg)
                at_end = delta
    return axes, onto, norms, steps, legs


def project(axes, onto, norms):
    """Coordinates of each epoch. δ2 is re-scaled to ‖δ1‖ (Section 3.2), as in the plane.

    Returns a dict of arrays of length T:
    cos         v_cos, the cosine of δ^i and δ1 (Eq. 3; × is the dot product)
    eq4_alpha   ⟨δ^i, δ1⟩ / ‖δ1‖² (Eq. 4)
    eq5_beta    distance from the δ1 axis over ‖δ1‖ (Eq. 5: unsigned, does not use δ2)
    alpha, beta signed least-squares coordinates in span(δ1, δ2)
    off_plane   ‖δ^i − its projection on the plane‖ / ‖δ^i‖
    length      ‖δ^i‖ / ‖δ1‖
    """
    norm1, norm2 = np.sqrt(np.diag(axes))
    lengths = np.sqrt(norms)
    eq4 = onto[:, 0] / norm1**2
    eq5 = np.sqrt(np.maximum((lengths / norm1) ** 2 - eq4**2, 0.0))
    scale = np.array([1.0, norm1 / norm2])
    fit = np.linalg.lstsq(axes * np.outer(scale, scale), (onto * scale).T, rcond=None)[0].T
    inside = np.einsum("ti,ti->t", fit, onto * scale)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "cos": onto[:, 0] / (lengths * norm1),
            "eq4_alpha": eq4,
            "eq5_beta": eq5,
            "alpha": fit[:, 0],
            "beta": fit[:, 1],
            "off_plane": np.sqrt(np.maximum(norms - inside, 0.0) / norms),
            "length": lengths / norm1,
        }
