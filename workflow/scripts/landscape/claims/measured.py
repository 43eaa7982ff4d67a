"""What was measured of one run, and where it lies in its tables."""

from dataclasses import dataclass, field, replace
from functools import wraps

import numpy as np
from landscape.surfaces import folds


class Unknown(Exception):
    """A measure has no value for a run; the message says why."""


class NotMeasured(Unknown):
    """The study does not measure that of this run, as planes of other seeds than the first."""


def once(method):
    """A method of a run that is worked out once for the same arguments: no run ever changes."""

    @wraps(method)
    def kept(run, *args):
        known = run.__dict__.setdefault("known", {})
        if (key := (method, args)) not in known:
            known[key] = method(run, *args)
        return known[key]

    return kept


@dataclass(frozen=True)
class Beside:
    """What a run has in common with those that it is compared with: see `comparison`."""

    depth: float | None = None  # of the shallower basin, in nats
    epochs: int | None = None  # of the shorter training


@dataclass(frozen=True)
class Run:
    """What was measured of one run: (arm, task, seed). Tables as the workflow writes them."""

    arm: str
    task: str
    seed: int
    planes: dict = field(default_factory=dict)  # by the study's names: a surface
    tables: dict = field(default_factory=dict)  # log, scores, projection, rollback, sample, …
    norms: dict = field(default_factory=dict)  # what direction.py wrote
    beside: Beside = Beside()
    left_out: str = ""  # what of its examples: see `without`

    def __str__(self):
        return f"{self.arm} {self.task} seed {self.seed}{self.left_out}"

    def without(self, split, fold):
        """The run as measured without one fold of its train or dev examples."""
        value = f"{split}_{folds.MEASURED[split]}"
        other = folds.columns(split)[fold]

        def swapped(tables):
            return {
                name: table.assign(**{value: table[other]}) if other in table else table
                for name, table in tables.items()
            }

        tables = swapped(self.tables)
        if split == "train" and "sample" in tables:
            sample = tables["sample"]
            tables["sample"] = sample[folds.of_examples(len(sample)) != fold]
        left_out = f" without fold {fold} of its {split} examples"
        return replace(self, planes=swapped(self.planes), tables=tables, left_out=left_out)

    def plane(self, name):
        if name not in self.planes:
            raise NotMeasured(f"no {name} surface of {self}")
        return self.planes[name]

    def table(self, name):
        if name not in self.tables:
            raise NotMeasured(f"no {name} of {self}")
        return self.tables[name]

    def norm(self, of="norm", layer="whole"):
        if of not in self.norms:
            raise NotMeasured(f"no norms of {self}")
        return self.norms[of][layer]

    @once
    def landmark(self, name, plane=None, dtype="float32"):
        """The row of a landmark on a plane; on the first that has it, if none is named."""
        for points in [self.plane(plane)] if plane else self.planes.values():
            rows = points[(points["landmark"] == name) & (points["dtype"] == dtype)]
            if len(rows):
                return rows.iloc[0]
        raise NotMeasured(f"no {name} on a surface of {self}")

    @once
    def grid(self, plane):
        """The points of a plane's grid, by α then β; landmarks left out."""
        points = self.plane(plane)
        return points[points["landmark"].isna()].sort_values(["alpha", "beta"])

    @once
    def line(self, plane, more=()):
        """The points of a curve by α, with its landmarks, all as the grid was measured.

        more: columns beside α and the training loss.
        """
        points = self.plane(plane)
        (dtype,) = self.grid(plane)["dtype"].unique()
        columns = ["alpha", "train_loss", *more]
        points = points.loc[points["dtype"] == dtype, ["landmark", *columns]]
        # where a point of the grid is a landmark, it has been measured twice
        known = points.sort_values("landmark").drop_duplicates("alpha")
        return known[columns].sort_values("alpha")

    @once
    def guessing(self):
        """The lowest loss, in nats, that one constant prediction can have: the labels' entropy.

        Of the training examples on which the loss is measured. ln(classes) where all classes are
        as frequent, less where they are not: there it is no feat to be below ln(classes).
        """
        shares = self.table("sample")["label"].value_counts(normalize=True)
        return float(-(shares * np.log(shares)).sum())

    @once
    def collapsed(self):
        """Whether it never left guessing."""
        return gives_one_class(self.table("scores").iloc[-1])

    def epochs(self):
        return int(self.table("scores")["epoch"].max())

    def wrong(self, table, row=-1):
        """(n,): 1 where the dev example is told wrong, by a row of a table that says which."""
        return wrong(self.table(table)["dev_right"].iloc[row])


def wrong(right):
    """(n,): 0 where a text of 0 and 1 says that an example is told right, else 1."""
    return 1.0 - (np.frombuffer(right.encode(), np.uint8) - ord("0"))


def gives_one_class(point):
    """Whether the model at a point of a surface, or an epoch, gives (almost) all dev one class."""
    predicted = point.filter(regex=r"^dev_predicted_\d+$")
    return bool(predicted.max() >= 0.99 * point["dev_n"])
