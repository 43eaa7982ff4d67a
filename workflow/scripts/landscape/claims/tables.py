"""What figures and tables are made from: tidy tables, checked when read, and their parts."""

from pathlib import Path

import numpy as np
import pandas as pd
from landscape.jobs import parquet
from landscape.jobs.command import InputError, one_line, whole
from landscape.jobs.sealed import read_json

KEY = ["arm", "task", "seed"]
TEXT = {
    "arm",
    "task",
    "plane",
    "landmark",
    "dtype",
    "phase",
    "group",
    "layers",
    "kind",
    "dev_right",
}


def read(paths, columns):
    """The rows of all files, each of which must have these columns and a row or more."""
    table = pd.concat([_read_one(Path(path), columns) for path in paths], ignore_index=True)
    table.attrs["source"] = ", ".join(map(str, paths))  # to name where rows are missing
    return table


def read_norms(paths):
    """{(arm, task, seed): what direction.py wrote} of files …/{arm}/{task}/s{seed}/own.json."""
    return {run_of(Path(path).parent): read_json(path, "norm", "start_norm") for path in paths}


def run_of(path):
    """(arm, task, seed) of a path …/{arm}/{task}/s{seed}."""
    arm, task, seed = path.parts[-3:]
    return arm, task, int(seed.removeprefix("s"))


def _read_one(path, columns):
    table = parquet.read_frame(path)
    absent = [name for name in columns if name not in table]
    if absent:
        raise InputError(f"{path}: no column {', '.join(absent)} beside {', '.join(table)}")
    if table.empty:
        raise InputError(f"{path}: no rows below its header, expected one or more")
    for name in set(columns) - TEXT:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise InputError(f"{path}: column {name} holds text, expected numbers")
    return table


def stop(table, what):
    """Raise an InputError that names the files of a table."""
    raise InputError(f"{table.attrs['source']}: {what}")


def read_surfaces(paths, measured, **wanted):
    """The wanted points, of each first seed, with `classes`, the number that the task has.

    Landmarks are those of float32, whatever the grid's dtype is.
    """
    columns = [*KEY, "plane", "alpha", "beta", "landmark", "dtype", measured, "train_predicted_0"]
    points = first_seed(select(read(paths, columns), **wanted))
    points = points[points["landmark"].isna() | (points["dtype"] == "float32")].copy()
    points["landmark"] = points["landmark"].astype(object).where(points["landmark"].notna(), "")
    counted = points.filter(regex=r"^train_predicted_\d+$").notna()
    classes = counted.groupby(points["task"]).any().sum(axis="columns")
    points["classes"] = points["task"].map(classes)
    return points


def read_trajectories(paths, measured, points, **wanted):
    """The wanted epochs of the runs whose surfaces are drawn, with the same seeds."""
    columns = [*KEY, "epoch", "phase", "alpha", "beta", "eq4_alpha", "eq5_beta", measured]
    epochs = select(read(paths, columns), **wanted)
    runs = points[KEY].drop_duplicates()
    for run in runs.itertuples(index=False):
        one(epochs, **run._asdict())
    source = epochs.attrs
    epochs = runs.merge(epochs.sort_values("epoch", kind="stable"), how="left", on=KEY)
    epochs.attrs = source
    return epochs


def select(table, **wanted):
    """The rows with the wanted values of each column, in their order; None wants all."""
    for column, values in wanted.items():
        found = list(table[column].unique())
        for value in values or ():
            if value not in found:
                stop(table, f"no rows with {column} {value}, only {', '.join(found)}")
        place = {value: i for i, value in enumerate(values or found)}
        table = table[table[column].isin(place)].sort_values(
            column, key=lambda cells, place=place: cells.map(place), kind="stable"
        )
    return table


def first_seed(table):
    """The rows of the first seed of each run."""
    return table[table["seed"] == table.groupby(["arm", "task"])["seed"].transform("min")].copy()


def one(table, **key):
    """The rows of one panel. A figure has no empty panels, so there must be some."""
    rows = table
    for column, value in key.items():
        rows = rows[rows[column] == value]
    if rows.empty:
        wanted = ", ".join(f"{column} {value}" for column, value in key.items())
        stop(table, f"no rows with {wanted}; give the file that has them or fewer --tasks")
    return rows


def arms(table, labels):
    """{arm: label} of the arms at hand: in the order of the labels, then those without one."""
    there = list(table["arm"].unique())
    order = [arm for arm in labels if arm in there]
    return {arm: labels.get(arm, arm) for arm in [*order, *(a for a in there if a not in order)]}


def grid(points, measured):
    """The grid's alphas, betas and values[beta, alpha]. A gap is an error, not a NaN."""
    points = points[points["landmark"] == ""]
    alphas, betas = np.unique(points["alpha"]), np.unique(points["beta"])
    twice = points.duplicated(["alpha", "beta"]).any()
    if twice or len(points) != len(alphas) * len(betas) or min(len(alphas), len(betas)) < 2:
        stop(
            points,
            f"{len(points)} grid points for {len(alphas)} alphas and {len(betas)} betas in one "
            "panel, expected each pair once and two or more of both",
        )
    values = points.pivot(index="beta", columns="alpha", values=measured)
    return alphas, betas, values.to_numpy(float)


def measured(points):
    """Without what was filled in, on a plane that is measured more finely in parts."""
    return points[~_filled(points)]


def _filled(points):
    if "filled" not in points:
        return pd.Series(False, points.index)
    return points["filled"].eq(True)  # missing beside surfaces that have none


def non_finite(points, measured):
    """(alphas, betas) of the points of the grid where NaN was measured, and of infinite ones."""
    alphas, betas, values = grid(points, measured)
    _, _, filled = grid(points.assign(filled=_filled(points)), "filled")
    places = [np.nonzero(found & (filled == 0)) for found in (np.isnan(values), np.isinf(values))]
    return [(alphas[a], betas[b]) for b, a in places]


def around(points, epochs, margin):
    """The points within the grid lines that hold start, end, all epochs and a margin."""
    reach = {
        "alpha": [0, 1, *epochs["alpha"], *epochs["eq4_alpha"]],
        "beta": [0, *epochs["beta"], *epochs["eq5_beta"]],
    }
    for axis, values in reach.items():
        lines = np.unique(points.loc[points["landmark"] == "", axis])
        first = np.searchsorted(lines, np.nanmin(values) - margin, "right") - 1
        last = np.searchsorted(lines, np.nanmax(values) + margin)
        low, high = lines[max(first, 0)], lines[min(last, len(lines) - 1)]
        points = points[points[axis].between(low, high)]
    return points


def read_csv(path):
    """What `write_csv` wrote. Raises InputError where it is no table."""
    # pandas would also take names such as "None" and "null" for missing values
    missing = {"keep_default_na": False, "na_values": ["", "nan", "NaN"]}
    try:
        return pd.read_csv(path, dtype=dict.fromkeys(TEXT, str), **missing)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no table ({one_line(error)}); delete it to have it made again")


def write_csv(table, path, measured=()):
    """NaN in a measured column is a result and written as such; elsewhere the cell is empty."""
    texts = {name: table[name].astype(object).fillna("NaN") for name in measured}
    with whole(path) as beside:
        table.assign(**texts).to_csv(beside, index=False, lineterminator="\n")


def markdown(header, rows, numbers=False):
    """The lines of a Markdown table of texts. numbers: all but the first column is set right."""
    rules = ["---"] + ["---:" if numbers else "---"] * (len(header) - 1)
    return [f"| {' | '.join(cells)} |" for cells in (header, rules, *rows)]
