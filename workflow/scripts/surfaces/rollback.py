"""Dev accuracy of a fine-tuned model, whole and with each layer group put back to θ0 (Table 1)."""

import argparse
from pathlib import Path

from landscape.jobs import gpu
from landscape.jobs.command import run
from landscape.runs import labels


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", required=True, help="folder of θ0")
    parser.add_argument("--end", required=True, help="checkpoint that holds θ1 and the head")
    parser.add_argument("--dev", required=True, help="tokenised dev split")
    labels.add_argument(parser)
    parser.add_argument(
        "--group",
        nargs=3,
        action="append",
        metavar=("NAME", "FIRST", "LAST"),
        required=True,
        help="a layer group, both ends included; may be given again",
    )
    parser.add_argument("--batch-tokens", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True, help=".parquet")
    args = parser.parse_args(argv)

    gpu.lease()
    import pandas as pd
    import torch
    from landscape.data.examples import Examples
    from landscape.jobs.parquet import write_frame
    from landscape.models import classifiers
    from landscape.surfaces import folds, plane
    from landscape.surfaces.evaluation import Evaluator

    torch.set_num_threads(args.threads)
    dev = Examples(args.dev)
    model = classifiers.load_final(args.start, args.end, dev.facts["labels"], gpu.device())
    evaluate = Evaluator(model, {"dev": dev}, args.batch_tokens)
    rows = []

    def measure(group, layers):
        score = evaluate("dev")
        correct = score["n"] - round(score["error"] * score["n"])
        numbers = (correct, score["n"], score["loss"], score["error"], *score["error_without"])
        rows.append((group, layers, *numbers))
        print(f"{group} {layers}: {correct}/{score['n']}", flush=True)

    measure("none", "")
    for name, first, last in args.group:
        layers = int(first), int(last)
        group = plane.Plane(model, f"{args.start}/model.safetensors", args.end, layers=layers)
        group.place(-1.0, 0.0)
        measure(name, f"{first}-{last}")
        group.place(0.0, 0.0)
    names = ["group", "layers", "dev_correct", "dev_n", "dev_loss", "dev_error"]
    table = pd.DataFrame(rows, columns=names + folds.columns("dev"))
    write_frame(labels.label(table, args.labels), args.output)


if __name__ == "__main__":
    run(main)
