"""Figure 5: normalised training loss along δ1, from scratch (dashed) and fine-tuned (solid)."""

import numpy as np
from landscape import names
from landscape.claims import tables
from landscape.figures import legends, options, panels, style
from landscape.jobs.command import run

DRAWN = [*tables.KEY, "alpha", "landmark", "train_loss", "normalised_loss"]


def normalise(curve, ceiling):
    """0 is the curve's own lowest loss, 1 a ceiling that both curves of a task share.

    Plain min-max would stretch each curve by how far it explodes at the ends, which says nothing
    about its optimum.
    """
    top = ceiling * np.log(curve["classes"].iloc[0])
    low = curve["train_loss"].where(np.isfinite(curve["train_loss"])).min()
    if low >= top:
        tables.stop(curve, f"lowest loss {low:.3g} is above the ceiling {top:.3g}: raise --ceiling")
    return (curve["train_loss"] - low) / (top - low)


def main(argv=None):
    parser = options.parser(__doc__, "curves")
    options.add_ceiling(parser)
    args = parser.parse_args(argv)
    points = tables.read_surfaces(args.curves, "train_loss", task=args.tasks)
    points = points.sort_values("alpha", kind="stable")
    points["normalised_loss"] = np.nan
    for _, curve in points.groupby(["arm", "task"]):
        points.loc[curve.index, "normalised_loss"] = normalise(curve, args.ceiling)
    arms, tasks = tables.arms(points, args.arms), points["task"].unique()

    lines = style.lines(arms)
    figure, axes = style.canvas(1, len(tasks), shape=0.85, sharex=True, sharey=True)
    for ax, task in zip(axes[0], tasks):
        for arm in arms:
            curve = tables.one(points, task=task, arm=arm)
            panels.line(ax, curve["alpha"], curve["normalised_loss"], lines[arm])
            for name, (marker, _) in style.START_END.items():
                point = tables.one(curve, landmark=name)
                ax.scatter(
                    "alpha", "normalised_loss", data=point, zorder=6, **panels.marked(marker)
                )
        ax.set(title=names.task_name(task), xlabel=r"$\alpha$", ylim=(-0.05, 1))
    axes[0, 0].set_ylabel("normalised training loss")
    entries = legends.line_entries(arms) + legends.marker_entries()
    legends.legend(figure, entries + legends.non_finite_entries(points["train_loss"], "black"))
    style.save(figure, args, points[DRAWN], ["train_loss", "normalised_loss"])


if __name__ == "__main__":
    run(main)
