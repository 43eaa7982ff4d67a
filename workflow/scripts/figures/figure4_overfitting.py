"""Figure 4: first and further epochs of fine-tuning on the dev-error surface."""

import numpy as np
import pandas as pd
from landscape import names
from landscape.claims import tables
from landscape.figures import legends, options, panels, scales, style
from landscape.jobs.command import run


def main(argv=None):
    parser = options.parser(__doc__, "surfaces", "trajectories")
    names.add_arm(parser)
    options.add_margin(parser)
    options.add_colour_map(parser)
    args = parser.parse_args(argv)
    wanted = {"task": args.tasks, "arm": [args.arm]}
    points = tables.read_surfaces(args.surfaces, "dev_error", **wanted)
    phases = {"first": "white", "further": style.ORANGE}
    epochs = tables.read_trajectories(args.trajectories, "dev_error", points, phase=list(phases))
    points = tables.around(points, epochs, args.margin)
    tasks = points["task"].unique()

    shape = np.ptp(points["beta"]) / np.ptp(points["alpha"])
    figure, axes = style.canvas(1, len(tasks), shape, sharex=True, sharey=True)
    for ax, task in zip(axes[0], tasks):
        panel = tables.one(points, task=task)
        steps = tables.one(epochs, task=task)
        drawn = pd.concat([panel["dev_error"], steps["dev_error"]])
        scale = scales.error_scale(drawn, args.colour_map)
        panels.contour(ax, panel, "dev_error", scale)
        last = steps[:0]  # the further epochs go on from the last of the first
        for phase, colour in phases.items():
            rows = pd.concat([last, tables.one(steps, phase=phase)])
            panels.trajectory(ax, rows, "dev_error", scale, colour)
            last = rows.tail(1)
        panels.landmarks(ax, panel)
        legends.colour_bar(figure, [ax], scale, "dev error")
    legends.name_panels(axes, map(names.task_name, tasks), [args.arms.get(args.arm, args.arm)])
    known = tables.measured(points)
    drawn = pd.concat([known.assign(drawn="surface"), epochs.assign(drawn="trajectory")])
    colours = {f"{phase} epochs": colour for phase, colour in phases.items()}
    entries = legends.trajectory_entries(colours) + legends.marker_entries()
    legends.legend(figure, entries + legends.non_finite_entries(drawn["dev_error"]))
    style.save(figure, args, drawn[[*style.TRAJECTORY_CSV, "dev_error"]], ["dev_error"])


if __name__ == "__main__":
    run(main)
