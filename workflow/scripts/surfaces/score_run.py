"""Training and dev loss and dev error of each epoch, by the code that evaluates landscapes.

With the epoch's own head, without dropout.
"""

import argparse
from pathlib import Path

from landscape.jobs.command import run
from landscape.runs import labels
from landscape.surfaces import subject


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    subject.add_arguments(parser, "train", "dev", end=False)
    parser.add_argument("--epochs", type=Path, nargs="+", required=True, help="checkpoints")
    labels.add_argument(parser)
    parser.add_argument("--output", type=Path, required=True, help=".parquet: a row an epoch")
    args = parser.parse_args(argv)

    model, splits = subject.load(args, end=args.epochs[0])
    import pandas as pd
    from landscape.jobs.parquet import write_frame
    from landscape.models import classifiers
    from landscape.surfaces import surface
    from landscape.surfaces.evaluation import Evaluator

    evaluate, rows = Evaluator(model, splits, args.batch_tokens), []
    for epoch, checkpoint in enumerate(args.epochs, 1):
        classifiers.load_checkpoint(model, checkpoint)
        train, (dev, right) = evaluate("train"), evaluate.each("dev")
        measured = surface.measured(train=train, dev=dev)
        rows.append({"epoch": epoch} | measured | {"dev_right": right})
        print(
            f"epoch {epoch}/{len(args.epochs)}  training loss {train['loss']:.4f}  "
            f"dev loss {dev['loss']:.4f}  dev accuracy {100 * (1 - dev['error']):.2f} %",
            flush=True,
        )
    write_frame(labels.label(pd.DataFrame(rows), args.labels), args.output)


if __name__ == "__main__":
    run(main)
