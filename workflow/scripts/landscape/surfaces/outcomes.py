"""What an evaluation gives for each example, whether that is known well enough, and its summary."""

import math
from typing import NamedTuple

import torch
from landscape.surfaces.folds import FOLDS
from torch.nn.functional import cross_entropy


class Outcome(NamedTuple):
    """Of a batch, on the device: loss, predicted class (−1: none), label and fold, each (n,)."""

    loss: torch.Tensor
    predicted: torch.Tensor
    label: torch.Tensor
    fold: torch.Tensor


def outcome(logits, label, fold):
    """The `Outcome` of a batch from its float32 logits (n × classes), labels and folds (n,).

    An example whose logits are not finite is predicted as no class.
    """
    finite = logits.isfinite().all(-1)
    predicted = torch.where(finite, logits.argmax(-1), -1)
    return Outcome(cross_entropy(logits, label, reduction="none"), predicted, label, fold)


def loss_known(tolerance, outcomes):
    """Whether the mean loss has a standard error below `tolerance` times itself."""
    loss = torch.cat([one.loss for one in outcomes]).double()
    return bool(loss.std() / math.sqrt(len(loss)) < tolerance * loss.mean())


def error_known(tolerance, outcomes):
    """Whether the error has a standard error below `tolerance`.

    With two wrong and two right ones more (Agresti and Coull 1998): none wrong is no certainty.
    """
    wrong = torch.cat([one.predicted != one.label for one in outcomes])
    n = len(wrong) + 4
    error = (wrong.sum().item() + 2) / n
    return error * (1 - error) / n < tolerance**2


KNOWN = {"loss": loss_known, "error": error_known}


def summary(outcomes, classes):
    """Mean loss and error with their standard errors; sums run in float64.

    An example of no predicted class counts as an error; a loss that is NaN or infinite stays so.

    Returns {loss, loss_se, error, error_se, n, predicted: [count of each class], loss_without,
    error_without: [over the examples outside each fold; NaN where there are none]}.
    """
    loss, predicted, label, fold = (torch.cat(column) for column in zip(*outcomes))
    loss, n, wrong = loss.double(), len(label), predicted != label
    counts = torch.bincount(predicted + 1, minlength=classes + 1)[1:]
    # summed anew for each fold: a NaN is gone only where its example is left out
    outside = fold != torch.arange(FOLDS, device=fold.device)[:, None]
    left = outside.sum(1).double()
    without = [torch.where(outside, values, 0.0).sum(1) / left for values in (loss, wrong.double())]
    numbers = torch.stack([loss.mean(), loss.var(correction=0), wrong.sum().double()])
    on_host = torch.cat([numbers, counts.double(), *without]).cpu()
    parts = on_host.split([len(numbers), classes, FOLDS, FOLDS])
    (mean, variance, wrong), counts, losses, errors = (part.tolist() for part in parts)
    error = wrong / n
    return {
        "loss": mean,
        "loss_se": math.sqrt(variance / n) if variance >= 0 else math.nan,
        "error": error,
        "error_se": math.sqrt(error * (1 - error) / n),
        "n": n,
        "predicted": [int(count) for count in counts],
        "loss_without": losses,
        "error_without": errors,
    }
