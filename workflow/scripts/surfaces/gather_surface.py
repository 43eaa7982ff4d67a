"""Put the chunks of a surface together."""

import argparse

from landscape.jobs.command import run
from landscape.surfaces import surface


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", nargs="+", required=True)
    parser.add_argument("--output", required=True, help=".parquet")
    args = parser.parse_args(argv)

    table, made_by = surface.gather(args.chunks)
    surface.write(table, made_by, args.output)
    print(f"{len(table)} points")
    for line in surface.disagreements(table):
        print(f"warning: {line}")


if __name__ == "__main__":
    run(main)
