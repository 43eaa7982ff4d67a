"""Dev loss and error of each epoch of a training, by the code that evaluates landscapes."""

import argparse
from pathlib import Path

from landscape.jobs import gpu
from landscape.jobs.command import run
from landscape.runs import labels


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", required=True, help="folder of θ0")
    parser.add_argument("--epochs", type=Path, nargs="+", required=True, help="checkpoints")
    parser.add_argument("--dev", required=True, help="tokenised dev split")
    labels.add_argument(parser)
    parser.add_argument("--batch-tokens", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True, help=".parquet: a row an epoch")
    args = parser.parse_args(argv)

    gpu.lease()
    import pandas as pd
    import torch
    from landscape.data.examples import Examples
    from landscape.jobs.parquet import write_frame
    from landscape.models import classifiers
    from landscape.surfaces.evaluation import Evaluator

    torch.set_num_threads(args.threads)
    dev = Examples(args.dev)
    first, *_ = args.epochs
    model = classifiers.load_final(args.start, first, dev.facts["labels"], gpu.device())
    evaluate, rows = Evaluator(model, {"dev": dev}, args.batch_tokens), []
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
