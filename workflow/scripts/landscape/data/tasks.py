"""Texts and labels of a classification task, turned into tokens and classes."""

import numpy as np
import pyarrow as pa
from landscape.data import sources
from landscape.jobs.command import InputError


def classes_of(labels, path, column):
    """The classes of a task, in order: the labels that occur in training (`path`).

    Raises InputError unless there are two or more, and some class has two examples or more.
    """
    classes = sorted(set(labels))
    if len(classes) < 2:
        raise InputError(
            f"{path}: {column!r} is {classes[0]} in all {len(labels)} examples; expected two "
            "classes or more"
        )
    if len(classes) == len(labels) > 2:
        raise InputError(
            f"{path}: {column!r} differs in all {len(labels)} examples ({classes[0]} to "
            f"{classes[-1]}); expected classes"
        )
    return classes


def numbered(labels, classes, path, column):
    """Each label's place among the classes, (n,). Raises InputError, with the row, for others."""
    place = {label: number for number, label in enumerate(classes)}
    if other := [i for i, label in enumerate(labels) if label not in place]:
        known = ", ".join(map(str, classes[:10])) + (", …" if len(classes) > 10 else "")
        sources.refuse(
            path, column, other, f"is {labels[other[0]]}; training has the classes {known}"
        )
    return np.array([place[label] for label in labels])


def tokenise(tokenizer, texts, labels, classes, max_length, source):
    """(table, facts) of one split; longer examples are cut to `max_length` tokens.

    texts: a list of one or two lists of str; labels: (n,) places among `classes`.
    Raises InputError, with the row of `source`, for an example without a token.
    """
    full = tokenizer(*texts, truncation=False, return_attention_mask=False, verbose=False)
    cut = tokenizer(*texts, truncation=True, max_length=max_length, return_attention_mask=False)
    lengths = [len(ids) for ids in cut["input_ids"]]
    if empty := [i for i, length in enumerate(lengths) if not length]:
        sources.refuse(source, texts[0][empty[0]], empty, "gives the model no token")
    columns = {"row": pa.array(range(len(labels)), pa.int32())}
    for key in ("input_ids", "token_type_ids"):
        if key in cut:
            columns[key] = pa.array(cut[key], pa.list_(pa.int32()))
    columns["label"] = pa.array(labels, pa.int32())
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in cut["input_ids"])
    facts = {
        "examples": len(labels),
        "labels": len(classes),
        "classes": list(classes),
        "label_counts": np.bincount(labels, minlength=len(classes)).tolist(),
        "pad_id": tokenizer.pad_token_id,
        "pad_type_id": tokenizer.pad_token_type_id,
        "padding_side": tokenizer.padding_side,
        "max_length": max_length,
        "mean_tokens": float(np.mean(lengths)),
        "unknown_tokens": unknown / sum(lengths),
        "truncated": sum(len(a) > len(b) for a, b in zip(full["input_ids"], cut["input_ids"])),
    }
    return pa.table(columns), facts
