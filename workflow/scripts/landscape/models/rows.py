"""A classifier that takes its examples in one row of tokens, one behind the other.

All that a Transformer does to a token alone (embeddings, matrix products, LayerNorm) does not care
whose neighbour the token is; only attention does, and it is told where the examples lie.
transformers hands attention and its keyword arguments on (`AttentionInterface`), so this holds for
any architecture that uses them. Whoever uses it holds what comes out against the plain pass first.
"""

from contextlib import contextmanager
from functools import partial

from landscape.models import classifiers

AGREE = 1e-4  # by which log-probabilities of two passes may differ: far above float32's rounding
# what a model says that does not take rows
REFUSALS = (AttributeError, KeyError, TypeError, ValueError, RuntimeError)


@contextmanager
def taking_rows(model, attention, last):
    """Within, attention is the function of that name, and `last` the forward of the last layer."""
    layer, before = classifiers.layers(model)[-1], model.config._attn_implementation
    model.set_attn_implementation(attention)
    layer.forward = partial(last, layer)
    try:
        yield
    finally:
        del layer.forward
        model.set_attn_implementation(before)


def check_window(more, longest):
    """Raise TypeError for attention to a window, as `more` may tell, that an example exceeds."""
    if (window := more.get("sliding_window")) and longest > window:
        raise TypeError("attention to a window")


def first_tokens_of_all(layer, *inputs, starts, **more):
    """Any layer, then the examples' first tokens of what it gives: examples × 1 × width."""
    outputs = type(layer).forward(layer, *inputs, starts=starts, **more)
    return outputs[0, starts][:, None]


def first_position(model):
    """The position of an example's first token."""
    config = model.config
    return classifiers.first_position(config.model_type, config.pad_token_id)
