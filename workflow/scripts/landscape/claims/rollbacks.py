"""Dev accuracy of trained models, whole and with layer groups put back to θ0: Table 1."""

from landscape.claims import tables
from landscape.claims.intervals import wilson

WHOLE = "none"  # the group that was put back


def read(paths, arm, tasks=None):
    """One row a task and group of rollback.py's tables, as `accuracies`; tasks in this order.

    Raises InputError where runs were not rolled back alike.
    """
    rows = tables.read(paths, [*tables.KEY, "group", "layers", "dev_correct", "dev_n"])
    rows = tables.select(rows, task=tasks, arm=[arm])
    check(rows)
    return accuracies(rows)


def accuracies(rollbacks):
    """One row a task and group: the mean over seeds, its interval, the change, in percent.

    All seeds answer the same n dev examples, so that more seeds do not narrow the interval.
    """
    share = rollbacks["dev_correct"] / rollbacks["dev_n"]
    cells = rollbacks.assign(accuracy=100 * share).groupby(["task", "group"], sort=False)
    table = cells.agg(
        layers=("layers", "first"),
        accuracy=("accuracy", "mean"),
        n=("dev_n", "first"),
        seeds=("seed", "nunique"),
    ).reset_index()
    low, high = wilson(table["accuracy"] / 100, table["n"])
    table.insert(4, "low", 100 * low)
    table.insert(5, "high", 100 * high)
    whole_model = table[table["group"] == WHOLE].set_index("task")["accuracy"]
    table.insert(4, "change", table["accuracy"] - table["task"].map(whole_model))
    return table


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
