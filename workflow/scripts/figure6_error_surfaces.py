"""Figure 6: dev-error surfaces of training from scratch (top) and of fine-tuning (bottom)."""

from landscape import figures, tables
from landscape.command import run

DRAWN = [*tables.KEY, "alpha", "beta", "landmark", "dev_error"]


def main(argv=None):
    parser = figures.parser(__doc__, "surfaces")
    figures.add_colour_map(parser)
    args = parser.parse_args(argv)
    points = tables.read_surfaces(args.surfaces, "dev_error", plane=["full"], task=args.tasks)
    inits, tasks = tables.inits(points), points["task"].unique()

    figure, axes = figures.canvas(len(inits), len(tasks), sharex=True, sharey=True)
    for column, task in zip(axes.T, tasks):
        # one scale for both inits, so that the colours of a column compare
        scale = figures.error_scale(
            points.loc[points["task"] == task, "dev_error"], args.colour_map
        )
        for ax, init in zip(column, inits):
            panel = tables.one(points, task=task, init=init)
            figures.contour(ax, panel, "dev_error", scale)
            figures.landmarks(ax, panel)
        figures.colour_bar(figure, column, scale, "dev error")
    figures.name_panels(axes, map(figures.task_name, tasks), [tables.INITS[i] for i in inits])
    figures.legend(
        figure, figures.marker_entries() + figures.non_finite_entries(points["dev_error"])
    )
    figures.save(figure, args, points[DRAWN], ["dev_error"])


if __name__ == "__main__":
    run(main)
