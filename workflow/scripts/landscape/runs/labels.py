"""Which run a table is of: (init, task, seed), the first columns of every table."""

import pandas as pd

NAMES = ("init", "task", "seed")


def add_argument(parser):
    parser.add_argument("--labels", nargs=3, metavar=("INIT", "TASK", "SEED"), required=True)


def label(table, labels):
    """The table with the columns init, task and seed before its own."""
    columns = dict(zip(NAMES, labels, strict=True))
    columns["seed"] = int(columns["seed"])
    return pd.concat([pd.DataFrame(columns, index=table.index), table], axis=1)
