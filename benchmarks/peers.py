"""Today's tools for loss landscapes, as their documentation uses them; all give the same losses.

Each gets a model of one input and a loader of (inputs, labels): as a loader over tensors has them,
all padded to `LONGEST`, or with batches sorted by length, each padded to its own longest.
"""

import contextlib
import importlib.util
import io
import sys
import tempfile
import types

import torch
from case import LONGEST
from landscape.data.examples import Examples
from landscape.surfaces import plane
from landscape.words import OWN
from others import BATCH, tensors
from torch.nn.functional import cross_entropy


class OfOneInput(torch.nn.Module):
    """A classifier that takes ids, mask and types as one tensor: examples × 3 × tokens."""

    names = "input_ids", "attention_mask", "token_type_ids"

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, inputs):
        return self.model(**dict(zip(self.names, inputs.unbind(1)))).logits


def loader(examples, by_length):
    """[(inputs, labels)] of `BATCH` examples."""
    order = examples.by_length() if by_length else range(len(examples))
    batches = []
    for i in range(0, len(examples), BATCH):
        chosen = list(order[i : i + BATCH])
        width = int(examples.lengths[chosen].max()) if by_length else LONGEST
        inputs = tensors(examples, chosen, width)
        stacked = torch.stack([inputs[name] for name in OfOneInput.names], 1)
        batches.append((stacked, examples.labels[chosen]))
    return batches


def at(case, alpha):
    """The model of one input on the line from θ0 to θ1."""
    model = case.model()
    plane.Plane(model, case.start, case.end, [(OWN, None)]).place(alpha, 0.0)
    return OfOneInput(model)


def quietly(call):
    """A function that calls another without what it prints."""

    def measure():
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return list(call())

    return measure


def loss_landscape_3d(case, points, by_length):
    """`calculate_1d_path` between the state dicts of the first and the last point."""
    from loss_landscape_3d import LossLandscapeCalculator

    first, last = (at(case, alpha) for alpha, _ in (points[0], points[-1]))
    batches = loader(Examples(case.examples), by_length)
    calculator = LossLandscapeCalculator(at(case, 0.0), batches, cross_entropy)
    shares = torch.linspace(0, 1, len(points)).tolist()
    ends = first.state_dict(), last.state_dict()
    return quietly(lambda: calculator.calculate_1d_path(shares, *ends))


def losscape(case, points, by_length):
    """`create_2D_losscape` along δ1 from θ0."""
    import matplotlib
    from losscape.create_landscape import create_2D_losscape

    matplotlib.use("Agg")
    start, end = at(case, 0.0), at(case, 1.0)
    direction = [b.data - a.data for a, b in zip(start.parameters(), end.parameters())]
    batches, folder = loader(Examples(case.examples), by_length), tempfile.mkdtemp()
    kept = [parameter.data for parameter in start.parameters()]

    def call():
        for parameter, value in zip(start.parameters(), kept):
            parameter.data = value  # the package leaves the model at its last point
        _, losses = create_2D_losscape(
            start,
            batches,
            direction=[direction],
            num_batches=len(batches),
            save_only=True,
            output_path=folder,
            x_min=points[0][0],
            x_max=points[-1][0],
            num_points=len(points),
        )
        return losses

    return quietly(call)


def landscaper(case, points, by_length):
    """`compute_loss_landscape` along a line that ends in the last point, which alone is ours.

    It scales directions in its own way. Of the package this module alone is loaded: its topology
    needs a numpy of its own.
    """
    if "landscaper" not in sys.modules:
        found = importlib.util.find_spec("landscaper")
        sys.modules["landscaper"] = package = types.ModuleType("landscaper")
        package.__path__ = found.submodule_search_locations
    from landscaper.compute import compute_loss_landscape

    model, batches = at(case, points[-1][0]), loader(Examples(case.examples), by_length)
    start = at(case, 0.0)
    direction = [b.data - a.data for a, b in zip(start.parameters(), model.parameters())]

    def loss(model, batches):
        sums = [cross_entropy(model(x), y, reduction="sum") for x, y in batches]
        return (sum(sums) / sum(len(y) for _, y in batches)).item()

    def call():
        losses, _ = compute_loss_landscape(
            model, batches, [direction], loss, steps=len(points), dim=1, device="cpu"
        )
        return losses

    return quietly(call)


PEERS = {
    "loss-landscape-3d": loss_landscape_3d,
    "Landscaper": landscaper,
    "losscape": losscape,
}
