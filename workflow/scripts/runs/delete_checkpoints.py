"""Delete the checkpoints of a run that nothing needs any more; the final one stays.

Each leaves an empty file with its time, so that Snakemake does not train for it again.
"""

import argparse
import os
from pathlib import Path

from landscape.jobs.command import run, whole


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--final", type=Path, nargs="*", default=[], help="the one that stays, if one does"
    )
    parser.add_argument("--output", type=Path, required=True, help=".txt: what was deleted")
    args = parser.parse_args(argv)

    others = [path for path in args.checkpoints if not any(map(path.samefile, args.final))]
    for path in others:
        empty(path)
    with whole(args.output) as beside:
        beside.write_text("".join(f"{path}\n" for path in others))


def empty(path):
    """Put an empty file of the same time in a file's place; other links to its content stay."""
    times = path.stat()
    with whole(path) as beside:
        beside.touch()
        os.utime(beside, ns=(times.st_atime_ns, times.st_mtime_ns))


if __name__ == "__main__":
    run(main)
