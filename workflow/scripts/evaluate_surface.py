"""Measure training loss and dev error at the points of a plane, or at one chunk of them."""

import argparse
import time

from landscape import gpu, labels
from landscape.command import InputError, run


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", required=True, help="folder of θ0")
    parser.add_argument("--end", required=True, help="checkpoint that holds θ1 and the head")
    parser.add_argument("--second", help="direction δ2 (none: a curve along δ1)")
    parser.add_argument("--layers", type=int, nargs=2, metavar=("FIRST", "LAST"))
    parser.add_argument("--train", required=True, help="tokenised examples for the training loss")
    parser.add_argument("--dev", required=True, help="tokenised dev split")
    labels.add_argument(parser)
    parser.add_argument("--plane", required=True, help="curve, full or the layer group's name")
    parser.add_argument("--range", type=float, nargs=2, metavar=("LOW", "HIGH"), required=True)
    parser.add_argument("--points", type=int, required=True, help="points an axis")
    parser.add_argument("--chunk", type=int, nargs=2, metavar=("K", "N"), default=(0, 1))
    parser.add_argument("--batch-tokens", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--state", required=True, help="file for going on later")
    parser.add_argument("--output", required=True, help=".parquet")
    args = parser.parse_args(argv)
    if (args.plane == "curve") != (args.second is None):
        raise InputError("--second: a plane needs δ2, a curve has none")

    gpu.lease()
    import pandas as pd
    import torch
    from landscape import models, plane, provenance, surface
    from landscape.batches import Examples, packed
    from landscape.evaluation import Evaluator
    from landscape.journal import Journal

    torch.set_num_threads(args.threads)
    examples = {"train": Examples(args.train), "dev": Examples(args.dev)}
    classes = examples["train"].facts["labels"]
    model = models.load_final(args.start, args.end, classes)
    splits = {
        split: packed(of_split, args.batch_tokens, model.device)
        for split, of_split in examples.items()
    }
    evaluate = Evaluator(model, splits, classes, frozen=args.layers[0] if args.layers else 0)
    through = plane.Plane(model, f"{args.start}/model.safetensors", args.second, args.layers)
    made_by = provenance.of(
        {
            "start": f"{args.start}/model.safetensors",
            "end": args.end,
            "second": args.second,
            "train": args.train,
            "dev": args.dev,
        },
        plane=args.plane,
        layers=args.layers,
        range=args.range,
        points=args.points,
        batch_tokens=args.batch_tokens,
        dtype="float32",
        device=model.device.type,
    )
    points = plane.points(args.plane, plane.grid(*args.range, args.points))
    chunk, chunks = args.chunk
    points = points[chunk::chunks]
    journal = Journal(args.state, made_by | {"chunk": args.chunk})
    began, reported, before = time.monotonic(), 0.0, len(journal.rows)
    for alpha, beta, landmark in points[before:]:
        through.place(alpha, beta)
        measured = {split: evaluate(split) for split in splits}
        journal.add(surface.row(alpha, beta, landmark, **measured))
        spent, done = time.monotonic() - began, len(journal.rows)
        if spent - reported > 10 or done == len(points):
            reported, rate = spent, (done - before) / spent
            left = (len(points) - done) / rate
            print(
                f"{done}/{len(points)} points, {rate:.2f} a second, {left:.0f} s left", flush=True
            )
    table = pd.DataFrame(journal.rows)
    table.insert(0, "plane", args.plane)
    surface.write(labels.label(table, args.labels), made_by, args.output)
    journal.remove()


if __name__ == "__main__":
    run(main)
