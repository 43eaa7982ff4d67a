"""Planes through parameter space, and putting θ(α, β) into a model."""

import torch

from . import models
from .command import InputError
from .vectors import Vector


def load(path, prefix, names, like):
    """Tensors `names` of one file as float32 on the device of `like`, in order.

    Raises InputError for a missing tensor, another shape or values that are not finite.
    """
    vector, tensors = Vector(path, prefix), []
    held = set(vector.names)
    for name, model_tensor in zip(names, like):
        if name not in held:
            raise InputError(f"{path}: tensor {name} of the model is missing")
        if vector.shape(name) != tuple(model_tensor.shape):
            raise InputError(
                f"{path}: tensor {name} has shape {list(vector.shape(name))}, "
                f"the model needs {list(model_tensor.shape)}"
            )
        tensor = torch.from_numpy(vector[name]).to(model_tensor.device, torch.float32)
        if not tensor.isfinite().all():
            raise InputError(f"{path}: tensor {name} is not finite")
        tensors.append(tensor)
    return tensors


def norm(tensors):
    """Euclidean norm of a list of tensors seen as one vector, summed in float64."""
    return sum(float(t.double().square().sum()) for t in tensors) ** 0.5


class Plane:
    """The plane through θ0 and θ1, and along δ2, of what may move.

    full:        θ(α, β) = θ0 + αδ1 + βδ2          (Eq. 2)
    layer group: θ(α, β) = θ1 + αδ1^G + βδ2^G      (Section 7); everything outside the group is θ1

    with δ1 = θ1 − θ0 and δ2 re-scaled to ‖δ1‖ over what moves. The line through θ0 and θ1 is
    kept by its two ends, not by δ1, so that both are met exactly in floating point: (0, 0) and
    (1, 0) of a full plane are θ0 and θ1, (−1, 0) and (0, 0) of a group θ0 and θ1.

    model: classifier that holds θ1 and its head; start: file of θ0; second: file of another
    direction δ2, or None for a curve (then β must be 0); layers: (first, last) of a group.
    Raises InputError for files that do not fit the model.
    """

    def __init__(self, model, start, second=None, layers=None):
        encoder = {
            name.removeprefix(models.ENCODER): parameter.data
            for name, parameter in models.parameters(model).items()
            if name.startswith(models.ENCODER)
        }
        names = list(encoder) if layers is None else models.names_of_layers(encoder, *layers)
        self.moving = [encoder[name] for name in names]
        self.start = load(start, "", names, self.moving)
        self.end = [tensor.clone() for tensor in self.moving]
        self.start_at = 0.0 if layers is None else -1.0  # α of θ0; θ1 lies one further
        self.second = None
        if second is not None:
            self.second = load(second, "", names, self.moving)
            length = norm([e - s for e, s in zip(self.end, self.start)])
            if (other := norm(self.second)) == 0:
                raise InputError(f"{second}: the direction is zero where the plane moves")
            torch._foreach_mul_(self.second, length / other)

    @torch.no_grad()
    def place(self, alpha, beta):
        """Write θ(α, β) into the model: always from the ends, so that nothing drifts."""
        torch._foreach_copy_(self.moving, self.start)
        torch._foreach_lerp_(self.moving, self.end, alpha - self.start_at)
        if beta:
            torch._foreach_add_(self.moving, self.second, alpha=beta)


def grid(low, high, points):
    """`points` evenly spaced values, both ends included, as exact decimals where they are such."""
    step = (high - low) / (points - 1)
    return [round(low + i * step, 12) for i in range(points)]


def points(kind, axis):
    """All points of a plane: [(alpha, beta, landmark or None)], landmarks first.

    kind: "curve" (β = 0), "full" or a layer group; axis: the values of each coordinate.
    """
    if kind in ("curve", "full"):
        landmarks = [(0.0, 0.0, "start"), (1.0, 0.0, "end")]
    else:
        landmarks = [(0.0, 0.0, "end"), (-1.0, 0.0, "rollback")]
    second = [0.0] if kind == "curve" else axis
    return landmarks + [(alpha, beta, None) for alpha in axis for beta in second]
