"""Fetch a pre-trained model's configuration, weights (safetensors) and tokenizer from the Hub."""

import argparse
from pathlib import Path

from landscape.jobs import revisions
from landscape.jobs.command import InputError, run
from landscape.jobs.sealed import write_json, write_sums
from landscape.models import classifiers

FILES = ["config.json", "model*.safetensors*", "tokenizer*", "vocab*", "merges.txt", "spiece.model"]
FILES += ["special_tokens_map.json", "added_tokens.json", "sentencepiece*"]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="model on the Hub")
    parser.add_argument("--revision", required=True, help="a commit, tag or branch of it")
    parser.add_argument("--pins", required=True, help="file of the commits of revisions, .json")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    args = parser.parse_args(argv)

    from huggingface_hub import HfApi, snapshot_download

    try:
        commit = revisions.pinned(
            args.pins,
            f"models/{args.id}",
            args.revision,
            lambda: HfApi().model_info(args.id, revision=args.revision).sha,
        )
        snapshot_download(args.id, revision=commit, allow_patterns=FILES, local_dir=args.output)
    except InputError:
        raise
    except Exception as error:  # whatever the network did, the remedy is one
        raise InputError(
            f"{args.id}: the Hub does not give it ({type(error).__name__}); where there is no "
            "network, set model: path: to a local folder made by save_pretrained"
        )
    classifiers.check_folder(args.output)
    facts = {"id": args.id, "revision": args.revision, "commit": commit}
    write_json(facts, args.output / "source.json")
    write_sums(args.output)
    print(f"{args.id} at {commit}")


if __name__ == "__main__":
    run(main, hub=True)
