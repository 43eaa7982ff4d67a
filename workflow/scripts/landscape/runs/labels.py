"""Which run a table is of: (arm, task, seed), the first columns of every table."""

import pandas as pd

NAMES = ("arm", "task", "seed")


def add_argument(parser):
    parser.add_argument("--labels", nargs=3, metavar=("ARM", "TASK", "SEED"), required=True)


def label(table, labels):
    """The table with the columns arm, task and seed before its own."""
    columns = dict(zip(NAMES, labels, strict=True))
    columns["seed"] = int(columns["seed"])
    return pd.concat([pd.DataFrame(columns, index=table.index), table], axis=1)
