"""Dev accuracy of a fine-tuned model, whole and with each layer group put back to θ0 (Table 1)."""

import argparse
from pathlib import Path

from landscape.jobs.command import run
from landscape.runs import labels
from landscape.surfaces import subject
from landscape.words import OWN


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    subject.add_arguments(parser, "dev")
    labels.add_argument(parser)
    parser.add_argument(
        "--group",
        nargs=3,
        action="append",
        metavar=("NAME", "FIRST", "LAST"),
        required=True,
        help="a layer group, both ends included; may be given again",
    )
    parser.add_argument("--output", type=Path, required=True, help=".parquet")
    args = parser.parse_args(argv)

    model, splits = subject.load(args)
    import pandas as pd
    from landscape.jobs.parquet import write_frame
    from landscape.surfaces import plane
    from landscape.surfaces.evaluation import Evaluator

    evaluate = Evaluator(model, splits, args.batch_tokens)
    start, rows = f"{args.start}/model.safetensors", []

    def measure(group, layers):
        score, right = evaluate.each("dev")
        correct = right.count("1")
        rows.append((group, layers, correct, score["n"], score["loss"], score["error"], right))
        print(f"{group} {layers}: {correct}/{score['n']}", flush=True)

    measure("none", "")
    for name, first, last in args.group:
        layers = int(first), int(last)
        group = plane.Plane(model, start, args.end, [(OWN, None)], "end", layers)
        group.place(-1.0, 0.0)
        measure(name, f"{first}-{last}")
        group.place(0.0, 0.0)
    names = ["group", "layers", "dev_correct", "dev_n", "dev_loss", "dev_error", "dev_right"]
    table = pd.DataFrame(rows, columns=names)
    write_frame(labels.label(table, args.labels), args.output)


if __name__ == "__main__":
    run(main)
