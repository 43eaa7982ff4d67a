"""A classification task from tables of any source, as tokenised Parquet.

The tokenised table has one row an example: `row` (its number in the source), `input_ids`,
`token_type_ids` where the tokenizer gives them, `label`. Its schema carries, as JSON under
`task`, the number of labels, how the tokenizer pads and what truncation cut.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .command import InputError, whole

READERS = {
    ".csv": lambda path: pd.read_csv(path, dtype=str, keep_default_na=False),
    ".tsv": lambda path: pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=3),
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False),
    ".parquet": pd.read_parquet,
}


def read_table(path, text, label):
    """Texts and labels of one split: (list of one or two lists of str, int array).

    Raises InputError for a missing or unreadable file, a missing column, an empty split, or
    labels that are not whole numbers from 0.
    """
    path = Path(path)
    if path.suffix not in READERS:
        raise InputError(f"{path}: not one of {', '.join(READERS)}")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        table = READERS[path.suffix](path)
    except (ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as {path.suffix[1:]} ({reason})")
    for column in [*text, label]:
        if column not in table:
            raise InputError(f"{path}: no column {column!r}; it has {', '.join(table.columns)}")
    if table.empty:
        raise InputError(f"{path}: no examples in it")
    for column in text:
        if table[column].isna().any():
            row = int(table[column].isna().to_numpy().argmax())
            raise InputError(f"{path}: column {column!r} has no text in row {row}")
    numbers = pd.to_numeric(table[label], errors="coerce").to_numpy(float)
    whole_numbers = np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers))
    if not whole_numbers.all():
        odd = table[label][~whole_numbers].iloc[0]
        raise InputError(
            f"{path}: column {label!r} holds {odd!r}; labels must be whole numbers from 0"
        )
    return [table[column].astype(str).tolist() for column in text], numbers.astype(np.int64)


def count_classes(train, dev, names):
    """The number of classes of a task from the labels of its two splits (`names`: their files).

    Raises InputError unless they are 2 or more, no more than examples, and dev has no others.
    """
    classes = int(train.max()) + 1
    if not 2 <= classes <= len(train):
        raise InputError(
            f"{names[0]}: labels 0 to {classes - 1} in {len(train)} examples; expected whole "
            "numbers from 0, two classes or more, no more classes than examples"
        )
    if dev.max() >= classes:
        raise InputError(
            f"{names[1]}: label {dev.max()} does not occur in the training split, whose labels "
            f"are 0 to {classes - 1}"
        )
    return classes


def tokenise(tokenizer, texts, labels, classes, max_length, path):
    """Write one split as tokenised Parquet; longer examples are cut to `max_length` tokens."""
    full = tokenizer(*texts, truncation=False, return_attention_mask=False, verbose=False)
    cut = tokenizer(*texts, truncation=True, max_length=max_length, return_attention_mask=False)
    lengths = [len(ids) for ids in cut["input_ids"]]
    columns = {"row": pa.array(range(len(labels)), pa.int32())}
    for key in ("input_ids", "token_type_ids"):
        if key in cut:
            columns[key] = pa.array(cut[key], pa.list_(pa.int32()))
    columns["label"] = pa.array(labels, pa.int32())
    facts = {
        "examples": len(labels),
        "labels": classes,
        "label_counts": np.bincount(labels, minlength=classes).tolist(),
        "pad_id": tokenizer.pad_token_id,
        "pad_type_id": tokenizer.pad_token_type_id,
        "padding_side": tokenizer.padding_side,
        "max_length": max_length,
        "mean_tokens": float(np.mean(lengths)),
        "truncated": sum(len(a) > len(b) for a, b in zip(full["input_ids"], cut["input_ids"])),
    }
    write(pa.table(columns), facts, path)
    return facts


def write(table, facts, path):
    """Write a tokenised table with its facts, whole or not at all."""
    with whole(path) as beside:
        pq.write_table(table.replace_schema_metadata({"task": json.dumps(facts)}), beside)


def read(path):
    """A tokenised table and its facts."""
    try:
        table = pq.read_table(path)
        return table, json.loads(table.schema.metadata[b"task"])
    except (OSError, pa.ArrowException, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a tokenised split ({error})")


def sample(table, size, seed):
    """`size` rows chosen without replacement, in their order; all for size None or too large."""
    if size is None or size >= len(table):
        return table
    chosen = np.random.default_rng(seed).choice(len(table), size, replace=False)
    return table.take(np.sort(chosen))
