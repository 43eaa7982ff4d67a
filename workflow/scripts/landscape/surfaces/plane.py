"""Planes through parameter space, and putting θ(α, β) into a model."""

import torch
from landscape.jobs import tensor_files
from landscape.jobs.command import InputError
from landscape.models import classifiers


class Plane:
    """The plane through θ0 and θ1, and along δ2, of what may move.

    full:        θ(α, β) = θ0 + αδ1 + βδ2          (Eq. 2)
    layer group: θ(α, β) = θ1 + αδ1^G + βδ2^G      (Section 7); everything outside the group is θ1

    with δ1 = θ1 − θ0 and δ2 re-scaled to ‖δ1‖ over what moves. The line through θ0 and θ1 is
    kept by its two ends, not by δ1, so that both are met exactly in floating point: (0, 0) and
    (1, 0) of a full plane are θ0 and θ1, (−1, 0) and (0, 0) of a group θ0 and θ1.

    model: classifier that holds θ1 and its head; start, end: files of θ0 and θ1 (a checkpoint);
    second: file of another direction δ2, or None for a curve (then β must be 0); layers:
    (first, last) of a group. On a CPU the three stay memory-mapped, nothing is copied; on a GPU
    they and the model are four copies of what moves.
    Raises InputError for files that do not fit the model.
    """

    def __init__(self, model, start, end, second=None, layers=None):
        encoder = encoder_of(model)
        names = list(encoder) if layers is None else classifiers.names_of_layers(encoder, *layers)
        self.moving = [encoder[name] for name in names]
        self.start = load(start, "", names, self.moving)
        self.end = load(end, classifiers.ENCODER, names, self.moving)
        self.start_at = 0.0 if layers is None else -1.0  # α of θ0; θ1 lies one further
        self.second = None
        if second is not None:
            self.second = load(second, "", names, self.moving)
            if (other := norm(self.second)) == 0:
                raise InputError(f"{second}: the direction is zero where the plane moves")
            self.scale = norm(e - s for e, s in zip(self.end, self.start)) / other

    @torch.inference_mode()
    def place(self, alpha, beta):
        """Write θ(α, β) into the model: always from the ends, so that nothing drifts.

        Computed in float32 and rounded once, to what the model holds.
        """
        weight = alpha - self.start_at
        for i, parameter in enumerate(self.moving):
            # straight into the model's memory where it is float32 too
            target = parameter.data if parameter.dtype == torch.float32 else None
            theta = torch.lerp(self.start[i], self.end[i], weight, out=target)
            if beta:
                theta.add_(self.second[i], alpha=beta * self.scale)
            if target is None:
                parameter.data.copy_(theta)


class RandomPlane(Plane):
    """A control: θ(α, β) = θ1 + αd1 + βd2 with two random directions (Li et al. 2018, Section 4).

    Each filter of d (a row of a matrix) is as long as the same filter of θ1; biases and
    normalisations stay. So the unit of both axes is the size of the weights, whatever δ1 is.

    model, end: as of a `Plane`; seed: of the directions. They are held in memory.
    """

    def __init__(self, model, end, seed):
        matrices = {name: p for name, p in encoder_of(model).items() if p.ndim > 1}
        self.moving = list(matrices.values())
        self.end = load(end, classifiers.ENCODER, list(matrices), self.moving)
        generator = torch.Generator().manual_seed(seed)
        first, self.second = (
            [filter_normalised(theta, generator) for theta in self.end] for _ in range(2)
        )
        self.start = [theta - d for theta, d in zip(self.end, first)]
        self.start_at, self.scale = -1.0, 1.0


def filter_normalised(theta, generator):
    """A random tensor whose rows have the norms of those of `theta`."""
    random = torch.randn(theta.shape, generator=generator).to(theta.device)
    norms = [tensor.flatten(1).norm(dim=1) for tensor in (theta, random)]
    scale = norms[0] / norms[1]
    return random * scale.view(-1, *[1] * (theta.ndim - 1))


def encoder_of(model):
    """{name in the bare encoder: parameter}."""
    return {
        name.removeprefix(classifiers.ENCODER): parameter
        for name, parameter in classifiers.parameters(model).items()
        if name.startswith(classifiers.ENCODER)
    }


def load(path, prefix, names, like):
    """Tensors `names` of one file in float32 on the device of `like`, in order.

    Raises InputError for a missing tensor, another shape or values that are not finite.
    """
    checkpoint, loaded = tensor_files.opened(path, "pt"), []
    for name, parameter in zip(names, like):
        tensor = classifiers.fitting(checkpoint, path, prefix + name, parameter.shape)
        tensor = tensor.to(parameter.device, torch.float32)
        if not tensor.isfinite().all():
            raise InputError(f"{path}: tensor {prefix}{name} is not finite")
        loaded.append(tensor)
    return loaded


def norm(tensors):
    """Euclidean norm of tensors seen as one vector, summed in float64, a block at a time."""
    parts = (part for tensor in tensors for part in tensor.flatten().split(1 << 20))
    return sum(float(part.double().square().sum()) for part in parts) ** 0.5


def grid(low, high, points):
    """`points` evenly spaced values, both ends included, as exact decimals where they are such."""
    step = (high - low) / (points - 1)
    return [round(low + i * step, 12) for i in range(points)]


def points(kind, axis, dtype="float32"):
    """All points of a plane: [(alpha, beta, landmark or None, dtype)], landmarks first.

    kind: "curve" (β = 0), "full", "random" or a layer group; axis: the values of each coordinate.
    Landmarks are always in float32; where the grid is not, once more as the grid.
    """
    if kind in ("curve", "full"):
        places = [(0.0, 0.0, "start"), (1.0, 0.0, "end")]
    elif kind == "random":
        places = [(0.0, 0.0, "end")]
    else:
        places = [(0.0, 0.0, "end"), (-1.0, 0.0, "rollback")]
    second = [0.0] if kind == "curve" else axis
    grid = [(alpha, beta, None, dtype) for alpha in axis for beta in second]
    dtypes = dict.fromkeys(["float32", dtype])
    return [(*place, dtype) for dtype in dtypes for place in places] + grid
