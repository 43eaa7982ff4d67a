"""Try the model on a task's shortest and longest examples before any long work.

Positions, token types, padding, vocabulary and head fail here, in seconds and in one line. What
must be decided once for all of the task's surfaces, wherever their chunks run, is decided here too.
"""

import argparse
from pathlib import Path

from landscape.jobs import gpu
from landscape.jobs.command import InputError, one_line, run
from landscape.jobs.sealed import write_json


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", required=True, help="folder of a θ0")
    parser.add_argument("--train", required=True, help="tokenised training split")
    parser.add_argument("--dev", required=True, help="tokenised dev split")
    parser.add_argument("--dtype", choices=["float32", "bfloat16", "auto"], default="float32")
    parser.add_argument("--output", type=Path, required=True, help=".json")
    args = parser.parse_args(argv)

    gpu.lease()
    import torch
    from landscape.data.examples import Examples
    from landscape.models import classifiers

    splits = {path: Examples(path) for path in (args.train, args.dev)}
    model = classifiers.load_classifier(args.start, splits[args.train].facts["labels"]).eval()
    for path, examples in splits.items():
        examples.check(model)
        order = examples.by_length()
        batches = {
            "shortest example": order[:1],
            "longest example": order[-1:],
            "shortest and longest example in one batch": order[[0, -1]],
        }
        for name, chosen in batches.items():
            what = f"{path}: {type(model).__name__} of {args.start} cannot take the {name}"
            try:
                with torch.inference_mode():
                    logits = model(**examples.batch(chosen, "cpu")).logits
            except Exception as error:  # of the model's own code: anything
                raise InputError(f"{what} ({one_line(error)[:200]}){hint(model)}")
            expected = [len(chosen), examples.facts["labels"]]
            if list(logits.shape) != expected:
                raise InputError(f"{what}: logits are {list(logits.shape)}, expected {expected}")
            if not logits.isfinite().all():
                raise InputError(f"{what}: what it gives is not finite")
    decided = {"dtype": gpu.best_dtype(args.dtype)}
    write_json(decided, args.output)
    print(f"{type(model).__name__} takes them; dtype {args.dtype} is {decided['dtype']} here")


def hint(model):
    """What is often missing where a batch cannot be padded."""
    if getattr(model.config, "pad_token_id", None) is not None:
        return ""
    return "; its config.json has no pad_token_id: write the tokenizer's there"


if __name__ == "__main__":
    run(main)
