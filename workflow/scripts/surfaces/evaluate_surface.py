"""Measure training loss and dev error at the points of a plane, or at one chunk of them."""

import argparse
import time

from landscape.directions.axes import KINDS
from landscape.jobs import gpu
from landscape.jobs.command import InputError, run
from landscape.runs import labels
from landscape.surfaces import folds, subject
from landscape.words import OWN

# a measure, and the split that it is of
MEASURED = {f"{split}_{of}": split for split, of in folds.MEASURED.items()}


def checked(axes):
    """(kind, file or None) of each axis. Raises InputError for what is no axis."""
    files = {OWN: 0} | dict.fromkeys(KINDS, 1)
    for kind, *given in axes:
        if files.get(kind) != len(given):
            known = ", ".join([OWN, *(f"{kind} FILE" for kind in KINDS)])
            raise InputError(f"--axis {kind}: one of {known}")
    if len(axes) > 2 or OWN in [kind for kind, *_ in axes[1:]]:
        raise InputError("--axis: one or two, of which only the first can be own")
    return [(kind, *given, None)[:2] for kind, *given in axes]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    subject.add_arguments(parser, "train", "dev")
    parser.add_argument(
        "--axis",
        nargs="+",
        action="append",
        dest="axes",
        metavar=("KIND", "FILE"),
        required=True,
        help="own (δ1, without a file), partner FILE or random FILE; twice for a plane",
    )
    parser.add_argument("--anchor", choices=["start", "end"], default="start")
    parser.add_argument("--layers", type=int, nargs=2, metavar=("FIRST", "LAST"))
    labels.add_argument(parser)
    parser.add_argument("--plane", required=True, help="its name")
    parser.add_argument("--range", type=float, nargs=2, metavar=("LOW", "HIGH"), required=True)
    parser.add_argument("--points", type=int, required=True, help="points an axis")
    parser.add_argument(
        "--measures",
        nargs="+",
        choices=MEASURED,
        default=list(MEASURED),
        help="what is measured off the landmarks, which always have all (default: all)",
    )
    parser.add_argument("--chunk", type=int, nargs=2, metavar=("K", "N"), default=(0, 1))
    parser.add_argument("--dtype", choices=["float32", "bfloat16", "auto"], default="float32")
    parser.add_argument("--tried", help="what try_model.py wrote: which dtype `auto` is")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        help="relative standard error at which a training loss off the landmarks is known well "
        "enough (0: all examples are used)",
    )
    parser.add_argument(
        "--keep", type=float, default=0.0, help="GB for what layers below a layer group give"
    )
    parser.add_argument("--state", required=True, help="file for going on later")
    parser.add_argument("--output", required=True, help=".parquet")
    args = parser.parse_args(argv)
    axes = checked(args.axes)

    model, splits = subject.load(args)
    import pandas as pd
    from landscape.jobs import provenance
    from landscape.jobs.journal import Journal
    from landscape.models import classifiers
    from landscape.surfaces import plane, surface
    from landscape.surfaces.evaluation import Evaluator

    start = f"{args.start}/model.safetensors"
    through = plane.Plane(model, start, args.end, axes, args.anchor, args.layers)
    evaluate = Evaluator(
        model,
        splits,
        args.batch_tokens,
        frozen=args.layers[0] if args.layers else 0,
        keep=args.keep,
        in_blocks=["train"] if args.tolerance else [],
    )
    of_grid = gpu.dtype_of(args.dtype, args.tried)
    kinds = [kind for kind, _ in axes]
    places = plane.landmarks(kinds, args.anchor, bool(args.layers))
    points = plane.points(places, plane.grid(*args.range, args.points), len(axes), of_grid)
    # in each chunk, so that all take the same pass; the end has been where the model was loaded
    for alpha, beta, landmark, dtype in points:
        if landmark not in (None, "end") and dtype == "float32":
            through.place(alpha, beta)
            evaluate.prove()
    made_by = provenance.of(
        {
            "start": start,
            "end": args.end,
            **{name: path for name, (_, path) in zip(("first", "second"), axes)},
            "train": args.train,
            "dev": args.dev,
        },
        plane=args.plane,
        anchor=args.anchor,
        axes=kinds,
        measures=args.measures,
        layers=args.layers,
        range=args.range,
        points=args.points,
        batch_tokens=args.batch_tokens,
        dtype=of_grid,
        tolerance=args.tolerance,
        folds=folds.FOLDS,
        device=model.device.type,
        forward=evaluate.forward,
        made_by_seed=classifiers.made_by_seed(args.start),
    )
    chunk, chunks = args.chunk
    points = points[chunk::chunks]
    journal = Journal(args.state, made_by | {"chunk": args.chunk})
    began, reported, before = time.monotonic(), 0.0, len(journal.rows)
    now = "float32"  # what the model is loaded in
    for alpha, beta, landmark, dtype in points[before:]:
        if dtype != now:  # once: what is in float32 comes first
            evaluate.cast(now := dtype)
        through.place(alpha, beta)
        tolerance = {"train": args.tolerance if landmark is None else 0.0}
        measured = {
            split: evaluate(split, tolerance.get(split, 0.0))
            for measure, split in MEASURED.items()
            if landmark or measure in args.measures
        }
        journal.add(surface.row(alpha, beta, landmark, dtype, **measured))
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
