"""Dev accuracy of trained models, whole and with layer groups put back to θ0: Table 1."""

import numpy as np
from landscape.claims import intervals, tables
from landscape.claims.measured import wrong

WHOLE = "none"  # the group that was put back


def read(paths, arm, tasks=None):
    """One row a task and group of rollback.py's tables, as `accuracies`; tasks in this order.

    Raises InputError where runs were not rolled back alike.
    """
    columns = ["group", "layers", "dev_correct", "dev_n", "dev_right"]
    rows = tables.read(paths, [*tables.KEY, *columns])
    rows = tables.select(rows, task=tasks, arm=[arm])
    check(rows)
    return accuracies(rows)


def accuracies(rollbacks):
    """One row a task and group: the mean over seeds, its interval, the change, in percent."""
    share = rollbacks["dev_correct"] / rollbacks["dev_n"]
    cells = rollbacks.assign(accuracy=100 * share).groupby(["task", "group"], sort=False)
    table = cells.agg(
        layers=("layers", "first"),
        accuracy=("accuracy", "mean"),
        n=("dev_n", "first"),
        seeds=("seed", "nunique"),
    ).reset_index()
    ends = [interval(of["dev_right"]) for _, of in cells]
    table.insert(4, "low", [100 * low for low, _ in ends])
    table.insert(5, "high", [100 * high for _, high in ends])
    whole_model = table[table["group"] == WHOLE].set_index("task")["accuracy"]
    table.insert(4, "change", table["accuracy"] - table["task"].map(whole_model))
    return table


def interval(right):
    """95 % of the accuracy: of one run over its examples (Wilson), of several over both.

    right: a text of 0 and 1 of each run, whose examples are the same.
    """
    errors = np.array([wrong(text) for text in right])
    without = np.array([intervals.mean_without_each(run) for run in errors])
    of_both = intervals.welch(intervals.Side(errors.mean(axis=1), (without,)))
    if len(errors) == 1 or np.isnan(of_both.error):  # all alike: as if it were one
        return intervals.wilson(1 - of_both.value, errors.shape[1])
    return max(0.0, 1 - of_both.high), min(1.0, 1 - of_both.low)


def check(rollbacks):
    """Each run has the groups of the first, on the same layers and the same dev examples."""
    groups = None
    for (task, seed), run_ in rollbacks.groupby(["task", "seed"], sort=False):
        found = list(run_["group"])
        groups = groups or [WHOLE, *(group for group in dict.fromkeys(found) if group != WHOLE)]
        if found != groups:
            expected = ", ".join(groups)
            tables.stop(
                run_, f"{task}, seed {seed}: groups {', '.join(found)}, expected {expected}"
            )
    for by, column in (("group", "layers"), ("task", "dev_n")):
        for key, values in rollbacks.groupby(by)[column]:
            if values.nunique() > 1:
                found = ", ".join(map(str, values.unique()))
                tables.stop(rollbacks, f"{by} {key} has {column} {found}, expected one")
