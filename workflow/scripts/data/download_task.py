"""Fetch one task's splits from the Hub, or from a local folder in the Hub's layout."""

import argparse
from pathlib import Path

from landscape.jobs import parquet, revisions
from landscape.jobs.command import InputError, one_line, run
from landscape.jobs.sealed import write_json


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", required=True, help="data set on the Hub, or a local folder")
    parser.add_argument("--name", help="its configuration")
    parser.add_argument("--revision", default="main", help="a commit, tag or branch of it")
    parser.add_argument("--pins", required=True, help="file of the commits of revisions, .json")
    parser.add_argument(
        "--splits", nargs="+", action="extend", required=True, help="of training, and of dev"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder")
    args = parser.parse_args(argv)

    if len(args.splits) != 2:
        raise InputError(
            f"--splits: {', '.join(args.splits)}; expected two, of training and of dev"
        )
    import datasets

    of = f" of configuration {args.name!r}" if args.name else ""
    facts = {"path": args.path, "name": args.name, "revision": args.revision}
    if not Path(args.path).is_dir():
        from huggingface_hub import HfApi

        try:
            facts["commit"] = revisions.pinned(
                args.pins,
                f"datasets/{args.path}",
                args.revision,
                lambda: HfApi().dataset_info(args.path, revision=args.revision).sha,
            )
        except InputError:
            raise
        except Exception as error:  # whatever the network did, the remedy is one
            raise InputError(
                f"{args.path}: the Hub does not give it ({type(error).__name__}); where there is "
                "no network, set the task's hub: path: to a local folder in the Hub's layout"
            )
    tables = {}
    for split, wanted in zip(("train", "dev"), args.splits):
        try:
            tables[split] = datasets.load_dataset(
                args.path, args.name, revision=facts.get("commit"), split=wanted
            )
        except Exception as error:  # of its own code, and of whatever the folder holds
            raise InputError(
                f"{args.path}: no split {wanted!r}{of} to be read from it ("
                f"{one_line(error)[:300]}); expected data files in the Hub's layout: "
                "CSV, JSON lines or Parquet, and no loading script"
            )
    for split, table in tables.items():  # both are there, or none is written
        wanted = args.splits[split == "dev"]
        parquet.write(table.with_format("arrow")[:], args.output / f"{split}.parquet")
        facts[split] = {"split": wanted, "examples": len(table), "fingerprint": table._fingerprint}
        print(f"{split}: {len(table)} examples of {args.path} {args.name or ''} {wanted}")
    write_json(facts, args.output / "source.json")


if __name__ == "__main__":
    run(main, hub=True)
