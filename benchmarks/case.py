"""What is measured: BERT (12 × 768) with random weights, on pairs as long as MNLI's."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from landscape.data import tokenised
from landscape.models import classifiers
from safetensors.numpy import load_file, save_file

ROOT = Path(__file__).parents[1]

REAL = ROOT.parent / "shared/data"  # real MNLI and vocabulary, used where they lie there
POINTS = [(0.5, 0.0), (1.0, 0.0)]  # where all are measured: steps of the line from θ0 to θ1
CLASSES = 3
LONGEST = 128  # tokens: where the paper cuts


@dataclass
class Case:
    """Files of θ0, θ1 and δ2, and tokenised examples."""

    folder: Path
    examples: Path
    lengths: np.ndarray

    def __post_init__(self):
        self.start_folder = self.folder / "start"
        self.start = self.start_folder / "model.safetensors"
        self.end = self.folder / "end.safetensors"
        self.second = self.folder / "second.safetensors"

    def model(self):
        """A classifier that holds θ1, as transformers loads it."""
        return classifiers.load_final(self.start_folder, self.end, CLASSES, "cpu")


def make(folder, pairs, seed=0, lengths=None, **sizes):
    """Write a case of that many pairs into a folder. Weights: θ0 random, θ1 and δ2 beside it.

    lengths: tokens of each pair, if not MNLI's; sizes: of the model, if not BERT-base's.
    """
    from transformers import BertConfig, BertModel, logging

    logging.disable_progress_bar()
    torch.manual_seed(seed)
    if lengths is None:
        lengths = real_lengths(pairs, seed) if REAL.is_dir() else drawn_lengths(pairs, seed)
    case = Case(Path(folder), Path(folder) / "examples.parquet", lengths)
    BertModel(config := BertConfig(**sizes)).save_pretrained(case.start_folder)
    start, rng = load_file(case.start), np.random.default_rng(seed)

    def noise(size):
        return {
            name: size * rng.standard_normal(value.shape, np.float32)
            for name, value in start.items()
        }

    end = {f"encoder.{name}": start[name] + step for name, step in noise(0.01).items()}
    end["head.classifier.weight"] = rng.standard_normal((CLASSES, config.hidden_size), np.float32)
    end["head.classifier.bias"] = np.zeros(CLASSES, np.float32)
    save_file(end, case.end)
    save_file(noise(0.01), case.second)
    ids = [rng.integers(1000, config.vocab_size, length).tolist() for length in lengths]
    table = pa.table(
        {
            "row": pa.array(range(pairs), pa.int32()),
            "input_ids": pa.array(ids, pa.list_(pa.int32())),
            "token_type_ids": pa.array([[0] * n for n in lengths], pa.list_(pa.int32())),
            "label": pa.array(rng.integers(0, CLASSES, pairs), pa.int32()),
        }
    )
    facts = {"labels": CLASSES, "pad_id": 0, "pad_type_id": 0, "padding_side": "right"}
    tokenised.write(table, facts, case.examples)
    return case


def drawn_lengths(pairs, seed, mean=41.6):
    """Tokens of each pair, from a gamma distribution with MNLI's mean, cut at the longest."""
    drawn = np.random.default_rng(seed).gamma(4.0, mean / 4, pairs)
    return np.clip(drawn, 4, LONGEST).astype(int)


def real_lengths(pairs, seed):
    """Tokens of pairs chosen from the real MNLI, cut at the longest."""
    import pandas as pd
    from transformers import AutoTokenizer

    table = pd.read_parquet(REAL / "glue/mnli/train-00000-of-00001.parquet")
    table = table.sample(pairs, random_state=seed)
    tokenizer = AutoTokenizer.from_pretrained(REAL / "vocab/bert-base-cased")
    texts = table["premise"].tolist(), table["hypothesis"].tolist()
    return np.array(
        [len(ids) for ids in tokenizer(*texts, truncation=True, max_length=LONGEST)["input_ids"]]
    )
