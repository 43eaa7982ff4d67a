"""Twenty fixed folds of the examples: how a measure moves without each says how sure it is.

Surfaces hold what measures use of a split without each fold, so nothing is evaluated again.
"""

from functools import cache

import numpy as np

FOLDS = 20
MEASURED = {"train": "loss", "dev": "error"}  # by split: what measures use of it


@cache  # batches ask for it again and again
def of_examples(n):
    """The fold, 0 to 19, of each of n examples: (n,), sizes alike.

    A function of n alone. So a task's points, planes, arms and seeds all leave out the same
    examples, and what they have in common cancels in a difference. With fewer than twenty examples
    some folds are empty.
    """
    return np.random.default_rng(0).permutation(n) % FOLDS


def columns(split):
    """Of a table: `{train_loss,dev_error}_without_0…9`, over the examples outside each fold."""
    return [f"{split}_{MEASURED[split]}_without_{fold}" for fold in range(FOLDS)]
