"""Examples of any length in one row of tokens, without padding: BERT's passes at their real cost.

Examples of equal length are neighbours, so that attention needs no mask. Of the last layer a
classifier reads each example's first token, so no other need leave it. `evaluation` holds what
comes out against the plain forward pass on all examples, and the plain pass serves the rest.
"""

from contextlib import contextmanager, nullcontext

import torch
from landscape.models import rows
from landscape.models.rows import first_tokens_of_all
from landscape.surfaces import batches
from torch.nn.functional import scaled_dot_product_attention

NAME = "packed"  # of `attend` among the attention functions of transformers


def attend(module, query, key, value, mask, scaling=None, spans=(), asked=None, **more):
    """Attention of each example of a row to itself; the attention function given to transformers.

    query, key, value: 1 × heads × tokens × width; spans: [(examples, tokens of each)], and `asked`
    the same of the query where it has fewer. Returns (1 × tokens × heads × width, None).
    Raises TypeError for attention to a window that an example is longer than.
    """
    rows.check_window(more, max(length for _, length in spans))

    def cut(row, spans):  # examples × heads × tokens of each × width, for each length
        parts = row[0].split([examples * length for examples, length in spans], dim=1)
        return [part.unflatten(1, span).transpose(0, 1) for part, span in zip(parts, spans)]

    parts = zip(cut(query, asked or spans), cut(key, spans), cut(value, spans))
    attended = [
        scaled_dot_product_attention(q, k, v, scale=scaling).transpose(1, 2).flatten(0, 1)
        for q, k, v in parts
    ]
    return torch.cat(attended)[None], None


def first_tokens_only(layer, hidden, *_, starts, of_first, **where):
    """A BERT layer for the examples' first tokens: keys and values of all tokens, the rest of one.

    hidden: 1 × tokens × width; where: what attention is told of the row, and `of_first` what of
    queries by first tokens alone. Returns examples × 1 × width.
    """
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    attention, first = layer.attention.self, hidden[:, starts]

    def heads(tensor):
        return tensor.unflatten(-1, (attention.num_attention_heads, -1)).transpose(1, 2)

    context, _ = ALL_ATTENTION_FUNCTIONS[attention.config._attn_implementation](
        attention,
        heads(attention.query(first)),
        heads(attention.key(hidden)),
        heads(attention.value(hidden)),
        None,
        scaling=attention.scaling,
        asked=of_first,
        **where,
    )
    attended = layer.attention.output(context.flatten(2), first)
    return layer.output(layer.intermediate(attended), attended).transpose(0, 1)


class Packed:
    """A way to run a model on rows: `attend` to neighbours of equal length, one call a length.

    last: what stands for the forward of the last layer.
    """

    def __init__(self, last):
        self.last = last

    def batches(self, model, examples, chosen, budget):
        """The examples `chosen` (short to long) as `Batch`es for this way."""
        return batches.packed(examples, chosen, budget, model.device, rows.first_position(model))

    def within(self, model):
        """Within, the model takes this way's batches."""
        return rows.taking_rows(model, NAME, self.last)

    def logits(self, model, batch, frozen):
        """As `logits`."""
        return logits(model, batch, frozen)


def logits(model, batch, frozen=()):
    """Float32 logits of a batch's examples, (n, classes). The `frozen` layers, the lowest, do not
    run where it is known what they give."""
    with nullcontext() if batch.known is None else above(frozen, batch):
        return model(**batch.inputs, **batch.packing).logits.float()[: len(batch.labels)]


@contextmanager
def above(frozen, batch):
    """Within, the frozen layers do not run: each gives what the last of them gave for a batch."""
    known = batch.known.to(batch.labels.device, non_blocking=True)
    for layer in frozen:
        layer.forward = lambda *_, **__: known
    try:
        yield
    finally:
        for layer in frozen:
            del layer.forward


def ways():
    """The ways of `Packed`, the quickest first."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    return [Packed(first_tokens_only), Packed(first_tokens_of_all)]
