"""Figure 3: trajectories on the training-loss surface, from scratch (top) and fine-tuned."""

import numpy as np
import pandas as pd
from landscape import figures, tables
from landscape.command import run


def main(argv=None):
    parser = figures.parser(__doc__, "surfaces", "trajectories")
    figures.add_margin(parser)
    figures.add_colour_map(parser)
    figures.add_ceiling(parser)
    args = parser.parse_args(argv)
    points = tables.read_surfaces(args.surfaces, "train_loss", plane=["full"], task=args.tasks)
    epochs = tables.read_trajectories(args.trajectories, "train_loss", points, phase=["first"])
    points = tables.around(points, epochs, args.margin)
    inits, tasks = tables.inits(points), points["task"].unique()

    shape = np.ptp(points["beta"]) / np.ptp(points["alpha"])
    figure, axes = figures.canvas(len(inits), len(tasks), shape, sharex=True, sharey=True)
    for column, task in zip(axes.T, tasks):
        # one scale for both inits, so that the colours of a column compare
        scale = figures.loss_scale(points[points["task"] == task], args.colour_map, args.ceiling)
        for ax, init in zip(column, inits):
            panel = tables.one(points, task=task, init=init)
            figures.contour(ax, panel, "train_loss", scale)
            steps = tables.one(epochs, task=task, init=init)
            figures.trajectory(ax, steps, "train_loss", scale)
            figures.landmarks(ax, panel)
        figures.colour_bar(figure, column, scale, "training loss")
    figures.name_panels(axes, map(figures.task_name, tasks), [tables.INITS[i] for i in inits])
    drawn = pd.concat([points.assign(drawn="surface"), epochs.assign(drawn="trajectory")])
    entries = figures.trajectory_entries({"epochs (Eqs. 4, 5)": "white"}) + figures.marker_entries()
    figures.legend(figure, entries + figures.non_finite_entries(drawn["train_loss"]))
    figures.save(figure, args, drawn[[*figures.TRAJECTORY_CSV, "train_loss"]], ["train_loss"])


if __name__ == "__main__":
    run(main)
