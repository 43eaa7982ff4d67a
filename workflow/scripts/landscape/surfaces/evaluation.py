"""Loss and error of a classifier over fixed examples: the hot loop of every landscape.

Three things are left out of the plain forward pass, and none changes what comes out:
- padding, and all but the first token of the last layer (`packing`): held against the plain pass
  on all examples before it is used, and again wherever `prove` is called;
- layers below the first one that moves, which always give the same: they run once;
- on request, examples beyond those that a loss or an error needs to be known well enough.
"""

from contextlib import nullcontext
from itertools import chain

import numpy as np
import torch
from landscape.models import classifiers, rows
from landscape.models.rows import AGREE
from landscape.surfaces import batches, graphs, packing
from landscape.surfaces.outcomes import KNOWN, outcome, summary
from torch.nn.functional import cross_entropy, log_softmax

ALONE = 16  # examples that are also evaluated alone where the plain pass serves


class Evaluator:
    """Evaluates one classifier on the same examples, again and again as its parameters move.

    model: in eval mode, float32; splits: {name: Examples}; budget: tokens a batch;
    frozen: how many of the lowest encoder layers (and the embeddings) never move;
    keep: gigabytes of host memory for what those layers give (what does not fit runs again);
    in_blocks: splits on which a tolerance may be asked for: a shuffled order of blocks, each
    sorted by length, so that the first blocks are a random sample;
    gradients: whether `add_gradient` will be called, without frozen layers.
    """

    def __init__(self, model, splits, budget, frozen=0, keep=0.0, in_blocks=(), gradients=False):
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
        self.way = None
        self._find(gradients)

    def _find(self, gradients):
        """Use the quickest way on packed rows that gives what the plain pass gives."""
        plain = self._plain()
        ways = packing.ways() if gradients else graphs.ways(self.model) + packing.ways()
        for way in ways if classifiers.layers(self.model) else ():
            self._use(way)
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
        if self.way and not self._agrees(plain := self._plain()):
            self._use_plain(plain)

    def _use(self, way):
        """Go on with a way on packed rows, or without any: with padded batches."""
        self.way, self.remembered = way, False
        self.forward = "packed" if way else "plain"  # for the provenance of results
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
        if self.way is None:
            return batches.padded(examples, chosen, budget, self.model.device)
        return self.way.batches(self.model, examples, chosen, budget)

    def _mode(self):
        return self.way.within(self.model) if self.way else nullcontext()

    def _logits(self, batch):
        if self.way is None:
            return packing.logits(self.model, batch, self.frozen)
        return self.way.logits(self.model, batch, self.frozen)

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
                packing.logits(self.model, batch)
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

        budget: tokens a batch; what each layer gives is
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
