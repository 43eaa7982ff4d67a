"""Figure 4: first and further epochs of fine-tuning on the dev-error surface."""

import numpy as np
import pandas as pd
from landscape import figures, tables
from landscape.command import run


def main(argv=None):
    parser = figures.parser(__doc__, "surfaces", "trajectories")
    figures.add_init(parser)
    figures.add_margin(parser)
    figures.add_colour_map(parser)
    args = parser.parse_args(argv)
    wanted = {"task": args.tasks, "init": [args.init]}
    points = tables.read_surfaces(args.surfaces, "dev_error", plane=["full"], **wanted)
    phases = {"first": "white", "further": figures.ORANGE}
    epochs = tables.read_trajectories(args.trajectories, "dev_error", points, phase=list(phases))
    points = tables.around(points, epochs, args.margin)
    tasks = points["task"].unique()

    shape = np.ptp(points["beta"]) / np.ptp(points["alpha"])
    figure, axes = figures.canvas(1, len(tasks), shape, sharex=True, sharey=True)
    for ax, task in zip(axes[0], tasks):
        panel = tables.one(points, task=task)
        steps = tables.one(epochs, task=task)
        drawn = pd.concat([panel["dev_error"], steps["dev_error"]])
        scale = figures.error_scale(drawn, args.colour_map)
        figures.contour(ax, panel, "dev_error", scale)
        last = steps[:0]  # the further epochs go on from the last of the first
        for phase, colour in phases.items():
            rows = pd.concat([last, tables.one(steps, phase=phase)])
            figures.trajectory(ax, rows, "dev_error", scale, colour)
            last = rows.tail(1)
        figures.landmarks(ax, panel)
        figures.colour_bar(figure, [ax], scale, "dev error")
    figures.name_panels(axes, map(figures.task_name, tasks), [tables.INITS[args.init]])
    drawn = pd.concat([points.assign(drawn="surface"), epochs.assign(drawn="trajectory")])
    colours = {f"{phase} epochs": colour for phase, colour in phases.items()}
    entries = figures.trajectory_entries(colours) + figures.marker_entries()
    figures.legend(figure, entries + figures.non_finite_entries(drawn["dev_error"]))
    figures.save(figure, args, drawn[[*figures.TRAJECTORY_CSV, "dev_error"]], ["dev_error"])


if __name__ == "__main__":
    run(main)
