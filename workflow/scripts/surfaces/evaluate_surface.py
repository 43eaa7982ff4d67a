"""Measure training loss and dev error at the points of planes of a run, or of one chunk of them.

Small planes come several to a process: starting one takes longer than a curve does.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

from landscape.directions.axes import KINDS
from landscape.jobs import gpu
from landscape.jobs.command import InputError, run
from landscape.runs import labels
from landscape.surfaces import folds, subject
from landscape.words import OWN

# a measure, and the split that it is of
MEASURED = {f"{split}_{of}": split for split, of in folds.MEASURED.items()}


@dataclass(frozen=True)
class Spec:
    """A plane as `--plane` gives it, by these names."""

    name: str
    axes: list  # [["own"]], or with the file of another kind: [["own"], ["partner", FILE]]
    range: list  # [low, high]
    points: int  # an axis
    anchor: str = "start"  # or end
    layers: list | None = None  # [first, last] of a group
    measures: tuple = tuple(MEASURED)  # off the landmarks, which always have all

    @classmethod
    def of(cls, text):
        """Raises InputError for what is no plane."""
        try:
            plane = cls(**json.loads(text))
            low, high = map(float, plane.range)
            first, last = map(int, plane.layers or (0, 0))
            known = int(plane.points) > 1 and low < high and first <= last
            if not known or not all(type(kind) is str for kind, *_ in plane.axes):
                raise ValueError("expected two points or more, from low to high")
            iter(plane.measures)
        except (TypeError, ValueError) as error:
            raise InputError(f"--plane {text}: {error}")
        files = {OWN: 0} | dict.fromkeys(KINDS, 1)
        for kind, *given in plane.axes:
            if files.get(kind) != len(given):
                known = ", ".join([OWN, *(f"{kind} FILE" for kind in KINDS)])
                raise InputError(f"--plane {plane.name}: axis {kind}: one of {known}")
        if not 1 <= len(plane.axes) <= 2 or OWN in [kind for kind, *_ in plane.axes[1:]]:
            raise InputError(
                f"--plane {plane.name}: one axis or two, of which only the first can be own"
            )
        for measure in plane.measures:
            if measure not in MEASURED:
                raise InputError(
                    f"--plane {plane.name}: no measure {measure}; there are {', '.join(MEASURED)}"
                )
        if plane.anchor not in ("start", "end"):
            raise InputError(f"--plane {plane.name}: anchor {plane.anchor}; start or end")
        return plane


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    subject.add_arguments(parser, "train", "dev")
    parser.add_argument(
        "--plane",
        action="append",
        dest="planes",
        required=True,
        metavar="JSON",
        help='{"name": …, "axes": [["own"], ["partner", FILE]], "range": [LOW, HIGH], '
        '"points": …, "anchor": "start", "layers": [FIRST, LAST], "measures": […]}; '
        "may be given again",
    )
    labels.add_argument(parser)
    parser.add_argument(
        "--finer",
        type=int,
        nargs=2,
        metavar=("LEVEL", "NUMBER"),
        help="not the grid, but so many points of a finer level, of the one plane",
    )
    parser.add_argument("--before", nargs="+", metavar="FILE", help="all chunks of levels before")
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
        "--dev-tolerance",
        type=float,
        default=0.0,
        help="standard error at which a dev error off the landmarks is (0: all are used)",
    )
    parser.add_argument(
        "--keep", type=float, default=0.0, help="GB for what layers below a layer group give"
    )
    parser.add_argument("--state", type=Path, required=True, help="folder for going on later")
    parser.add_argument("--output", nargs="+", required=True, help=".parquet, one a plane")
    args = parser.parse_args(argv)
    planes = list(map(Spec.of, args.planes))
    if len(planes) != len(args.output):
        raise InputError(f"--output: {len(args.output)} files for {len(planes)} planes")
    if bool(args.finer) != bool(args.before) or (args.finer and len(planes) > 1):
        raise InputError("--finer and --before go together, and with one plane")

    splits = subject.load_splits(args)
    for plane, output in zip(planes, args.output):
        # loaded anew: where the plane before was in another dtype, all has been rounded
        measure(plane, subject.load_model(args, splits), splits, args, output)


def measure(plane, model, splits, args, output):
    """One plane of the model, or a chunk of it."""
    import pandas as pd
    from landscape.jobs import provenance
    from landscape.jobs.journal import Journal
    from landscape.models import classifiers
    from landscape.surfaces import plane as planes
    from landscape.surfaces import refine, surface
    from landscape.surfaces.evaluation import Evaluator

    start = f"{args.start}/model.safetensors"
    axes = [(kind, *given, None)[:2] for kind, *given in plane.axes]
    through = planes.Plane(model, start, args.end, axes, plane.anchor, plane.layers)
    tolerances = {"train": args.tolerance, "dev": args.dev_tolerance}
    evaluate = Evaluator(
        model,
        splits,
        args.batch_tokens,
        frozen=plane.layers[0] if plane.layers else 0,
        keep=args.keep,
        in_blocks=[split for split, tolerance in tolerances.items() if tolerance],
    )
    of_grid = gpu.dtype_of(args.dtype, args.tried)
    kinds = [kind for kind, _ in axes]
    places = planes.landmarks(kinds, plane.anchor, bool(plane.layers))
    points = planes.points(places, planes.grid(*plane.range, plane.points), len(axes), of_grid)
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
        plane=plane.name,
        anchor=plane.anchor,
        axes=kinds,
        measures=list(plane.measures),
        layers=plane.layers,
        range=plane.range,
        points=plane.points,
        batch_tokens=args.batch_tokens,
        dtype=of_grid,
        tolerance=args.tolerance,
        dev_tolerance=args.dev_tolerance,
        folds=folds.FOLDS,
        device=model.device.type,
        forward=evaluate.forward,
        made_by_seed=classifiers.made_by_seed(args.start),
    )
    chunk, chunks = args.chunk
    state, key = f"{plane.name}_{chunk}_of_{chunks}.jsonl", made_by | {"chunk": args.chunk}
    if args.finer:
        table, as_before = surface.gather(args.before)
        if as_before != made_by:
            raise InputError(f"{args.before[0]}: not from the same inputs; delete it")
        level, number = args.finer
        chosen = refine.next_points(table, made_by["settings"], level, number, places)
        points = [(alpha, beta, None, of_grid) for alpha, beta in chosen]
        state = f"level_{level}_{state}"
        key |= {"before": list(map(provenance.fingerprint, args.before))}
    points = points[chunk::chunks]
    journal = Journal(args.state / state, key)
    began, reported, before = time.monotonic(), 0.0, len(journal.rows)
    now = "float32"  # what the model is loaded in
    for alpha, beta, landmark, dtype in points[before:]:
        if dtype != now:  # once: what is in float32 comes first
            evaluate.cast(now := dtype)
        through.place(alpha, beta)
        measured = {
            split: evaluate(split, 0.0 if landmark else tolerances[split], folds.MEASURED[split])
            for measure, split in MEASURED.items()
            if landmark or measure in plane.measures
        }
        journal.add(surface.row(alpha, beta, landmark, dtype, **measured))
        spent, done = time.monotonic() - began, len(journal.rows)
        if spent - reported > 10 or done == len(points):
            reported, rate = spent, (done - before) / spent
            left = (len(points) - done) / rate
            print(
                f"{plane.name}: {done}/{len(points)} points, {rate:.2f} a second, "
                f"{left:.0f} s left",
                flush=True,
            )
    table = pd.DataFrame(journal.rows)
    table.insert(0, "plane", plane.name)
    if chunks == 1 and not args.finer:
        table = surface.in_order(table)
        for line in surface.disagreements(table):
            print(f"warning: {line}")
    surface.write(labels.label(table, args.labels), made_by, output)
    journal.remove()


if __name__ == "__main__":
    run(main)
