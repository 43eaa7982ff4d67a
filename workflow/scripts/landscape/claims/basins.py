"""How wide, flat and smooth the loss is about the end of a run and on the way there, and the error.

Measures as `measures` describes them. Flat is not one thing: a width or a curvature belongs to a
direction and a unit, and rescaling weights changes both (Dinh et al. 2017), so there are several.
"""

import numpy as np
from landscape.claims.measured import NotMeasured, Unknown, once
from landscape.surfaces import folds
from landscape.words import BASIN, CONTROL, CURVE, WAY, line_of
from scipy.stats import rankdata


@once
def depth(run):
    """How far the end lies below the loss of guessing."""
    end = run.landmark("end")["train_loss"]
    if not np.isfinite(end):
        raise Unknown(f"the loss at the end of {run} is not finite")
    deep = run.guessing() - end
    if deep <= 0:
        raise Unknown(f"{run} ends no better than guessing")
    return float(deep)


def level(run, plane=None):
    """Where a basin ends: half the depth of the shallower of the two that are compared.

    The same height above both ends, so that a lower end does not look wider by itself.
    """
    (dtype,) = run.grid(plane)["dtype"].unique() if plane else ("float32",)
    end = run.landmark("end", plane, dtype)["train_loss"]
    return end + min(depth(run), run.beside.depth or np.inf) / 2


def width(run, plane=CURVE, centre=1.0):
    """Length along δ1, in ‖δ1‖, around the end where the loss stays under its `level`."""
    line = run.line(plane)
    places, losses = line["alpha"].to_numpy(), line["train_loss"].to_numpy()
    if not places[0] < centre < places[-1]:
        raise Unknown(f"the end of {run} is not within the range of its {plane}")
    value = length_under(places, losses, centre, level(run, plane))
    if np.isinf(value):
        raise Unknown(f"the basin of {run} reaches the edge of its {plane}")
    return value


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


def width_in_distance(run):
    """`width` in ‖Δθ‖."""
    return width(run) * run.norm()


def relative_width(run):
    """`width` in ‖Δθ‖ over ‖θ0‖, so that larger parameters may move further."""
    return width(run) * run.norm() / run.norm("start_norm")


def share_of_plane(run):
    """Share of the plane about the end where the loss is under its `level`."""
    return _share(run, BASIN)


def share_of_random_plane(run):
    """The same of the filter-normalised random plane, whose unit is the size of the weights."""
    return _share(run, CONTROL)


def _share(run, plane):
    return float((run.grid(plane)["train_loss"] <= level(run, plane)).mean())


def group_width(run, group):
    """Length along the group's own δ1, in units of it, around the end under its `level`."""
    return width(run, line_of(group), centre=0.0)


def low_minus_high_width(run, low, high):
    """`group_width` of the low layers' group minus that of the high ones'."""
    return group_width(run, low) - group_width(run, high)


def curvature(run, reach=0.5):
    """Second derivative, in loss / ‖δ1‖², of a parabola through the losses beside the end.

    Of the points within `reach` of it along δ1, five at least.
    """
    line = run.line(CURVE)
    near = line[(line["alpha"] - 1).abs() <= reach + 1e-9]
    losses = near["train_loss"].to_numpy()
    if len(near) < 5 or not np.isfinite(losses).all():
        raise Unknown(f"fewer than five finite losses within {reach} of the end of {run}")
    return 2 * float(np.polyfit(near["alpha"] - 1, losses, 2)[0])


def relative_curvature(run):
    """`curvature` in loss / (‖Δθ‖/‖θ0‖)²."""
    return curvature(run) * (run.norm("start_norm") / run.norm()) ** 2


def rises(run, kind):
    """Rises of the loss above the end, of one kind of sharpness; all must be finite."""
    table = run.table("sharpness")
    rows = table[table["kind"] == kind]
    if rows.empty:
        raise NotMeasured(f"no {kind} sharpness of {run}")
    (end,) = table.loc[table["kind"] == "end", "train_loss"]
    rise = rows["train_loss"] - end
    if lost := int((~np.isfinite(rise)).sum()):
        raise Unknown(f"{lost} of {len(rise)} rises of the {kind} sharpness of {run} not finite")
    return rise


def average_sharpness(run):
    """Mean rise of the loss over random draws of a relative change of all weights."""
    return float(rises(run, "average").mean())


def worst_sharpness(run):
    """Largest rise of the loss on an ascent within a ball of relative changes of all weights.

    What the ascent found, so at most the true one.
    """
    return float(rises(run, "worst").max())


def way(run):
    """Losses from start to end along the line, both included, and of each without each fold.

    (n,) and (n, folds).
    """
    line = run.line(WAY, tuple(folds.columns("train")))
    losses = line["train_loss"].to_numpy()
    if len(losses) < 3 or not np.isfinite(losses).all():
        raise Unknown(f"losses between start and end of {run} are not all finite")
    return losses, line[folds.columns("train")].to_numpy()


def largest_rise(run):
    """The most that the loss rises on the way from start to end: 0 where it only falls."""
    losses, _ = way(run)
    return float((losses - np.minimum.accumulate(losses)).max())


def barrier(run):
    """How far the loss rises above the higher of start and end on the line between them."""
    losses, _ = way(run)
    return float(max(0.0, losses.max() - max(losses[0], losses[-1])))


def rising_share(run):
    """Share of the steps from start to end on which the loss rises by two standard errors or more.

    Of each step's own rise, over the examples (jackknife over their folds).
    """
    losses, without = way(run)
    number = without.shape[1]
    error = np.sqrt((number - 1) * np.diff(without, axis=0).var(axis=1))
    return float((np.diff(losses) > 2 * error).mean())


def in_basin(run):
    """The points about the end whose loss is below that of guessing; the rest is blow-up."""
    points = run.grid(BASIN)
    return points[points["train_loss"] < run.guessing()]


def agreement(run):
    """Spearman's correlation of training loss and dev error over the points in the basin."""
    points = in_basin(run)
    if len(points) < 5 or points["dev_error"].nunique() < 2:
        raise Unknown(
            f"{len(points)} points of {run} in its basin, or one dev error at all of them"
        )
    loss, error = (rankdata(points[name]) for name in ("train_loss", "dev_error"))
    return float(np.corrcoef(loss, error)[0, 1])


def shift_of_minima(run):
    """Distance on the plane, in ‖δ1‖, between the lowest training loss and the lowest dev error."""
    points = run.grid(BASIN)
    finite = points[np.isfinite(points["train_loss"])]
    if finite.empty:
        raise Unknown(f"no finite loss on the plane of {run}")
    lowest = finite.loc[finite["train_loss"].idxmin(), ["alpha", "beta"]].to_numpy(float)
    least = finite["dev_error"] == finite["dev_error"].min()
    best = finite.loc[least, ["alpha", "beta"]].to_numpy(float)  # the nearest of equals
    return float(np.linalg.norm(best - lowest, axis=1).min())
