"""Loss and error of a classifier over fixed examples: the hot loop of every landscape."""

import math

import torch
from torch.nn.functional import cross_entropy


@torch.inference_mode()
def evaluate(model, batches, classes):
    """Mean loss and error over `batches` (of `batches.packed`), each with its standard error.

    The model must be in eval mode. Softmax and loss run in float32, sums in float64. An example
    whose logits are not finite counts as an error and as a prediction of no class; a loss that
    is NaN or infinite stays so. Nothing is copied to the host before the end.

    Returns {loss, loss_se, error, error_se, n, predicted: [count of each class]}.
    """
    losses, predictions, labels = [], [], []
    for inputs, label in batches:
        logits = model(**inputs).logits.float()
        finite = logits.isfinite().all(-1)
        losses.append(cross_entropy(logits, label, reduction="none"))
        predictions.append(torch.where(finite, logits.argmax(-1), -1))
        labels.append(label)
    loss = torch.cat(losses).double()
    prediction, label = torch.cat(predictions), torch.cat(labels)
    n = len(label)
    moments = torch.stack([loss.mean(), loss.var(correction=0), (prediction != label).sum()])
    counts = torch.bincount(prediction + 1, minlength=classes + 1)[1:]
    mean, variance, wrong = moments.tolist()
    error = wrong / n
    return {
        "loss": mean,
        "loss_se": math.sqrt(variance / n) if variance >= 0 else math.nan,
        "error": error,
        "error_se": math.sqrt(error * (1 - error) / n),
        "n": n,
        "predicted": counts.tolist(),
    }
