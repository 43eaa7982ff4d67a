"""Tokenise both splits of a task: CSV, TSV, JSON lines or Parquet to tokenised Parquet."""

import argparse
from pathlib import Path

from landscape.data import sources, tasks, tokenised
from landscape.jobs.command import InputError, run
from landscape.models import classifiers


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument(
        "--text", nargs="+", action="extend", required=True, help="one or two columns of text"
    )
    parser.add_argument("--label", required=True, help="column of whole numbers from 0")
    parser.add_argument("--tokenizer", required=True, help="model folder")
    parser.add_argument("--max-length", type=int, required=True)
    parser.add_argument("--output-train", type=Path, required=True)
    parser.add_argument("--output-dev", type=Path, required=True)
    args = parser.parse_args(argv)

    read = {path: sources.read(path, args.text, args.label) for path in (args.train, args.dev)}
    classes = tasks.classes_of(read[args.train][1], args.train, args.label)
    tokenizer = classifiers.load_tokenizer(args.tokenizer)
    longest = classifiers.longest_input(args.tokenizer)
    if longest and args.max_length > longest:
        raise InputError(f"max_length: {args.max_length}, but the model takes {longest} tokens")
    special = tokenizer.num_special_tokens_to_add(pair=len(args.text) == 2)
    if args.max_length <= special:
        raise InputError(
            f"max_length: {args.max_length} leaves no token for the text: {special} are special"
        )
    made = {}
    for path, output in ((args.train, args.output_train), (args.dev, args.output_dev)):
        texts, labels = read[path]
        places = tasks.numbered(labels, classes, path, args.label)
        made[output] = tasks.tokenise(tokenizer, texts, places, classes, args.max_length, path)
    for output, (table, facts) in made.items():  # both are good, or none is written
        tokenised.write(table, facts, output)
        print(f"{output.stem}: {facts}")


if __name__ == "__main__":
    run(main)
