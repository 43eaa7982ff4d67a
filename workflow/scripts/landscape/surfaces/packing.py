"""Examples of any length in one row of tokens, without padding: BERT's passes at their real cost.

Examples of equal length are neighbours, so that attention needs no mask. Of the last layer a
classifier reads each example's first token, so no other need leave it. `evaluation` holds what
comes out against the plain forward pass on all examples, and the plain pass serves the rest.
"""

import torch
from landscape.models import classifiers, rows
from landscape.models.rows import first_tokens_of_all
from torch.nn.functional import scaled_dot_product_attention

NAME = "packed"  # of `attend` among the attention functions of transformers


def attend(module, query, key, value, mask, scaling=None, spans=(), asked=None, **more):
    """Attention of each example of a row to itself; the attention function given to transformers.

    query, key, value: 1 × heads × tokens × width; spans: [(examples, tokens of each)], and `asked`
    the same of the query where it has fewer. Returns (1 × tokens × heads × width, None).
    Raises TypeError for attention to a window that an example is longer than.
    """
    window = more.get("sliding_window")
    if window and max(length for _, length in spans) > window:
        raise TypeError("attention to a window")

    def cut(row, spans):  # examples × heads × tokens of each × width, for each length
        parts = row[0].split([examples * length for examples, length in spans], dim=1)
        return [part.unflatten(1, span).transpose(0, 1) for part, span in zip(parts, spans)]

    parts = zip(cut(query, asked or spans), cut(key, spans), cut(value, spans))
    attended = [
        scaled_dot_product_attention(q, k, v, scale=scaling).transpose(1, 2).flatten(0, 1)
        for q, k, v in parts
    ]
    return torch.cat(attended)[None], None


def first_tokens_only(layer, hidden, *_, spans, starts, **__):
    """A BERT layer for the examples' first tokens: keys and values of all tokens, the rest of one.

    hidden: 1 × tokens × width; returns examples × 1 × width.
    """
    attention, first = layer.attention.self, hidden[:, starts]

    def heads(tensor):
        return tensor.unflatten(-1, (attention.num_attention_heads, -1)).transpose(1, 2)

    context, _ = attend(
        attention,
        heads(attention.query(first)),
        heads(attention.key(hidden)),
        heads(attention.value(hidden)),
        mask=None,
        scaling=attention.scaling,
        spans=spans,
        asked=[(examples, 1) for examples, _ in spans],
    )
    attended = layer.attention.output(context.flatten(2), first)
    return layer.output(layer.intermediate(attended), attended).transpose(0, 1)


def packed(model, last):
    """Within, the model takes packed rows; `last` stands for the forward of its last layer."""
    return rows.taking_rows(model, NAME, last)


def ways(model):
    """The ways in which the model's last layer may run on packed rows, the quickest first."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    return (first_tokens_only, first_tokens_of_all) if classifiers.layers(model) else ()
