"""Tokenise both splits of a task: CSV, TSV, JSON lines or Parquet to tokenised Parquet."""

import argparse
from pathlib import Path

from landscape import models, tasks
from landscape.command import run


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--text", nargs="+", required=True, help="one or two columns of text")
    parser.add_argument("--label", required=True, help="column of whole numbers from 0")
    parser.add_argument("--tokenizer", required=True, help="model folder")
    parser.add_argument("--max-length", type=int, required=True)
    parser.add_argument("--output-train", type=Path, required=True)
    parser.add_argument("--output-dev", type=Path, required=True)
    args = parser.parse_args(argv)

    splits = {
        args.output_train: tasks.read_table(args.train, args.text, args.label),
        args.output_dev: tasks.read_table(args.dev, args.text, args.label),
    }
    classes = int(splits[args.output_train][1].max()) + 1
    if classes < 2:
        raise tasks.InputError(f"{args.train}: all labels of {args.label!r} are 0; two are needed")
    tokenizer = models.load_tokenizer(args.tokenizer)
    for path, (texts, labels) in splits.items():
        facts = tasks.tokenise(tokenizer, texts, labels, classes, args.max_length, path)
        print(f"{path.stem}: {facts}")


if __name__ == "__main__":
    run(main)
