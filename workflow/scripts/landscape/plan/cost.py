"""What work costs before it runs: parameters, tokens and operations, hence hours and bytes."""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from landscape.jobs import tensor_files
from landscape.jobs.command import InputError
from landscape.models import classifiers
from landscape.study import Study


@dataclass(frozen=True)
class Model:
    """Parameters of an encoder, and of its layers alone: their products are what takes the time."""

    encoder: int
    layers: int

    @classmethod
    def of(cls, path):
        """Counted in a safetensors file of θ0. Raises FileNotFoundError where it is not yet."""
        return _model(existing(path))

    @classmethod
    def of_config(cls, config, path):
        """As the config says it, or else counted."""
        size = config["model"].get("size")
        return cls(**size) if size else cls.of(path)

    @property
    def bytes(self):
        """Of the encoder in float32, which is what a checkpoint and a direction take on disk."""
        return 4 * self.encoder


@dataclass(frozen=True)
class Task:
    """Examples of both splits; tokens of a training example, plain and with its batch's padding."""

    train: int
    dev: int
    tokens: float
    padded: float

    @classmethod
    def of(cls, train, dev, batch_size):
        """Counted in two tokenised splits. Raises FileNotFoundError where they are not yet."""
        train, dev = _lengths(existing(train)), _lengths(existing(dev))
        return cls(len(train), len(dev), float(train.mean()), longest(train, batch_size))

    @classmethod
    def of_config(cls, config, name, batch_size, folder):
        """As the config says it, or else counted in the folder of the tokenised splits."""
        task = config["tasks"][name]
        if "size" in task:
            return cls(**task["size"])
        splits = (f"{folder}/{split}.parquet" for split in ("train", "dev"))
        return cls.of(*splits, batch_size)

    def measured(self, surfaces):
        """Tokens of what is measured with a config's `surfaces`, as `tokens` gives them."""
        examples = surfaces["train_examples"]
        train = self.train if examples == "all" else min(examples, self.train)
        dev = min(self.dev, enough(surfaces))
        return {name: n * self.tokens for name, n in zip(TOKENS, (train, self.dev, dev))}


TOKENS = "train", "dev", "dev off landmarks"


def tokens(surfaces, **paths):
    """{of TOKENS: number} of tokenised splits, by name. Raises FileNotFoundError without them."""
    lengths = {split: _lengths(existing(path)) for split, path in paths.items()}
    counted = {split: float(of.sum()) for split, of in lengths.items()}
    if "dev" in counted:
        share = min(1.0, enough(surfaces) / len(lengths["dev"]))
        counted["dev off landmarks"] = share * counted["dev"]
    return counted


def enough(surfaces):
    """Dev examples that a point off the landmarks takes at most: where the error is a half."""
    tolerance = surfaces.get("dev_tolerance")
    return 0.25 / tolerance**2 if tolerance else float("inf")


def whole(tokens):
    """Of both splits, where all examples are measured."""
    return tokens["train"] + tokens["dev"]


def existing(path):
    """The path of a file that is there; Snakemake takes the error for "to be decided"."""
    with open(path, encoding="utf-8"):
        return str(path)


@lru_cache
def _model(path):
    with tensor_files.opened(path, "np", verified=False) as file:
        sizes = {name: file.get_slice(name).get_shape() for name in file.keys()}
    count = {name: prod(shape) for name, shape in sizes.items()}
    layers = sum(n for name, n in count.items() if classifiers.layer_of(name) is not None)
    if not layers:
        raise InputError(f"{path}: no numbered layers in it")
    return Model(sum(count.values()), layers)


@lru_cache
def _lengths(path):
    from landscape.data import tokenised

    table, _ = tokenised.read(path)
    return table["input_ids"].combine_chunks().value_lengths().to_numpy()


def longest(lengths, size):
    """The expected longest of `size` lengths drawn at random: the width of a padded batch."""
    import numpy as np

    below = np.cumsum(np.bincount(lengths)) / len(lengths)
    return float(np.arange(len(below)) @ np.diff(below**size, prepend=0.0))


@dataclass(frozen=True)
class Costs:
    """Hours of one device for each kind of step: what the plan and requests to a cluster go by.

    They are operations of the layers' products alone, at the hardware's rate for the precision of
    each; what attention adds is a share of tokens / (6 × hidden size), left out here. tokens: of
    what is measured, by the names of TOKENS.
    """

    study: Study
    model: Model

    def hours(self, operations, dtype="float32"):
        hardware = self.study.config["hardware"]
        rate = 1e12 * hardware.get(dtype, hardware["float32"]) * hardware["utilisation"]
        return operations / rate / 3600

    def passes(self, tokens, points, dtype="float32", above=1.0):
        """The loss at so many points over so many tokens, without padding.

        above: the share of the layers from the lowest that moves; all below it runs once.
        """
        operations = 2 * self.model.layers * tokens * (points * above + (1 - above))
        return self.hours(operations, dtype)

    def training(self, arm, task, epochs):
        """Each product forward, and twice as many backward, without padding; task: its `Task`."""
        operations = 6 * self.model.layers * task.train * task.tokens * epochs
        return self.hours(operations, self.study.arms[arm].training["precision"])

    def pretraining(self, tokens):
        return self.hours(6 * self.model.layers * tokens)

    def scores(self, tokens, epochs):
        """The fast pass and the plain one, which must agree, and then each epoch."""
        return self.passes(whole(tokens), 2 + epochs)

    def chunk(self, plane, tokens, points):
        """Points of a plane's grid; before them both passes at its landmarks, of all examples."""
        dtype = self.study.config["surfaces"]["dtype"]
        dtype = "bfloat16" if dtype == "auto" else dtype
        off = {"train": "train", "dev": "dev off landmarks"}
        measured = sum(tokens[off[split]] for split in plane.splits)
        above = self.above(plane)
        return self.passes(measured, points, dtype, above) + self.passes(whole(tokens), 4)

    def whole(self, plane, tokens):
        return self.chunk(plane, tokens, plane.size)

    def above(self, plane):
        """The share of the layers that moves on a plane, or lies above one that does."""
        if plane.group is None:
            return 1.0
        return 1 - plane.group.first / (1 + max(group.last for group in self.study.groups.values()))

    def trajectory(self, tokens, epochs):
        """Each epoch and the plane under it; the start lies on the plane."""
        return self.passes(whole(tokens), 2 * epochs + 1)

    def rollback(self, tokens):
        return self.passes(tokens["dev"], 1 + len(self.study.groups))

    def sharpness(self, tokens):
        """The end is a pass, a draw two, its two ways; a step four: its gradient is worth three."""
        settings = self.study.config["surfaces"]["sharpness"]
        return self.passes(tokens["train"], 1 + 2 * settings["draws"] + 4 * settings["steps"])
