"""Figure 7: training-loss surfaces of layer groups around the fine-tuned model."""

from landscape import names
from landscape.claims import tables
from landscape.figures import legends, options, panels, scales, style
from landscape.jobs.command import run

DRAWN = [*tables.KEY, "plane", "alpha", "beta", "landmark", "train_loss"]


def main(argv=None):
    parser = options.parser(__doc__, "surfaces")
    names.add_arm(parser)
    options.add_colour_map(parser)
    options.add_ceiling(parser)
    args = parser.parse_args(argv)
    wanted = {"task": args.tasks, "arm": [args.arm]}
    points = tables.read_surfaces(args.surfaces, "train_loss", **wanted)
    tasks, groups = points["task"].unique(), points["plane"].unique()

    known = tables.measured(points)
    figure, axes = style.canvas(len(tasks), len(groups), 0.87, sharex=True, sharey=True)
    for row, task in zip(axes, tasks):
        # one scale for all groups, so that the colours of a row compare
        scale = scales.loss_scale(points[points["task"] == task], args.colour_map, args.ceiling)
        for ax, group in zip(row, groups):
            panel = tables.one(points, task=task, plane=group)
            panels.contour(ax, panel, "train_loss", scale)
            panels.landmarks(ax, panel, style.ROLLED_BACK)
        legends.colour_bar(figure, row, scale, "training loss", "right")
    legends.name_panels(axes, map(names.group_name, groups), map(names.task_name, tasks))
    legends.legend(
        figure,
        legends.marker_entries(style.ROLLED_BACK) + legends.non_finite_entries(known["train_loss"]),
    )
    style.save(figure, args, known[DRAWN], ["train_loss"])


if __name__ == "__main__":
    run(main)
