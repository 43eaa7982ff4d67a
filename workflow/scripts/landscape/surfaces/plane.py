"""Planes through parameter space, and putting θ(α, β) into a model."""

import torch
from landscape.directions.axes import direction as direction_of
from landscape.jobs import tensor_files
from landscape.jobs.command import InputError
from landscape.models import classifiers
from landscape.surfaces.batches import filled
from landscape.words import OWN, PARTNER

PIECE = 16 << 20  # elements placed at once on a GPU: fewer cost launches, more its cache


class Plane:
    """The plane through an anchor, θ0 or θ1, along one axis or two, of what may move.

    all layers:  θ(α, β) = θ0 + αδ1 + βδ2          (Eq. 2)
    a group:     θ(α, β) = θ1 + αδ1^G + βδ2^G      (Section 7); everything outside the group is θ1

    with δ1 = θ1 − θ0 and δ2 re-scaled to ‖δ1‖ over what moves. The line through θ0 and θ1 is
    kept by its two ends, not by δ1, so that both are met exactly in floating point: (0, 0) and
    (1, 0) from θ0 are θ0 and θ1, (−1, 0) and (0, 0) from θ1 θ0 and θ1.

    model: classifier that holds θ1 and its head; start, end: files of θ0 and θ1 (a checkpoint);
    axes: (kind, file) of each: "own" is δ1 and has no file, "partner" the direction of another
    run, "random" draws, each filter of which is made as long as the same filter of θ1 (Li et al.
    2018, Section 4). Where the first axis is δ1 the second is re-scaled to it, else the axes keep
    their lengths. anchor: "start" or "end"; layers: (first, last) of a group. On a CPU files stay
    memory-mapped and nothing but random draws is copied; on a GPU what is loaded and the model are
    four copies of what moves.
    Raises InputError for files that do not fit the model.
    """

    def __init__(self, model, start, end, axes, anchor="start", layers=None):
        encoder = encoder_of(model)
        names = list(encoder) if layers is None else classifiers.names_of_layers(encoder, *layers)
        self.moving = [encoder[name] for name in names]
        ends = {"start": (start, ""), "end": (end, classifiers.ENCODER)}

        def of(place):
            return load(*ends[place], names, self.moving)

        def direction(kind, path):
            if kind == PARTNER:  # memory-mapped
                loaded = load(path, "", names, self.moving)
            else:
                loaded = computed(direction_of(kind, path, end), names, self.moving)
            lengths.append(norm(loaded))
            if lengths[-1] == 0:
                raise InputError(f"{path}: the direction is zero where the plane moves")
            return loaded

        lengths = []
        self.axes = [None if kind == OWN else direction(kind, path) for kind, path in axes]
        self.scale = 1.0
        if self.axes[0] is None:
            self.line = of("start"), of("end")
            self.start_at = 0.0 if anchor == "start" else -1.0  # α of θ0; θ1 lies one further
            if len(axes) > 1:
                self.scale = norm(e - s for s, e in zip(*self.line)) / lengths[-1]
        else:
            self.anchor = of(anchor)

    @torch.inference_mode()
    def place(self, alpha, beta):
        """Write θ(α, β) into the model: always from the files, so that nothing drifts.

        Computed in float32 and rounded once, to what the model holds.
        """
        if self.moving[0].is_cuda:
            return self._place_in_pieces(alpha, beta)
        for i, parameter in enumerate(self.moving):
            # straight into the model's memory where it is float32 too
            target = parameter.data if parameter.dtype == torch.float32 else None
            if self.axes[0] is None:
                start, end = self.line[0][i], self.line[1][i]
                theta = torch.lerp(start, end, alpha - self.start_at, out=target)
            else:
                theta = torch.add(self.anchor[i], self.axes[0][i], alpha=alpha, out=target)
            if beta:
                theta.add_(self.axes[1][i], alpha=beta * self.scale)
            if target is None:
                parameter.data.copy_(theta)

    def _place_in_pieces(self, alpha, beta):
        """The same bits as tensor by tensor, by few kernels."""
        targets = [parameter.data for parameter in self.moving]
        for piece in filled([target.numel() for target in targets], PIECE, padded=False):
            if self.axes[0] is None:
                start, end = (ends[piece] for ends in self.line)
                theta = torch._foreach_lerp(start, end, alpha - self.start_at)
            else:
                theta = torch._foreach_add(self.anchor[piece], self.axes[0][piece], alpha=alpha)
            if beta:
                torch._foreach_add_(theta, self.axes[1][piece], alpha=beta * self.scale)
            torch._foreach_copy_(targets[piece], theta)


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


def computed(vector, names, like):
    """As `load`, of a direction that is computed from its file."""
    return [torch.from_numpy(vector[name]).to(p.device) for name, p in zip(names, like)]


def norm(tensors):
    """Euclidean norm of tensors seen as one vector, summed in float64, a block at a time."""
    parts = (part for tensor in tensors for part in tensor.flatten().split(1 << 20))
    return sum(float(part.double().square().sum()) for part in parts) ** 0.5


def grid(low, high, points):
    """`points` evenly spaced values, both ends included, as exact decimals where they are such."""
    step = (high - low) / (points - 1)
    return [round(low + i * step, 12) for i in range(points)]


def landmarks(axes, anchor, group):
    """[(alpha, beta, name)] of the points of a plane that files of parameters define.

    axes: their kinds, in order; group: whether only a group of layers moves.
    """
    if axes[0] != OWN:
        return [(0.0, 0.0, anchor)]
    if anchor == "start":
        return [(0.0, 0.0, "start"), (1.0, 0.0, "end")]
    return [(0.0, 0.0, "end"), (-1.0, 0.0, "rollback" if group else "start")]


def points(places, values, axes, dtype="float32"):
    """All points of a plane: [(alpha, beta, landmark or None, dtype)], landmarks first.

    places: its `landmarks`; values: of each coordinate of the grid; axes: how many there are.
    Landmarks are always in float32; where the grid is not, once more as the grid.
    """
    second = values if axes == 2 else [0.0]
    grid = [(alpha, beta, None, dtype) for alpha in values for beta in second]
    dtypes = dict.fromkeys(["float32", dtype])
    return [(*place, dtype) for dtype in dtypes for place in places] + grid
