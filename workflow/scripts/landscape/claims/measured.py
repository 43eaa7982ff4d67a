"""What was measured of one run, and where it lies in its tables."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from landscape.surfaces import folds

# what a measure can be left without a fold of: examples, and the random draws of sharpness
SETS = (*folds.MEASURED, "draws")


class Unknown(Exception):
    """A measure has no value for a run; the message says why."""


class NotMeasured(Unknown):
    """The study does not measure that of this run, as planes of other seeds than the first."""


@dataclass
class Run:
    """What was measured of one run: (arm, task, seed). Tables as the workflow writes them."""

    arm: str
    task: str
    seed: int
    planes: dict = field(
        default_factory=dict
    )  # by the study's names, or a layer group's: a surface
    tables: dict = field(default_factory=dict)  # log, scores, projection, rollback, sample, …
    norms: dict = field(default_factory=dict)  # what direction.py wrote
    depth: float | None = None  # of the basins that are compared: see `level`
    left_out: str = ""  # what of its examples: see `without`

    def __str__(self):
        return f"{self.arm} {self.task} seed {self.seed}{self.left_out}"

    def without(self, split, fold):
        """The run as measured without one fold of its train or dev examples, or of its draws."""
        left_out = f" without fold {fold} of its {split}"
        if split == "draws":
            return replace(self, tables=self._without_draws(fold), left_out=left_out)
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
        left_out += " examples"
        return replace(self, planes=swapped(self.planes), tables=tables, left_out=left_out)

    def _without_draws(self, fold):
        if "sharpness" not in self.tables:
            return self.tables
        table = self.tables["sharpness"]
        out = (table["kind"] == "average") & (table["draw"] % folds.FOLDS == fold)
        return self.tables | {"sharpness": table[~out]}

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

    def landmark(self, name, plane=None, dtype="float32"):
        """The row of a landmark on a plane; on the first that has it, if none is named."""
        for points in [self.plane(plane)] if plane else self.planes.values():
            rows = points[(points["landmark"] == name) & (points["dtype"] == dtype)]
            if len(rows):
                return rows.iloc[0]
        raise NotMeasured(f"no {name} on a surface of {self}")

    def line(self, plane):
        """The points of a plane with β = 0 by α, with its landmarks, all as the grid was measured.

        Where no line of the grid has β = 0, the mean of the two beside it.
        """
        points = grid(self.plane(plane))
        (dtype,) = points["dtype"].unique()
        nearest = points["beta"].abs().min()
        line = points.loc[points["beta"].abs() <= nearest + 1e-9, ["alpha", "train_loss"]]
        known = self.plane(plane)
        known = known[known["landmark"].notna() & (known["dtype"] == dtype)]
        line = line[~line["alpha"].isin(known["alpha"])]
        alphas, place = np.unique(line["alpha"], return_inverse=True)
        losses = np.bincount(place, line["train_loss"]) / np.bincount(place)  # NaN stays
        line = pd.DataFrame({"alpha": alphas, "train_loss": losses})
        return pd.concat([line, known[["alpha", "train_loss"]]]).sort_values("alpha")

    def guessing(self):
        """The lowest loss, in nats, that one constant prediction can have: the labels' entropy.

        Of the training examples on which the loss is measured. ln(classes) where all classes are
        as frequent, less where they are not: there it is no feat to be below ln(classes).
        """
        shares = self.table("sample")["label"].value_counts(normalize=True)
        return float(-(shares * np.log(shares)).sum())

    def collapsed(self):
        return gives_one_class(self.landmark("end"))


def gives_one_class(point):
    """Whether the model at a point of a surface gives (almost) all dev examples one class."""
    predicted = point.filter(regex=r"^dev_predicted_\d+$")
    return bool(predicted.max() >= 0.99 * point["dev_n"])


def grid(points):
    """The grid's points, by α then β; landmarks left out."""
    return points[points["landmark"].isna()].sort_values(["alpha", "beta"])
