"""Put the chunks of a surface together, and fill its finest lattice where it has finer levels."""

import argparse

from landscape.jobs.command import run
from landscape.surfaces import refine, surface


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", nargs="+", required=True, help="of all levels")
    parser.add_argument("--levels", type=int, default=0, help="how many there are above the grid")
    parser.add_argument("--output", required=True, help=".parquet")
    args = parser.parse_args(argv)

    table, made_by = surface.gather(args.chunks)
    print(f"{len(table)} points")
    if args.levels:
        table = refine.whole(table, made_by["settings"], args.levels)
        made_by["settings"]["levels"] = args.levels
    surface.write(table, made_by, args.output)
    for line in surface.disagreements(table):
        print(f"warning: {line}")


if __name__ == "__main__":
    run(main)
