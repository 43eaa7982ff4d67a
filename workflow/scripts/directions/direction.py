"""δ = θ1 − θ0 of one run, and how far each layer moved."""

import argparse
from math import sqrt
from pathlib import Path

from landscape.jobs.command import run
from landscape.jobs.sealed import write_json
from landscape.models import classifiers
from landscape.models.vectors import Vector, squared_norms, write_difference


def by_layer(squares):
    """Norms by layer ("0", "1", …; "other" for embeddings and pooler) and of all ("whole")."""
    sums = {"whole": sum(squares.values())}
    for name, square in squares.items():
        layer = classifiers.layer_of(name)
        layer = "other" if layer is None else str(layer)
        sums[layer] = sums.get(layer, 0.0) + square
    return {layer: sqrt(total) for layer, total in sums.items()}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", required=True, help="weights of θ0")
    parser.add_argument("--end", required=True, help="checkpoint that holds θ1")
    parser.add_argument("--output", type=Path, required=True, help=".safetensors; .json beside it")
    args = parser.parse_args(argv)

    start = Vector(args.start)
    write_difference(Vector(args.end, classifiers.ENCODER), start, args.output)
    moved, size = by_layer(squared_norms(Vector(args.output))), by_layer(squared_norms(start))
    facts = {
        "norm": moved,
        "start_norm": size,
        "relative": {layer: moved[layer] / size[layer] for layer in moved},
    }
    write_json(facts, args.output.with_suffix(".json"))
    print(f"‖δ‖ = {moved['whole']:.4f}, ‖δ‖/‖θ0‖ = {facts['relative']['whole']:.4f}")


if __name__ == "__main__":
    run(main)
