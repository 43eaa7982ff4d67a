"""Training without padding: a batch's examples in one row of tokens.

In a batch of MNLI more than half is padding. All products are of the row; attention alone lays it
out in padded examples, and back, since neighbours have different lengths.
"""

from contextlib import contextmanager

import numpy as np
import torch
from landscape.models import rows
from landscape.models.rows import AGREE, first_tokens_of_all
from torch.nn.functional import log_softmax, scaled_dot_product_attention

NAME = "unpadded"  # of `attend` among the attention functions of transformers
HELD = 32  # examples, of all lengths, on which they are held against each other


def attend(module, query, key, value, mask, scaling=None, dropout=0.0, *, places, real, **more):
    """Attention of each example of a row to itself; the attention function given to transformers.

    query, key, value: 1 × heads × tokens × width; real: examples × longest, which places of the
    padded batch hold a token; places: those, counted through, in the row's order. Returns
    (1 × tokens × heads × width, None). Raises TypeError for attention to a window that an example
    is longer than.
    """
    rows.check_window(more, real.shape[1])

    def padded(row):  # examples × heads × longest × width
        tokens = row[0].transpose(0, 1)
        out = tokens.new_zeros(real.numel(), *tokens.shape[1:]).index_copy(0, places, tokens)
        return out.unflatten(0, real.shape).transpose(1, 2)

    attended = scaled_dot_product_attention(
        *map(padded, (query, key, value)),
        attn_mask=real[:, None, None],
        dropout_p=dropout,
        scale=scaling,
    )
    return attended.transpose(1, 2).flatten(0, 1)[places][None], None


@contextmanager
def batches_for(model, examples):
    """Yield what makes of the indices of a batch and a device what the model takes.

    A row, and the model is made to take one within; or a padded batch, where the model does not
    take rows or gives something else for them. Which of both is printed where it is the latter.
    """
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    first = rows.first_position(model)

    def row(chosen, device):
        real = np.arange(examples.lengths[chosen].max()) < examples.lengths[chosen][:, None]
        starts = np.cumsum(examples.lengths[chosen]) - examples.lengths[chosen]
        packing = {"places": np.flatnonzero(real), "starts": starts, "real": real}
        return examples.row_of(chosen, device, first) | {
            name: torch.from_numpy(value).to(device) for name, value in packing.items()
        }

    if take_rows(model, examples, row):
        with rows.taking_rows(model, NAME, first_tokens_of_all):
            yield row
    else:
        print(f"{type(model).__name__}: trained on padded batches", flush=True)
        yield examples.batch


@torch.inference_mode()
def take_rows(model, examples, row):
    """Whether a model gives for examples of all lengths in a row what it gives for a batch."""
    places = np.linspace(0, len(examples) - 1, HELD).astype(int)
    chosen, device = examples.by_length()[np.unique(places)], next(model.parameters()).device
    model.eval()

    def predicted(batch):
        return log_softmax(model(**batch(chosen, device)).logits.float(), -1)

    plain = predicted(examples.batch)
    try:
        with rows.taking_rows(model, NAME, first_tokens_of_all):
            return torch.allclose(predicted(row), plain, rtol=AGREE, atol=AGREE)
    except torch.OutOfMemoryError:
        raise
    except (IndexError, *rows.REFUSALS):  # it has no numbered layers, or no such attention
        return False
