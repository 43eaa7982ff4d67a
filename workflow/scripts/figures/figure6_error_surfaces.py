"""Figure 6: dev-error surfaces of training from scratch (top) and of fine-tuning (bottom)."""

from landscape import names
from landscape.claims import tables
from landscape.figures import legends, options, panels, scales, style
from landscape.jobs.command import run

DRAWN = [*tables.KEY, "alpha", "beta", "landmark", "dev_error"]


def main(argv=None):
    parser = options.parser(__doc__, "surfaces")
    options.add_colour_map(parser)
    args = parser.parse_args(argv)
    points = tables.read_surfaces(args.surfaces, "dev_error", task=args.tasks)
    arms, tasks = tables.arms(points, args.arms), points["task"].unique()

    known = tables.measured(points)
    figure, axes = style.canvas(len(arms), len(tasks), sharex=True, sharey=True)
    for column, task in zip(axes.T, tasks):
        # one scale for both arms, so that the colours of a column compare
        scale = scales.error_scale(points.loc[points["task"] == task, "dev_error"], args.colour_map)
        for ax, arm in zip(column, arms):
            panel = tables.one(points, task=task, arm=arm)
            panels.contour(ax, panel, "dev_error", scale)
            panels.landmarks(ax, panel)
        legends.colour_bar(figure, column, scale, "dev error")
    legends.name_panels(axes, map(names.task_name, tasks), arms.values())
    legends.legend(
        figure, legends.marker_entries() + legends.non_finite_entries(known["dev_error"])
    )
    style.save(figure, args, known[DRAWN], ["dev_error"])


if __name__ == "__main__":
    run(main)
