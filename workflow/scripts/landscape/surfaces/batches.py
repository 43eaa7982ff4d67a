"""Tokenised examples as batches: rows packed without padding, or padded to the longest.

Whoever evaluates does it again and again on the same batches, so these are made once and kept on
the device: sorted by length and filled up to a budget of tokens. The order is a function of the
split alone.
"""

from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import torch
from landscape.surfaces import folds

BLOCK = 256  # examples between two looks at whether a loss is known well enough


@dataclass
class Batch:
    """Some examples as a model takes them: `model(**inputs, **packing)`."""

    inputs: dict
    labels: torch.Tensor
    folds: torch.Tensor
    # of a packed row: where its examples are; empty for a padded batch
    packing: dict = field(default_factory=dict)
    known: torch.Tensor | None = None  # what the layers that never move give for it, if kept


def filled(lengths, budget, padded):
    """Cut a sequence of lengths into runs of at most `budget` tokens; padded, from short to long.

    padded: count the padding to each run's longest as well. A length above the budget is a run
    of its own. Returns slices.
    """
    first, tokens = 0, 0
    for i, length in enumerate(lengths):
        # the newcomer is the longest: padded, it sets the width
        tokens = length * (i + 1 - first) if padded else tokens + length
        if tokens > budget and i > first:
            yield slice(first, i)
            first, tokens = i, length
    yield slice(first, len(lengths))


def padded(examples, chosen, budget, device):
    """The examples `chosen` (short to long) as batches of at most `budget` tokens with padding."""
    of = torch.from_numpy(folds.of_examples(len(examples)))
    return [
        Batch(
            examples.batch(chosen[run], device),
            examples.labels[chosen[run]].to(device),
            of[chosen[run]].to(device),
        )
        for run in filled(examples.lengths[chosen], budget, padded=True)
    ]


def packed(examples, chosen, budget, device, first_position):
    """The examples `chosen` (short to long) as rows of at most `budget` tokens without padding.

    `packing` of a row: `spans`, its neighbours of equal length as (examples, tokens of each),
    `of_first`, the same of their first tokens, and `starts`, where in the row each example begins.
    """
    runs = list(filled(examples.lengths[chosen], budget, padded=False))
    made = cut(examples, chosen, runs, device, first_position)
    for run, batch in zip(runs, made):
        lengths = examples.lengths[chosen[run]]
        spans = [(len(list(same)), int(length)) for length, same in groupby(lengths)]
        starts = torch.from_numpy(np.cumsum(lengths) - lengths).to(device)
        first = [(number, 1) for number, _ in spans]
        batch.packing = {"spans": spans, "starts": starts, "of_first": first}
    return made


def cut(examples, chosen, runs, device, first_position):
    """Each of `runs` (slices) of the examples `chosen` as a row, still without its `packing`."""
    of, made = torch.from_numpy(folds.of_examples(len(examples))), []
    for run in runs:
        inputs = examples.row_of(chosen[run], device, first_position)
        labels, fold = (column[chosen[run]].to(device) for column in (examples.labels, of))
        made.append(Batch(inputs, labels, fold))
    return made


def blocks(examples, seed=0):
    """All examples in random blocks of `BLOCK`, each from short to long; the same at every call."""
    of_block = np.random.default_rng(seed).permutation(len(examples)) // BLOCK
    order = examples.by_length()
    return [order[of_block[order] == i] for i in range(of_block.max() + 1)]
