"""Figure 2: training loss by epoch, from scratch (dashed) and fine-tuned (solid)."""

import numpy as np
from landscape import names
from landscape.claims import tables
from landscape.figures import legends, options, panels, style
from landscape.jobs.command import run


def binned(log, bins):
    """Mean loss of each bin of an epoch, then mean and range over seeds. NaN stays NaN.

    A bin lags behind nothing and is the same stretch of data for every run, unlike a moving mean.
    """
    place = np.ceil((log["epoch"] * bins).round(6)).clip(lower=1)  # a bin holds its upper edge
    log = log.assign(epoch=(place - 0.5) / bins)
    runs = log.groupby([*tables.KEY, "epoch"], sort=False)["loss"]
    runs = runs.agg(lambda losses: losses.to_numpy().mean()).reset_index()
    over_seeds = runs.groupby(["arm", "task", "epoch"])["loss"]
    return over_seeds.agg(
        loss=lambda losses: losses.to_numpy().mean(), low="min", high="max", seeds="size"
    ).reset_index()


def main(argv=None):
    parser = options.parser(__doc__, "logs")
    parser.add_argument("--bins", type=int, default=5, help="per epoch (default: %(default)s)")
    args = parser.parse_args(argv)
    logs = tables.read(args.logs, [*tables.KEY, "epoch", "loss"])
    logs = tables.select(logs, task=args.tasks)
    arms, tasks = tables.arms(logs, args.arms), logs["task"].unique()
    losses = tables.select(binned(logs, args.bins), task=list(tasks))

    lines = style.lines(arms)
    figure, axes = style.canvas(1, len(tasks), shape=0.85)
    for ax, task in zip(axes[0], tasks):
        for arm in arms:
            run_ = tables.one(losses, task=task, arm=arm)
            panels.line(ax, run_["epoch"], run_["loss"], lines[arm])
            ax.fill_between(
                "epoch",
                "low",
                "high",
                data=run_,
                alpha=0.25,
                linewidth=0,
                color=lines[arm]["color"],
            )
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(title=names.task_name(task), xlabel="epoch", ylim=(0, None), xlim=(0, None))
    axes[0, 0].set_ylabel("training loss")
    entries = legends.line_entries(arms) + legends.range_entries(losses["seeds"].max())
    legends.legend(figure, entries + legends.non_finite_entries(losses["loss"], "black"))
    style.save(figure, args, losses, ["loss"])


if __name__ == "__main__":
    run(main)
