"""Figure 7: training-loss surfaces of layer groups around the fine-tuned model."""

from landscape import figures, tables
from landscape.command import run

DRAWN = [*tables.KEY, "plane", "alpha", "beta", "landmark", "train_loss"]


def main(argv=None):
    parser = figures.parser(__doc__, "surfaces")
    figures.add_init(parser)
    figures.add_colour_map(parser)
    figures.add_ceiling(parser)
    args = parser.parse_args(argv)
    wanted = {"plane": list(tables.GROUPS), "task": args.tasks, "init": [args.init]}
    points = tables.read_surfaces(args.surfaces, "train_loss", **wanted)
    tasks = points["task"].unique()

    figure, axes = figures.canvas(len(tasks), len(tables.GROUPS), 0.87, sharex=True, sharey=True)
    for row, task in zip(axes, tasks):
        # one scale for all groups, so that the colours of a row compare
        scale = figures.loss_scale(points[points["task"] == task], args.colour_map, args.ceiling)
        for ax, group in zip(row, tables.GROUPS):
            panel = tables.one(points, task=task, plane=group)
            figures.contour(ax, panel, "train_loss", scale)
            figures.landmarks(ax, panel, figures.ROLLED_BACK)
        figures.colour_bar(figure, row, scale, "training loss", "right")
    figures.name_panels(axes, tables.GROUPS.values(), map(figures.task_name, tasks))
    figures.legend(
        figure,
        figures.marker_entries(figures.ROLLED_BACK)
        + figures.non_finite_entries(points["train_loss"]),
    )
    figures.save(figure, args, points[DRAWN], ["train_loss"])


if __name__ == "__main__":
    run(main)
