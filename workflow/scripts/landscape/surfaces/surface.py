"""A surface as a tidy table: one row a point, what was measured there, and what made it."""

import math

import pandas as pd
import pyarrow as pa
from landscape.jobs import parquet
from landscape.jobs.command import InputError
from landscape.surfaces import folds


def row(alpha, beta, landmark, dtype, **of_splits):
    """One row from what `evaluation.Evaluator` gave for each split: row(…, train=…, dev=…)."""
    place = {"alpha": alpha, "beta": beta, "landmark": landmark, "dtype": dtype}
    return place | measured(**of_splits)


def measured(**of_splits):
    """The columns of what `evaluation.Evaluator` gave for each split: measured(train=…, dev=…).

    What a split would give that was not measured there is missing in the table: NaN. Without each
    fold only what measures use: the training loss and the dev error.
    """
    cells = {}
    for split, values in of_splits.items():
        cells |= {f"{split}_{key}": v for key, v in values.items() if not isinstance(v, list)}
        cells |= {f"{split}_predicted_{i}": n for i, n in enumerate(values["predicted"])}
        without = values[f"{folds.MEASURED[split]}_without"]
        cells |= dict(zip(folds.columns(split), without))
    return cells


def write(table, provenance, path):
    """Write a surface, its provenance in the schema's metadata. NaN and Inf stay as they are."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    index = table.columns.get_loc("landmark")  # all-null in a chunk without landmarks
    arrow = arrow.set_column(index, "landmark", arrow["landmark"].cast(pa.string()))
    parquet.write(arrow, path, provenance=provenance)


def read(path):
    """(table, provenance) of a surface or of a chunk of one."""
    arrow, provenance = parquet.read(path, "provenance")
    return arrow.to_pandas(), provenance


def gather(chunks):
    """One surface from its chunks: landmarks first, then the grid by α and β.

    Raises InputError where the chunks were not made from the same inputs.
    """
    tables, provenance = zip(*(read(path) for path in chunks))
    for path, other in zip(chunks, provenance):
        if other != provenance[0]:
            raise InputError(f"{path} and {chunks[0]} come from different inputs; delete one")
    return in_order(pd.concat(tables, ignore_index=True)), provenance[0]


def in_order(table):
    """The points of a whole surface: landmarks first, then the grid by α and β."""
    order = table.assign(grid=table["landmark"].isna()).sort_values(
        ["grid", "alpha", "beta", "dtype"], kind="stable"
    )
    return order.drop(columns="grid").reset_index(drop=True)


def disagreements(table):
    """Landmarks that the grid's dtype puts more than a standard error from their float32 value.

    Returns lines to print; none where the whole surface is in float32.
    """
    landmarks = table[table["landmark"].notna()]
    exact = landmarks[landmarks["dtype"] == "float32"].set_index("landmark")
    lines = []
    for other in landmarks[landmarks["dtype"] != "float32"].itertuples():
        for measured in ("train_loss", "dev_error"):
            value, se = exact.loc[other.landmark, [measured, f"{measured}_se"]]
            rounded = getattr(other, measured)
            if math.isfinite(value) and not abs(rounded - value) <= se:
                lines.append(
                    f"{other.landmark}: {measured} {rounded:.6g} in {other.dtype}, {value:.6g} in "
                    f"float32 (standard error {se:.2g}); use dtype: float32"
                )
    return lines
