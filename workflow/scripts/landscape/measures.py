"""Numbers for what pictures show, of one run, each with what its examples leave open.

A measure takes a `Run` and gives (value, low, high), where low and high bound it with 95 %
confidence if other examples of the same kind had been measured; they are NaN where no examples are
behind the value. It raises `Unknown` with the reason where there is no value.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

Z = 1.959964  # of 95 %
NONE = float("nan")


class Unknown(Exception):
    """A measure has no value for a run; the message says why."""


class NotMeasured(Unknown):
    """The study does not measure that of this run, as planes of other seeds than the first."""


@dataclass
class Run:
    """What was measured of one run: (init, task, seed). Tables as the workflow writes them."""

    init: str
    task: str
    seed: int
    planes: dict = field(default_factory=dict)  # curve, full or a layer group: a surface
    tables: dict = field(default_factory=dict)  # log, scores, projection, longer, rollback
    norms: dict = field(default_factory=dict)  # what direction.py wrote
    depth: float | None = None  # of the basins that are compared: see `level`

    def __str__(self):
        return f"{self.init} {self.task} seed {self.seed}"

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
        columns = ["train_loss", "train_loss_se"]
        line = points[points["beta"].abs() <= nearest + 1e-9]
        line = line.groupby("alpha", as_index=False)[columns].agg(lambda x: x.to_numpy().mean())
        known = self.plane(plane)
        known = known[known["landmark"].notna() & (known["dtype"] == dtype)]
        line = line[~line["alpha"].isin(known["alpha"])]
        return pd.concat([line, known[["alpha", *columns]]]).sort_values("alpha")

    def guessing(self):
        """The loss of guessing: ln(classes)."""
        end = self.landmark("end")
        return float(np.log(end.filter(regex=r"^train_predicted_\d+$").notna().sum()))

    def collapsed(self):
        """Whether the final model gives (almost) all dev examples one class."""
        end = self.landmark("end")
        predicted = end.filter(regex=r"^dev_predicted_\d+$")
        return predicted.max() >= 0.99 * end["dev_n"]


def grid(points):
    """The grid's points, by α then β; landmarks left out."""
    return points[points["landmark"].isna()].sort_values(["alpha", "beta"])


def with_error(value, error):
    return value, value - Z * error, value + Z * error


def wilson(share, n):
    """The 95 % interval of a binomial share (Wilson 1927): stays within 0 and 1."""
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return centre - half, centre + half


def minus(a, b):
    """a − b of two independent (value, low, high) (Zou and Donner 2008: keeps skewed bounds)."""
    difference = a[0] - b[0]
    low = difference - np.hypot(a[0] - a[1], b[2] - b[0])
    high = difference + np.hypot(a[2] - a[0], b[0] - b[1])
    return difference, low, high


# how wide, how flat, how smooth


def depth(run):
    """How far the end lies below the loss of guessing."""
    deep = run.guessing() - run.landmark("end")["train_loss"]
    if not deep > 0:
        raise Unknown(f"{run} ends no better than guessing")
    return float(deep)


def level(run, plane=None):
    """Where a basin ends: half the depth of the shallower of the two that are compared.

    The same height above both ends, so that a lower end does not look wider by itself.
    """
    (dtype,) = grid(run.plane(plane))["dtype"].unique() if plane else ("float32",)
    end = run.landmark("end", plane, dtype)["train_loss"]
    return end + min(depth(run), run.depth or np.inf) / 2


def width(run, plane="curve", centre=1.0):
    """Length along δ1, in ‖δ1‖, around the end where the loss stays under its `level`.

    The bounds move all losses by their error at once: examples are the same at all points.
    """
    line, under = run.line(plane), level(run, plane)
    places, losses, errors = (line[c].to_numpy(float) for c in line.columns)
    if not places[0] < centre < places[-1]:
        raise Unknown(f"the end of {run} is not within the range of its {plane}")
    value, low, high = (
        length_under(places, losses + shift * errors, centre, under) for shift in (0, Z, -Z)
    )
    if np.isinf(value):
        raise Unknown(f"the basin of {run} reaches the edge of its {plane}")
    return value, low, high


def length_under(places, losses, centre, under):
    """Length of the stretch around `centre` where losses, linear between places, are under.

    Infinite where it reaches the first or the last place.
    """
    losses = np.where(np.isfinite(losses), losses, np.inf)
    fine = np.union1d(np.linspace(places[0], places[-1], 100 * len(places)), [centre])
    inside = np.interp(fine, places, np.minimum(losses, 1e30)) <= under
    at = np.searchsorted(fine, centre)
    if not inside[at]:
        return 0.0
    if inside[: at + 1].all() or inside[at:].all():
        return float("inf")
    left = at - inside[at::-1].argmin() + 1
    right = at + inside[at:].argmin() - 1
    return float(fine[right] - fine[left])


def scaled(values, factor):
    return tuple(factor * value for value in values)


def width_in_distance(run):
    """`width` in ‖Δθ‖."""
    return scaled(width(run), run.norm())


def relative_width(run):
    """`width` in ‖Δθ‖ over ‖θ0‖, so that larger parameters may move further."""
    return scaled(width(run), run.norm() / run.norm("start_norm"))


def share_of_plane(run):
    """Share of the plane where the loss is under its `level`."""
    return _share(run, "full")


def share_of_random_plane(run):
    """The same of the filter-normalised random plane, whose unit is the size of the weights."""
    return _share(run, "random")


def _share(run, plane):
    points, under = grid(run.plane(plane)), level(run, plane)
    losses, errors = points["train_loss"].to_numpy(), points["train_loss_se"].to_numpy()
    value, low, high = (float((losses + shift * errors <= under).mean()) for shift in (0, Z, -Z))
    one = 1 / len(points)  # the edge runs somewhere between points
    return value, max(0.0, low - one), high + one


def group_width(run, group):
    """Length along the group's own δ1, in units of it, around the end under its `level`."""
    return width(run, group, centre=0.0)


def curvature(run, reach=0.5):
    """Second derivative, in loss / ‖δ1‖², of a parabola through the losses beside the end.

    Of the points within `reach` of it along δ1, five at least.
    """
    line = run.line("curve")
    near = line[(line["alpha"] - 1).abs() <= reach + 1e-9]
    losses = near["train_loss"].to_numpy()
    if len(near) < 5 or not np.isfinite(losses).all():
        raise Unknown(f"fewer than five finite losses within {reach} of the end of {run}")
    return 2 * float(np.polyfit(near["alpha"] - 1, losses, 2)[0]), NONE, NONE


def relative_curvature(run):
    """`curvature` in loss / (‖Δθ‖/‖θ0‖)²."""
    return scaled(curvature(run), (run.norm("start_norm") / run.norm()) ** 2)


def between(run):
    """Losses from start to end along the line, both included, and their errors."""
    line = run.line("curve")
    line = line[line["alpha"].between(0, 1)]
    losses, errors = line["train_loss"].to_numpy(), line["train_loss_se"].to_numpy()
    if len(losses) < 3 or not np.isfinite(losses).all():
        raise Unknown(f"losses between start and end of {run} are not all finite")
    return losses, errors


def barrier(run):
    """How far the loss rises above the higher of start and end on the line between them."""
    losses, errors = between(run)
    ends, inner, errors = max(losses[0], losses[-1]), losses[1:-1], errors[1:-1]
    return tuple(max(0.0, (inner + shift * errors).max() - ends) for shift in (0, -Z, Z))


def rising_share(run):
    """Share of the steps from start to end, along the line, on which the loss rises."""
    losses, _ = between(run)
    return float((np.diff(losses) > 0).mean()), NONE, NONE


# how training goes


def final_loss(run):
    """Training loss at the end, without dropout, on the examples of the surfaces."""
    end = run.landmark("end")
    return with_error(end["train_loss"], end["train_loss_se"])


def loss_in_epoch(run, epoch):
    """Mean training loss, with dropout, over the steps of one epoch (from 1)."""
    log = run.table("log")
    losses = log.loc[np.ceil(log["epoch"].round(6)) == epoch, "loss"]
    if losses.empty or not np.isfinite(losses).all():
        raise Unknown(f"{run} has no finite losses in epoch {epoch}")
    return with_error(losses.mean(), losses.std() / np.sqrt(len(losses)) if len(losses) > 1 else 0)


def epochs(run):
    return int(run.table("scores")["epoch"].max())


def first_cosine(run):
    """cos(δ^1, δ1): how far the direction of the first epoch is that of all (Eq. 3)."""
    table = run.table("projection")
    if len(table) < 3:  # start and end alone
        raise Unknown(f"{run} has one epoch, whose direction is the final one")
    return float(table["cos"].iloc[1]), NONE, NONE


def straightness(run):
    """‖δ1‖ over the length of the path through the epochs: 1 is a straight line."""
    table = run.table("projection")
    if len(table) < 3:
        raise Unknown(f"{run} has one epoch, so its path is straight by construction")
    return 1 / float(table["path"].iloc[-1]), NONE, NONE


def orthogonality(run):
    """|cos(δ1, δ2)|."""
    return abs(float(run.table("projection")["cos_axes"].iloc[0])), NONE, NONE


# how it generalises


def end_error(run):
    """Dev error at the end, with its binomial interval."""
    last = run.table("scores").iloc[-1]
    return last["dev_error"], *wilson(last["dev_error"], last["dev_n"])


def error_growth(run):
    """Dev error after the further epochs minus before them."""
    before, after = (run.table(name).iloc[-1] for name in ("scores", "further"))
    return minus(*((s["dev_error"], *wilson(s["dev_error"], s["dev_n"])) for s in (after, before)))


def distance_moved(run):
    """‖θ after the further epochs − θ before‖ along δ1 and off it, in ‖δ1‖, as in Fig. 4."""
    last = run.table("longer").iloc[-1]
    return float(np.hypot(last["eq4_alpha"] - 1, last["eq5_beta"])), NONE, NONE


def agreement(run):
    """Spearman correlation, over the grid, of training loss and dev error."""
    points = grid(run.plane("full"))
    points = points[np.isfinite(points["train_loss"]) & np.isfinite(points["dev_error"])]
    if len(points) < 3 or points["dev_error"].nunique() < 2:
        raise Unknown(f"too few finite points, or one dev error at all of them ({run})")
    return float(points["train_loss"].rank().corr(points["dev_error"].rank())), NONE, NONE


def shift_of_minima(run):
    """Distance on the plane, in ‖δ1‖, between the lowest training loss and the lowest dev error."""
    points = grid(run.plane("full"))
    finite = points[np.isfinite(points["train_loss"])]
    if finite.empty:
        raise Unknown(f"no finite loss on the plane of {run}")
    lowest = finite.loc[finite["train_loss"].idxmin(), ["alpha", "beta"]].to_numpy(float)
    least = finite["dev_error"] == finite["dev_error"].min()
    best = finite.loc[least, ["alpha", "beta"]].to_numpy(float)  # the nearest of equals
    return float(np.linalg.norm(best - lowest, axis=1).min()), NONE, NONE


# what layers do


def high_minus_low(run):
    """Dev accuracy lost by putting back the high layers minus that by the low ones."""
    table = run.table("rollback").set_index("group")
    shares = table["dev_correct"] / table["dev_n"]
    bounds = {g: (shares[g], *wilson(shares[g], table["dev_n"][g])) for g in ("low", "high")}
    return minus(bounds["low"], bounds["high"])


def low_minus_high_width(run):
    """`group_width` of the low layers minus that of the high ones."""
    return minus(group_width(run, "low"), group_width(run, "high"))


def movement(run, layers):
    """‖δ‖/‖θ0‖ of layers `first` to `last` as one vector."""
    first, last = layers
    numbers = [str(n) for n in range(first, last + 1)]
    moved, size = (
        np.sqrt(sum(run.norm(of, number) ** 2 for number in numbers))
        for of in ("norm", "start_norm")
    )
    return float(moved / size), NONE, NONE
