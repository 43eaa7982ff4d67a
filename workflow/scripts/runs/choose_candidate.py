"""Choose the candidate (epochs, learning rate) with the lowest dev error at its last epoch.

On seeds of their own: a run that is lucky on dev would stay so in all that is said of it.
"""

import argparse
from pathlib import Path

from landscape.jobs import parquet, sealed
from landscape.jobs.command import InputError, run


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--scores", type=Path, nargs="+", required=True, help="…/s{seed}/{candidate}/scores.parquet"
    )
    parser.add_argument("--output", type=Path, required=True, help=".json")
    args = parser.parse_args(argv)

    errors = {}  # of each candidate, seed by seed
    for path in args.scores:
        table = parquet.read_frame(path)
        if table.empty or "dev_error" not in table:
            raise InputError(f"{path}: scores without a row or dev_error; train it again")
        errors.setdefault(path.parent.name, []).append(float(table["dev_error"].iloc[-1]))
    means = {candidate: sum(of_seeds) / len(of_seeds) for candidate, of_seeds in errors.items()}
    # the first of equals: candidates come with fewer epochs first
    best = min(means, key=means.get)
    # nothing of the others: what depends on the choice must not depend on how many lost
    sealed.write_json({"candidate": best}, args.output)
    for candidate, mean in means.items():
        print(f"{candidate}: dev error {mean:.4f}{' (chosen)' * (candidate == best)}")


if __name__ == "__main__":
    run(main)
