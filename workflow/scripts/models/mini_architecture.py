"""Write the configuration of the embedded study's mini BERT, for its tokenizer's vocabulary."""

import argparse
import json
from pathlib import Path

from landscape.jobs.command import InputError, run
from landscape.jobs.sealed import write_sums
from landscape.models import classifiers


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="fields of BertConfig")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder")
    parser.add_argument("--output", required=True, help="folder")
    args = parser.parse_args(argv)

    from transformers import BertConfig

    if odd := set(args.config) - set(BertConfig().to_dict()):
        raise InputError(f"model: pretrain: config: {min(odd)} is no field of a BertConfig")
    tokenizer = classifiers.load_tokenizer(args.tokenizer)
    BertConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        architectures=["BertModel"],
        **args.config,
    ).save_pretrained(args.output)
    write_sums(args.output)


if __name__ == "__main__":
    run(main)
