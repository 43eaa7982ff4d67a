"""Figure 3: trajectories on the training-loss surface, from scratch (top) and fine-tuned."""

import numpy as np
import pandas as pd
from landscape import names
from landscape.claims import tables
from landscape.figures import legends, options, panels, scales, style
from landscape.jobs.command import run


def main(argv=None):
    parser = options.parser(__doc__, "surfaces", "trajectories")
    options.add_margin(parser)
    options.add_colour_map(parser)
    options.add_ceiling(parser)
    args = parser.parse_args(argv)
    points = tables.read_surfaces(args.surfaces, "train_loss", task=args.tasks)
    epochs = tables.read_trajectories(args.trajectories, "train_loss", points, phase=["first"])
    points = tables.around(points, epochs, args.margin)
    arms, tasks = tables.arms(points, args.arms), points["task"].unique()

    shape = np.ptp(points["beta"]) / np.ptp(points["alpha"])
    figure, axes = style.canvas(len(arms), len(tasks), shape, sharex=True, sharey=True)
    for column, task in zip(axes.T, tasks):
        # one scale for both arms, so that the colours of a column compare
        scale = scales.loss_scale(points[points["task"] == task], args.colour_map, args.ceiling)
        for ax, arm in zip(column, arms):
            panel = tables.one(points, task=task, arm=arm)
            panels.contour(ax, panel, "train_loss", scale)
            steps = tables.one(epochs, task=task, arm=arm)
            panels.trajectory(ax, steps, "train_loss", scale)
            panels.landmarks(ax, panel)
        legends.colour_bar(figure, column, scale, "training loss")
    legends.name_panels(axes, map(names.task_name, tasks), arms.values())
    known = tables.measured(points)
    drawn = pd.concat([known.assign(drawn="surface"), epochs.assign(drawn="trajectory")])
    entries = legends.trajectory_entries({"epochs": "white"}) + legends.marker_entries()
    legends.legend(figure, entries + legends.non_finite_entries(drawn["train_loss"]))
    style.save(figure, args, drawn[[*style.TRAJECTORY_CSV, "train_loss"]], ["train_loss"])


if __name__ == "__main__":
    run(main)
