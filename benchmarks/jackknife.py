"""Whether leaving out folds tells the error of measures that are no means: widths and curvatures.

    python benchmarks/jackknife.py results mnli rte

Takes the embedded study's own runs. All training examples of a task stand for the language; of them
so many as surfaces use are drawn again and again, and each draw is measured as the study does.
Prints how far the measure varies over draws, what the folds say it does, and how often their
interval holds the measure of all examples.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))
from landscape.claims import basins, intervals
from landscape.claims.measured import Run
from landscape.surfaces import folds

ALPHAS = np.round(np.linspace(-4, 4, 41), 12)
MEASURES = {"width along δ1": basins.width, "curvature": basins.curvature}


def losses(results, arm, start, task, seed=0):
    """(points, examples) of the losses along δ1, and the examples' labels (examples,)."""
    import torch
    from landscape.data.examples import Examples
    from landscape.models import classifiers
    from landscape.surfaces.evaluation import Evaluator
    from landscape.surfaces.plane import Plane
    from landscape.words import OWN

    examples = Examples(f"{results}/data/{task}/train.parquet")
    folder = f"{results}/models/{start}/s{seed}"
    end = f"{results}/runs/{arm}/{task}/s{seed}/final.safetensors"
    model = classifiers.load_final(folder, end, examples.facts["labels"], "cpu")
    line = Plane(model, f"{folder}/model.safetensors", end, [(OWN, None)])
    evaluate = Evaluator(model, {"train": examples}, 2048)
    order, found = np.concatenate(evaluate.chosen["train"]), []
    for alpha in ALPHAS:
        line.place(alpha, 0.0)
        of_point = torch.cat([one.loss for one in evaluate.outcomes("train")]).numpy()
        found.append(of_point[order.argsort()])
    return np.array(found, float), examples.labels.numpy()


def run(of_points, labels):
    """A `Run` with the curve of these examples."""
    fold = folds.of_examples(len(labels))
    table = pd.DataFrame({"alpha": ALPHAS, "beta": 0.0, "landmark": None, "dtype": "float32"})
    table["train_loss"] = of_points.mean(axis=1)
    for left, name in enumerate(folds.columns("train")):
        table[name] = of_points[:, fold != left].mean(axis=1)
    ends = table[table["alpha"].isin([0.0, 1.0])].assign(landmark=["start", "end"])
    curve = pd.concat([ends, table], ignore_index=True)
    tables = {"sample": pd.DataFrame({"label": labels})}
    return Run("arm", "task", 0, {"curve": curve}, tables)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", help="of the embedded study")
    parser.add_argument("tasks", nargs="+")
    parser.add_argument("--examples", type=int, default=192)
    parser.add_argument("--draws", type=int, default=300)
    args = parser.parse_args()
    print("| task, arm, measure | sd over draws | by folds | 95 % intervals hold |")
    print("| --- | ---: | ---: | ---: |")
    rng = np.random.default_rng(0)
    for task in args.tasks:
        for arm, start in (("pretrained", "pretrained"), ("scratch", "random")):
            of_points, labels = losses(args.results, arm, start, task)
            whole = run(of_points, labels)
            number = min(args.examples, len(labels) // 3)
            draws = [rng.choice(len(labels), number, replace=False) for _ in range(args.draws)]
            runs = [run(of_points[:, draw], labels[draw]) for draw in draws]
            for name, of in MEASURES.items():
                found = [of(one) for one in runs]
                without = [
                    [of(one.without("train", fold)) for fold in range(folds.FOLDS)] for one in runs
                ]
                sides = [
                    intervals.Side(np.array([value]), (np.array([left]),))
                    for value, left in zip(found, without)
                ]
                estimates = [intervals.welch(side) for side in sides]
                error = np.mean([one.error**2 for one in estimates]) ** 0.5
                held = np.mean([one.low < of(whole) < one.high for one in estimates])
                print(f"| {task}, {arm}, {name} | {np.std(found):.3g} | {error:.3g} | {held:.0%} |")


if __name__ == "__main__":
    main()
