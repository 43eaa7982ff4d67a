"""Figure 1: training-loss surfaces of training from scratch (top) and of fine-tuning (bottom)."""

import numpy as np
from landscape import names
from landscape.claims import tables
from landscape.figures import legends, options, panels, scales, style
from landscape.jobs.command import run

DRAWN = [*tables.KEY, "plane", "alpha", "beta", "landmark", "train_loss"]


def _on_path(points):
    return (points["beta"] == 0) & points["alpha"].between(0, 1)


def draw_path(ax, points, top):
    """The path from start to end over measured points; those above the top are drawn on it."""
    steps = tables.measured(points[_on_path(points)]).sort_values("alpha")
    loss = steps["train_loss"]
    height = loss.clip(upper=top).where(np.isfinite(loss))
    ax.plot(steps["alpha"], steps["beta"], height, color="black", linewidth=1, zorder=4)
    for name, side in (("start", "right"), ("end", "left")):
        marker, label = style.START_END[name]
        point = tables.one(steps, landmark=name).iloc[0]
        loss = point["train_loss"]
        place = point["alpha"], point["beta"], min(loss, top) if np.isfinite(loss) else 0.0
        ax.scatter(*place, depthshade=False, zorder=6, **panels.marked(marker))
        words = ax.text(*place, f"   {label} {loss:.2f}   ", ha=side, va="center", size=6, zorder=7)
        words.set_path_effects(style.HALO)


def frame(ax, scale):
    """Ticks and point of view of a 3D panel."""
    for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        ticks = np.linspace(*limits, 3)
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_zticks(list(scale.ticks), [f"{tick:.2g}" for tick in scale.ticks])
    ax.tick_params(pad=-4)
    ax.set_xlabel(r"$\alpha$", labelpad=-11)
    ax.set_ylabel(r"$\beta$", labelpad=-11)
    ax.view_init(elev=32, azim=-62)
    ax.set_box_aspect((1, 1, 0.8), zoom=1.1)


def main(argv=None):
    parser = options.parser(__doc__, "surfaces")
    parser.add_argument(
        "--curves",
        nargs="*",
        default=[],
        metavar="FILE",
        help="1D curves, for a finer path from start to end",
    )
    options.add_colour_map(parser)
    options.add_ceiling(parser)
    args = parser.parse_args(argv)
    points = tables.read_surfaces(args.surfaces + args.curves, "train_loss", task=args.tasks)
    points["line"] = points.groupby("plane")["beta"].transform("nunique") == 1
    points = points[_on_path(points) | ~points["line"]]
    arms, tasks = tables.arms(points, args.arms), points["task"].unique()

    known = tables.measured(points)
    figure, axes = style.canvas(len(arms), len(tasks), subplot_kw={"projection": "3d"})
    for column, task in zip(axes.T, tasks):
        # one scale for both arms, in height and in colour, so that their widths compare
        scale = scales.loss_scale(points[points["task"] == task], args.colour_map, args.ceiling)
        for ax, arm in zip(column, arms):
            panel = tables.one(points, task=task, arm=arm)
            panels.surface(ax, tables.one(panel, line=False), "train_loss", scale)
            draw_path(ax, panel, scale.top)
            frame(ax, scale)
        column[0].set_title(names.task_name(task))
        legends.colour_bar(figure, column, scale, "training loss")
    for ax, name in zip(axes[:, 0], arms.values()):
        ax.text2D(-0.08, 0.5, name, rotation=90, va="center", size=7, transform=ax.transAxes)
    legends.legend(
        figure, legends.marker_entries() + legends.non_finite_entries(known["train_loss"])
    )
    style.save(figure, args, known[DRAWN], ["train_loss"])


if __name__ == "__main__":
    run(main)
