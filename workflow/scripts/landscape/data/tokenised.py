"""A split of a task as tokenised Parquet.

One row an example: `row` (its number in the source), `input_ids`, `token_type_ids` where the
tokenizer gives them, `label`. The schema carries, as JSON under `task`, the classes, how the
tokenizer pads and what truncation cut.
"""

import numpy as np
from landscape.jobs import parquet


def write(table, facts, path):
    """Write a tokenised table with its facts, whole or not at all."""
    parquet.write(table, path, task=facts)


def read(path):
    """A tokenised table and its facts. Raises InputError where it is none, or damaged."""
    return parquet.read(path, "task")


def sample(table, size, seed):
    """`size` rows chosen without replacement, in their order; all for size None or too large."""
    if size is None or size >= len(table):
        return table
    chosen = np.random.default_rng(seed).choice(len(table), size, replace=False)
    return table.take(np.sort(chosen))
