"""Tokenise both splits of a task: CSV, TSV, JSON lines or Parquet to tokenised Parquet."""

import argparse
from pathlib import Path

from landscape import models, tasks
from landscape.command import InputError, run


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
    labels = [labels for _, labels in splits.values()]
    classes = tasks.count_classes(*labels, names=(args.train, args.dev))
    tokenizer = models.load_tokenizer(args.tokenizer)
    longest = models.longest_input(args.tokenizer)
    if longest and args.max_length > longest:
        raise InputError(f"max_length: {args.max_length}, but the model takes {longest} tokens")
    for path, (texts, labels) in splits.items():
        facts = tasks.tokenise(tokenizer, texts, labels, classes, args.max_length, path)
        print(f"{path.stem}: {facts}")


if __name__ == "__main__":
    run(main)
