"""The true loss and dev error at each epoch's parameters, and the plane's under it.

Both with the head of the final model, as on the surface: their difference is what the
projection on the plane hides.
"""

import argparse

from landscape.jobs.command import run
from landscape.surfaces import subject
from landscape.words import OWN


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projection", required=True, help="what project_trajectory.py wrote")
    subject.add_arguments(parser, "train", "dev")
    parser.add_argument("--run", required=True, help="folder of selected.json and candidates")
    parser.add_argument("--further", help="folder of further epochs from there")
    parser.add_argument("--second", nargs=2, metavar=("KIND", "FILE"), required=True, help="δ2")
    parser.add_argument("--output", required=True, help=".parquet")
    args = parser.parse_args(argv)

    model, splits = subject.load(args)
    import pandas as pd
    from landscape.jobs.parquet import read_frame, write_frame
    from landscape.models import classifiers
    from landscape.runs import checkpoints
    from landscape.surfaces import plane
    from landscape.surfaces.evaluation import Evaluator

    evaluate = Evaluator(model, splits, args.batch_tokens)
    axes = [(OWN, None), args.second]
    through = plane.Plane(model, f"{args.start}/model.safetensors", args.end, axes)
    first, further = checkpoints.of_run(args.run, args.further)
    epochs = first + further
    table = read_frame(args.projection)
    rows = []
    for epoch, alpha, beta in zip(table["epoch"], table["alpha"], table["beta"]):
        through.place(alpha, beta)
        under, under_error = at, error = evaluate("train"), evaluate("dev")
        if epoch:  # the start lies on the plane
            classifiers.load_checkpoint(model, epochs[epoch - 1], only=[classifiers.ENCODER])
            at, error = evaluate("train"), evaluate("dev")
        measured = (at["loss"], at["loss_se"], error["error"], error["error_se"])
        rows.append((*measured, under["loss"], under_error["error"]))
        print(f"epoch {epoch}: loss {at['loss']:.4f}, on the plane {under['loss']:.4f}", flush=True)
    names = ["train_loss", "train_loss_se", "dev_error", "dev_error_se"]
    names += ["plane_train_loss", "plane_dev_error"]
    write_frame(table.join(pd.DataFrame(rows, columns=names)), args.output)


if __name__ == "__main__":
    run(main)
