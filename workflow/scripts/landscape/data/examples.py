"""Tokenised examples in memory, and the batches that a model takes."""

import numpy as np
import torch
from landscape.data import tokenised
from landscape.jobs.command import InputError


class Examples:
    """One tokenised split in memory, flat: cheap to hold and to cut batches from.

    Raises InputError for a file that is no tokenised split, or one without examples or with
    labels that the task does not have.
    """

    def __init__(self, path):
        self.path = path
        table, self.facts = tokenised.read(path)
        if not len(table):
            raise InputError(f"{path}: no examples in it")
        self.labels = torch.from_numpy(table["label"].to_numpy().astype(np.int64))
        low, high = self.labels.min().item(), self.labels.max().item()
        if low < 0 or high >= self.facts["labels"]:
            raise InputError(
                f"{path}: labels from {low} to {high}; the task's {self.facts['labels']} classes "
                f"are 0 to {self.facts['labels'] - 1}"
            )
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

    def check(self, model):
        """Raise InputError unless a classifier can take the examples."""
        known = model.get_input_embeddings().num_embeddings
        if (token := int(self.ids.max())) >= known:
            raise InputError(f"{self.path}: token {token}; the model's vocabulary has {known}")
        if self.facts["labels"] != model.config.num_labels:
            raise InputError(
                f"{self.path}: {self.facts['labels']} classes; the model has "
                f"{model.config.num_labels}"
            )

    def by_length(self):
        """All examples, the shortest first; equals stay in their order."""
        return np.argsort(self.lengths, kind="stable")

    def batch(self, chosen, device):
        """The examples `chosen` as tensors, padded to their longest as their tokenizer pads.

        Without padding there is no attention mask: the model then need not apply one.
        """
        width = int(self.lengths[chosen].max())
        ids = np.full((len(chosen), width), self.facts["pad_id"], np.int64)
        types, mask = np.full_like(ids, self.facts["pad_type_id"]), np.zeros_like(ids)
        for i, example in enumerate(chosen):
            span = slice(self.offsets[example], self.offsets[example + 1])
            length = self.lengths[example]
            first = width - length if self.facts["padding_side"] == "left" else 0
            place = slice(first, first + length)
            ids[i, place] = self.ids[span]
            mask[i, place] = 1
            if self.types is not None:
                types[i, place] = self.types[span]
        tensors = {"input_ids": ids}
        if self.types is not None:
            tensors["token_type_ids"] = types
        if not mask.all():
            tensors["attention_mask"] = mask
        return {name: torch.from_numpy(value).to(device) for name, value in tensors.items()}

    def row_of(self, chosen, device, first_position):
        """The examples `chosen`, one behind the other in a single row of tokens: 1 × tokens.

        Positions count from `first_position` in each example; nothing is padded.
        """
        tokens = np.concatenate([np.arange(*self.offsets[e : e + 2]) for e in chosen])
        positions = np.concatenate([np.arange(self.lengths[e]) for e in chosen])
        tensors = {"input_ids": self.ids[tokens], "position_ids": positions + first_position}
        if self.types is not None:
            tensors["token_type_ids"] = self.types[tokens]
        return {
            name: torch.from_numpy(value.astype(np.int64))[None].to(device)
            for name, value in tensors.items()
        }


def shuffled(examples, size, seed, epoch):
    """The batches of one epoch of training, as index arrays: a fresh order for each epoch."""
    order = np.random.default_rng([seed, epoch]).permutation(len(examples))
    return [order[i : i + size] for i in range(0, len(order), size)]
