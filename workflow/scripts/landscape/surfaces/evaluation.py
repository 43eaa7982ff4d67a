"""Loss and error of a classifier over fixed examples: the hot loop of every landscape.

Three things are left out of the plain forward pass, and none changes what comes out:
- padding, and all but the first token of the last layer (`packing`): held against the plain pass
  on all examples before it is used, and again wherever `prove` is called;
- layers below the first one that moves, which always give the same: they run once;
- on request, examples beyond those that a loss or an error needs to be known well enough.
"""

import math
from contextlib import contextmanager, nullcontext
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from landscape.models import classifiers, rows
from landscape.surfaces import batches, packing
from landscape.surfaces.folds import FOLDS
from torch.nn.functional import cross_entropy, log_softmax

AGREE = 1e-4  # by which log-probabilities of two passes may differ: far above float32's rounding
ALONE = 16  # examples that are also evaluated alone where the plain pass serves


class Outcome(NamedTuple):
    """Of a batch, on the device: loss, predicted class (−1: none), label and fold, each (n,)."""

    loss: torch.Tensor
    predicted: torch.Tensor
    label: torch.Tensor
    fold: torch.Tensor


class Evaluator:
    """Evaluates one classifier on the same examples, again and again as its parameters move.

    model: in eval mode, float32; splits: {name: Examples}; budget: tokens a batch;
    frozen: how many of the lowest encoder layers (and the embeddings) never move;
    keep: gigabytes of host memory for what those layers give (what does not fit runs again);
    in_blocks: splits on which a tolerance may be asked for: a shuffled order of blocks, each
    sorted by length, so that the first blocks are a random sample.
    """

    def __init__(self, model, splits, budget, frozen=0, keep=0.0, in_blocks=()):
        # glibc gives freed blocks back to the system, to get them again page by page at the next
        # batch, unless it once saw one as large as this freed
        torch.empty(31 << 20, dtype=torch.uint8)
        self.model, self.splits, self.budget, self.keep = model, splits, budget, keep
        self.classes = model.config.num_labels
        self.frozen = classifiers.layers(model)[:frozen]
        for examples in splits.values():
            examples.check(model)
        self.chosen = {
            split: batches.blocks(examples) if split in in_blocks else [examples.by_length()]
            for split, examples in splits.items()
        }
        self._find()

    def _find(self):
        """Use the quickest way on packed rows that gives what the plain pass gives."""
        plain = self._plain()
        for last in packing.ways(self.model):
            self._use(last)
            try:
                if self._agrees(plain):
                    return
            except torch.OutOfMemoryError:
                raise
            except rows.REFUSALS:
                continue  # the model does not take packed rows so
        self._use_plain(plain)

    def prove(self):
        """Hold the packed pass against the plain one, at the parameters that the model has now.

        On all examples, in float32. Where they differ by more than `AGREE` in the log-probability
        of any class of any example, the plain pass serves from here on, and that is printed.
        """
        if self.last and not self._agrees(plain := self._plain()):
            self._use_plain(plain)

    def _use(self, last):
        """Go on with packed rows, `last` standing for the last layer, or with padded batches."""
        self.last, self.remembered = last, False
        self.forward = "packed" if last else "plain"  # for the provenance of results
        self.blocks = {
            split: [self._batches(self.splits[split], block, self.budget) for block in chosen]
            for split, chosen in self.chosen.items()
        }

    def _use_plain(self, plain):
        self._use(None)
        said = f"{type(self.model).__name__}: evaluated by its plain forward pass"
        if (effect := self._effect_of_company(plain)) > AGREE:
            self.forward = "plain, examples depend on their batch"
            said += (
                f"; what it gives an example depends on its batch, by up to {effect:.2g} in a loss"
            )
        print(said, flush=True)

    @torch.inference_mode()
    def _plain(self):
        """{split: log-probabilities by the plain pass, (n, classes)}, in the blocks' order."""
        return {
            split: self._log_probabilities(
                batch
                for block in chosen
                for batch in batches.padded(
                    self.splits[split], block, self.budget, self.model.device
                )
            )
            for split, chosen in self.chosen.items()
        }

    @torch.inference_mode()
    def _agrees(self, plain):
        """Whether the pass in use gives the log-probabilities that the plain one gave."""
        self._remember()
        with self._mode():
            return all(
                torch.allclose(
                    self._log_probabilities(chain.from_iterable(self.blocks[split])),
                    expected,
                    rtol=AGREE,
                    atol=AGREE,
                    equal_nan=True,
                )
                for split, expected in plain.items()
            )

    def _log_probabilities(self, made):
        return torch.cat([log_softmax(self._logits(batch), -1) for batch in made])

    @torch.inference_mode()
    def _effect_of_company(self, plain):
        """The most that some examples' log-probabilities change where each is evaluated alone."""
        most = 0.0
        for split, chosen in self.chosen.items():
            order, device = np.concatenate(chosen), self.model.device
            for place in np.unique(np.linspace(0, len(order) - 1, ALONE).astype(int)):
                alone = batches.padded(self.splits[split], order[[place]], 1, device)
                change = (self._log_probabilities(alone)[0] - plain[split][place]).abs().max()
                most = max(most, change.nan_to_num(0.0, 0.0).item())
        return most

    def _batches(self, examples, chosen, budget):
        if self.last is None:
            return batches.padded(examples, chosen, budget, self.model.device)
        first = rows.first_position(self.model)
        return batches.packed(examples, chosen, budget, self.model.device, first)

    def _mode(self):
        return packing.packed(self.model, self.last) if self.last else nullcontext()

    @torch.inference_mode()
    def _remember(self):
        """Run the frozen layers once and keep what they give, as far as there is room."""
        if self.remembered:
            return
        self.remembered = True
        if not self.frozen:
            return
        room, given = self.keep * 1e9, []
        hook = self.frozen[-1].register_forward_hook(lambda *call: given.append(call[-1]))
        with self._mode():
            for batch in chain.from_iterable(chain(*self.blocks.values())):
                batch.known = None
                self._logits(batch)
                output = given.pop()
                if not isinstance(output, torch.Tensor):
                    print(
                        "what frozen layers give is no tensor: they run at each point", flush=True
                    )
                    break
                if fits_on_device(output):
                    batch.known = output
                elif output.nbytes <= room:
                    room -= output.nbytes
                    batch.known = output.cpu().pin_memory() if output.is_cuda else output
        hook.remove()

    def cast(self, dtype):
        """Go on in another dtype: of parameters and activations; loss and softmax stay float32."""
        self.model.to(getattr(torch, dtype))
        self.remembered = False

    @contextmanager
    def _above(self, known):
        """Within, the frozen layers do not run: each gives what the last of them gave."""
        known = known.to(self.model.device, non_blocking=True)
        for layer in self.frozen:
            layer.forward = lambda *_, **__: known
        try:
            yield
        finally:
            for layer in self.frozen:
                del layer.forward

    def _logits(self, batch):
        with nullcontext() if batch.known is None else self._above(batch.known):
            return self.model(**batch.inputs, **batch.packing).logits.float()

    @torch.inference_mode()
    def __call__(self, split, tolerance=0.0, of="loss"):
        """Loss and error on one split: what `summary` gives.

        With a tolerance `of` the loss, as soon as its standard error is below that share of it, or
        of the error, below it: one look after each block. Otherwise nothing is copied to the host
        before the end.
        """
        return summary(self.outcomes(split, tolerance, of), self.classes)

    @torch.inference_mode()
    def each(self, split):
        """As a call, and a text of 0 and 1: which examples, in the split's order, are right."""
        outcomes = self.outcomes(split)
        right = torch.cat([one.predicted == one.label for one in outcomes]).cpu().numpy()
        in_order = right[np.concatenate(self.chosen[split]).argsort()]
        return summary(outcomes, self.classes), "".join("01"[int(one)] for one in in_order)

    @torch.inference_mode()
    def outcomes(self, split, tolerance=0.0, of="loss"):
        """The `Outcome` of each batch, in the order of `chosen`; as a call, with a tolerance."""
        self._remember()
        outcomes = []
        with self._mode():
            for block in self.blocks[split]:
                outcomes += [
                    outcome(self._logits(batch), batch.labels, batch.folds) for batch in block
                ]
                if tolerance and KNOWN[of](tolerance, outcomes):
                    break
        return outcomes

    def add_gradient(self, split, budget):
        """Add the gradient of the mean loss over all of one split to the parameters' `.grad`.

        For an evaluator without frozen layers. budget: tokens a batch; what each layer gives is
        kept for the way back, for BERT-large 1.7 MB a token. On a CPU always the same bits.
        """
        examples = self.splits[split]
        made, n = self._batches(examples, examples.by_length(), budget), len(examples)
        with self._mode():
            for batch in made:
                loss = cross_entropy(self._logits(batch), batch.labels, reduction="sum")
                (loss / n).backward()


def fits_on_device(tensor):
    """Whether a GPU has room to keep a tensor there: a quarter of its memory must stay free."""
    if not tensor.is_cuda:
        return False
    free, total = torch.cuda.mem_get_info(tensor.device)
    return free > total / 4


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
