"""Tokenised examples as batches: sorted by length and packed by a token budget, or shuffled."""

import numpy as np
import torch

from . import tasks


class Examples:
    """One tokenised split in memory, flat: cheap to hold and to cut batches from.

    Raises InputError for a file that is no tokenised split.
    """

    def __init__(self, path):
        table, self.facts = tasks.read(path)
        self.labels = torch.from_numpy(table["label"].to_numpy().astype(np.int64))
        self.row = table["row"].to_numpy()
        ids = table["input_ids"].combine_chunks()
        self.offsets = ids.offsets.to_numpy()
        self.lengths = np.diff(self.offsets)
        self.ids = ids.flatten().to_numpy()
        self.types = None
        if "token_type_ids" in table.column_names:
            self.types = table["token_type_ids"].combine_chunks().flatten().to_numpy()
        # offsets of a slice need not start at 0
        self.offsets = self.offsets - self.offsets[0]

    def __len__(self):
        return len(self.labels)

    def batch(self, chosen, device):
        """The examples `chosen` as tensors, padded to their longest.

        Without padding there is no attention mask: the model then need not apply one.
        """
        width = int(self.lengths[chosen].max())
        ids = np.full((len(chosen), width), self.facts["pad_id"], np.int64)
        types, mask = np.zeros_like(ids), np.zeros_like(ids)
        for i, example in enumerate(chosen):
            span = slice(self.offsets[example], self.offsets[example + 1])
            length = self.lengths[example]
            ids[i, :length] = self.ids[span]
            mask[i, :length] = 1
            if self.types is not None:
                types[i, :length] = self.types[span]
        tensors = {"input_ids": ids}
        if self.types is not None:
            tensors["token_type_ids"] = types
        if not mask.all():
            tensors["attention_mask"] = mask
        return {name: torch.from_numpy(value).to(device) for name, value in tensors.items()}


def packed(examples, budget, device):
    """All examples, sorted by length and packed into batches of at most `budget` tokens.

    Returns a list of (inputs, labels), the same at every call: neighbours differ little in
    length, so little is padded. An example longer than the budget is a batch of its own.
    """
    order = np.argsort(examples.lengths, kind="stable")
    groups, group = [], []
    for example in order:  # the newcomer is the longest: it sets the width
        if group and examples.lengths[example] * (len(group) + 1) > budget:
            groups.append(group)
            group = []
        group.append(example)
    groups.append(group)
    return [
        (examples.batch(np.array(group), device), examples.labels[group].to(device))
        for group in groups
    ]


def shuffled(examples, size, seed, epoch):
    """The batches of one epoch of training, as index arrays: a fresh order for each epoch."""
    order = np.random.default_rng([seed, epoch]).permutation(len(examples))
    return [order[i : i + size] for i in range(0, len(order), size)]
