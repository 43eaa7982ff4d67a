"""How far the training loss rises around a trained model, in balls scaled to its weights.

At random places (`average`) and on the way up (`worst`: its highest rise is a lower bound).
"""

import argparse
from pathlib import Path

from landscape.jobs import gpu
from landscape.jobs.command import run
from landscape.runs import labels
from landscape.surfaces import subject

# a gradient needs what every layer gave: for BERT-large 4 GB for so many tokens
GRADIENT_TOKENS = 2048


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    subject.add_arguments(parser, "train")
    labels.add_argument(parser)
    parser.add_argument("--average", type=float, metavar="RHO", required=True)
    parser.add_argument("--worst", type=float, metavar="RHO", required=True)
    parser.add_argument(
        "--draws", type=int, required=True, help="random directions, each gone both ways"
    )
    parser.add_argument("--steps", type=int, required=True, help="steps of the way up")
    parser.add_argument("--output", type=Path, required=True, help=".parquet")
    args = parser.parse_args(argv)

    model, splits = subject.load(args)
    import pandas as pd
    from landscape.jobs.parquet import write_frame
    from landscape.surfaces import folds, sharpness
    from landscape.surfaces.evaluation import Evaluator

    gpu.be_deterministic()
    evaluate = Evaluator(model, splits, args.batch_tokens, gradients=True)
    seed = int(args.labels[2])
    ball = sharpness.Ball(model, args.end)
    rows = []

    def measure(kind, rho, draw):
        score = evaluate("train")
        loss = score["loss"]
        rise = loss - (rows[0]["train_loss"] if rows else loss)
        row = {"kind": kind, "rho": rho, "draw": draw, "rise": rise}
        row |= {"train_loss": loss, "train_loss_se": score["loss_se"], "train_n": score["n"]}
        rows.append(row | dict(zip(folds.columns("train"), score["loss_without"])))
        print(f"{kind} {draw}: loss {loss:.4f}, rise {rise:.4f}", flush=True)

    measure("end", 0.0, 0)
    for draw in range(1, args.draws + 1):
        # both ways from the end: their mean rise has no slope in it, whose noise is far larger
        for rho in (args.average, -args.average):
            ball.place(rho, sharpness.normal(ball, seed, draw))
            measure("average", rho, draw)
    budget = min(args.batch_tokens, GRADIENT_TOKENS)
    up = sharpness.ascend(
        ball, args.worst, args.steps, lambda: evaluate.add_gradient("train", budget)
    )
    for step in up:
        measure("worst", args.worst, step)
    write_frame(labels.label(pd.DataFrame(rows), args.labels), args.output)


if __name__ == "__main__":
    run(main)
