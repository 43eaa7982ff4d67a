"""Choose, once and by a seed, the training examples on which the training loss is measured."""

import argparse

from landscape.data import tokenised
from landscape.jobs.command import run


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", required=True, help="tokenised training split")
    parser.add_argument("--examples", required=True, help='how many, or "all"')
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", required=True)
    args = parser.parse_args(argv)

    table, facts = tokenised.read(args.train)
    size = None if args.examples == "all" else int(args.examples)
    chosen = tokenised.sample(table, size, args.seed)
    tokenised.write(chosen, facts | {"sampled": len(chosen), "sample_seed": args.seed}, args.output)
    print(f"{len(chosen)} of {len(table)} examples")


if __name__ == "__main__":
    run(main)
