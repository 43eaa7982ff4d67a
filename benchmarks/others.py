"""The same losses as the public tools and a plain loop get them."""

import torch
from case import LONGEST
from landscape.data.examples import Examples
from landscape.surfaces import plane
from landscape.words import OWN
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy

BATCH = 32  # examples; larger ones are slower on a CPU


def tensors(examples, chosen, width):
    """Examples in their own order, padded to a width, always with a mask."""
    batch = examples.batch(chosen, "cpu")
    short = width - batch["input_ids"].shape[1]
    batch.setdefault("attention_mask", torch.ones_like(batch["input_ids"]))
    return {name: torch.nn.functional.pad(value, (0, short)) for name, value in batch.items()}


def in_order(examples, width=None):
    """[(inputs, labels)] of `BATCH`, padded to `width`, or each to its longest."""
    for i in range(0, len(examples), BATCH):
        chosen = list(range(i, min(i + BATCH, len(examples))))
        longest = int(examples.lengths[chosen].max())
        yield tensors(examples, chosen, width or longest), examples.labels[chosen]


@torch.inference_mode()
def mean_loss(model, batches):
    losses = [
        cross_entropy(model(**inputs).logits, labels, reduction="none")
        for inputs, labels in batches
    ]
    return torch.cat(losses).mean().item()


def loss_landscapes(case, points):
    """The package `loss-landscapes`: steps of the line from θ0 to θ1, all padded to 128."""
    import loss_landscapes
    from loss_landscapes.metrics.metric import Metric

    batches = list(in_order(Examples(case.examples), width=LONGEST))

    class Loss(Metric):
        def __call__(self, wrapper):
            return mean_loss(wrapper.modules[0], batches)

    end, start = case.model(), case.model()
    plane.Plane(start, case.start, case.end, [(OWN, None)]).place(0.0, 0.0)
    kept = {name: value.clone() for name, value in start.state_dict().items()}

    def measure():
        start.load_state_dict(kept)  # the package leaves the model at its last point
        return list(loss_landscapes.linear_interpolation(start, end, Loss(), len(points)))

    return measure


def plain_loop(case, points):
    """A new state dict at each point, batches in their order padded to their longest."""
    model, examples = case.model(), Examples(case.examples)
    batches = list(in_order(examples))
    start, second = load_file(case.start), load_file(case.second)
    end = {name.removeprefix("encoder."): value for name, value in load_file(case.end).items()}
    first = {name: end[name] - value for name, value in start.items()}

    def measure():
        losses = []
        for alpha, beta in points:
            theta = {n: start[n] + alpha * first[n] + beta * second[n] for n in start}
            model.base_model.load_state_dict(theta)
            losses.append(mean_loss(model, batches))
        return losses

    return measure
