"""Loss and error of a classifier over fixed examples: the hot loop of every landscape.

Two things are left out of the plain forward pass, and neither changes what comes out:
- of the last layer only the first token is read (`first_token`);
- layers below the first one that moves always give the same: they run once (`Known`).
"""

import math
from contextlib import ExitStack, contextmanager

import torch
from torch import nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from . import models


def first_token(layer, hidden, mask=None, *_, **__):
    """A BERT layer's output at the first token alone: keys and values of all, the rest of one.

    hidden: batch × tokens × width; returns batch × 1 × width.
    """
    attention, first = layer.attention.self, hidden[:, :1]

    def heads(tensor):
        return tensor.unflatten(-1, (attention.num_attention_heads, -1)).transpose(1, 2)

    context = scaled_dot_product_attention(
        heads(attention.query(first)),
        heads(attention.key(hidden)),
        heads(attention.value(hidden)),
        attn_mask=None if mask is None else mask[:, :, :1],
    )
    attended = layer.attention.output(context.transpose(1, 2).flatten(2), first)
    return layer.output(layer.intermediate(attended), attended)


class Known(nn.Module):
    """Stands for the layers that never change: gives what they gave for each batch."""

    def __init__(self):
        super().__init__()
        self.outputs, self.at = [], 0

    def forward(self, *_, **__):
        return self.outputs[self.at]


class Evaluator:
    """Evaluates one classifier on the same examples, again and again as its parameters move.

    model: in eval mode; splits: {name: batches of `batches.packed`}; classes: of the task;
    frozen: how many of the lowest encoder layers (and the embeddings) never move.
    """

    def __init__(self, model, splits, classes, frozen=0):
        self.model, self.splits, self.classes = model, splits, classes
        self.holder, self.name = models.layer_list(model)
        self.known = {}
        inputs = next(iter(splits.values()))[0][0]
        self.shortcut = self._shortcut_holds(inputs)
        if frozen and self.holder is not None:
            self.known = {split: self._record(batches, frozen) for split, batches in splits.items()}
        self.frozen = frozen

    @torch.inference_mode()
    def _shortcut_holds(self, inputs):
        """Whether `first_token` may stand for the last layer: tried on one batch."""
        if self.holder is not None:
            try:
                plain = self.model(**inputs).logits
                with self._short():
                    if torch.allclose(self.model(**inputs).logits, plain, rtol=1e-5, atol=1e-5):
                        return True
            except (AttributeError, TypeError, RuntimeError):
                pass
        print(f"{type(self.model).__name__}: evaluated by its plain forward pass", flush=True)
        return False

    @contextmanager
    def _short(self):
        last = getattr(self.holder, self.name)[-1]
        last.forward = lambda *args, **kwargs: first_token(last, *args, **kwargs)
        try:
            yield
        finally:
            del last.forward

    @torch.inference_mode()
    def _record(self, batches, frozen):
        known = Known()
        hook = getattr(self.holder, self.name)[frozen - 1].register_forward_hook(
            lambda layer, args, output: known.outputs.append(output)
        )
        for inputs, _ in batches:
            self.model(**inputs)
        hook.remove()
        return known

    @contextmanager
    def _from(self, known):
        layers = getattr(self.holder, self.name)
        setattr(self.holder, self.name, nn.ModuleList([known, *layers[self.frozen :]]))
        try:
            yield
        finally:
            setattr(self.holder, self.name, layers)

    def __call__(self, split):
        """Loss and error on one split: what `summary` gives."""
        with ExitStack() as stack:
            if self.shortcut:
                stack.enter_context(self._short())
            if known := self.known.get(split):
                stack.enter_context(self._from(known))
            return summary(self._logits(split, known), self.classes)

    @torch.inference_mode()
    def _logits(self, split, known):
        for i, (inputs, labels) in enumerate(self.splits[split]):
            if known:
                known.at = i
            yield self.model(**inputs).logits.float(), labels


@torch.inference_mode()
def summary(batches, classes):
    """Mean loss and error with their standard errors, from (logits, labels) of each batch.

    Softmax and loss run in float32, sums in float64. An example whose logits are not finite
    counts as an error and as a prediction of no class; a loss that is NaN or infinite stays so.
    Nothing is copied to the host before the end.

    Returns {loss, loss_se, error, error_se, n, predicted: [count of each class]}.
    """
    losses, predictions, labels = [], [], []
    for logits, label in batches:
        finite = logits.isfinite().all(-1)
        losses.append(cross_entropy(logits, label, reduction="none"))
        predictions.append(torch.where(finite, logits.argmax(-1), -1))
        labels.append(label)
    loss = torch.cat(losses).double()
    prediction, label = torch.cat(predictions), torch.cat(labels)
    n = len(label)
    counts = torch.bincount(prediction + 1, minlength=classes + 1)[1:]
    wrong = (prediction != label).sum()
    mean, variance, wrong, *predicted = torch.cat(
        [torch.stack([loss.mean(), loss.var(correction=0), wrong.double()]), counts.double()]
    ).tolist()
    error = wrong / n
    return {
        "loss": mean,
        "loss_se": math.sqrt(variance / n) if variance >= 0 else math.nan,
        "error": error,
        "error_se": math.sqrt(error * (1 - error) / n),
        "n": n,
        "predicted": [int(count) for count in predicted],
    }
