"""Arithmetic on safetensors files, tensor by tensor: a whole model is never in memory twice.

A vector is all tensors of one file whose names start with a prefix, seen as one long vector of
float32. Sums run in float64.
"""

from pathlib import Path

import numpy as np
from landscape.jobs.command import InputError
from landscape.jobs.tensor_files import opened, write

BLOCK = 1 << 20  # elements turned to float64 at a time


class Vector:
    """One safetensors file, read tensor by tensor.

    `prefix` chooses the tensors and is cut off their names (checkpoints: "encoder.").
    Raises InputError where the file is cut short or holds no such tensor.
    """

    def __init__(self, path, prefix=""):
        self.path, self.prefix = Path(path), prefix
        self.file = opened(path, "np")
        self.names = sorted(
            name.removeprefix(prefix) for name in self.file.keys() if name.startswith(prefix)
        )
        if not self.names:
            raise InputError(f"{path}: no tensor whose name starts with {prefix!r}")

    def __getitem__(self, name):
        return self.file.get_tensor(self.prefix + name)

    def shape(self, name):
        return tuple(self.file.get_slice(self.prefix + name).get_shape())


def same_tensors(*vectors):
    """Raise InputError unless all have the same names and shapes."""
    first, *others = vectors
    for other in others:
        if odd := set(first.names) ^ set(other.names):
            raise InputError(f"{other.path} and {first.path} differ: only one has {min(odd)}")
        for name in first.names:
            if first.shape(name) != other.shape(name):
                raise InputError(
                    f"{other.path}: tensor {name} has shape {other.shape(name)}, "
                    f"{first.path} has {first.shape(name)}"
                )


def write_difference(end, start, path):
    """Write δ = end − start (float32), one tensor at a time.

    Raises InputError for tensors that do not match or a δ that is not finite.
    """

    def difference(name):
        delta = end[name] - start[name]
        if not np.isfinite(delta).all():
            raise InputError(f"{end.path}: tensor {name} is not finite; no direction from it")
        return delta

    same_tensors(start, end)
    write(path, {name: start.shape(name) for name in start.names}, difference)


def dot(a, b):
    """⟨a, b⟩ of two arrays of one shape, summed in float64."""
    a, b = a.reshape(-1), b.reshape(-1)
    return float(
        sum(
            np.dot(a[i : i + BLOCK].astype(np.float64), b[i : i + BLOCK].astype(np.float64))
            for i in range(0, len(a), BLOCK)
        )
    )


def squared_norms(vector):
    """{tensor name: squared Euclidean norm}."""
    return {name: dot(tensor := vector[name], tensor) for name in vector.names}
