"""Dev loss and error of each epoch of a training, by the code that evaluates landscapes."""

import argparse
from pathlib import Path

from landscape.jobs.command import run
from landscape.runs import labels
from landscape.surfaces import subject


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    subject.add_arguments(parser, "dev", end=False)
    parser.add_argument("--epochs", type=Path, nargs="+", required=True, help="checkpoints")
    labels.add_argument(parser)
    parser.add_argument("--output", type=Path, required=True, help=".parquet: a row an epoch")
    args = parser.parse_args(argv)

    model, splits = subject.load(args, end=args.epochs[0])
    import pandas as pd
    from landscape.jobs.parquet import write_frame
    from landscape.models import classifiers
    from landscape.surfaces.evaluation import Evaluator

    evaluate, rows = Evaluator(model, splits, args.batch_tokens), []
    for epoch, checkpoint in enumerate(args.epochs, 1):
        classifiers.load_checkpoint(model, checkpoint)
        score = evaluate("dev")
        numbers = {f"dev_{key}": value for key, value in score.items() if type(value) is not list}
        rows.append({"epoch": epoch} | numbers)
        print(
            f"epoch {epoch}/{len(args.epochs)}  dev loss {score['loss']:.4f}  "
            f"dev accuracy {100 * (1 - score['error']):.2f} %",
            flush=True,
        )
    write_frame(labels.label(pd.DataFrame(rows), args.labels), args.output)


if __name__ == "__main__":
    run(main)
