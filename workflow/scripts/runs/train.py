"""Train a classifier from θ0 (or go on from a checkpoint) and keep every epoch's parameters."""

import argparse
import json
import shutil
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

from landscape.jobs import gpu
from landscape.jobs.command import InputError, link, run
from landscape.models import epochs
from landscape.runs import labels


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", required=True, help="folder of θ0")
    parser.add_argument("--checkpoint", help="go on from these parameters, not from θ0")
    parser.add_argument("--train", required=True, help="tokenised training split")
    labels.add_argument(parser)
    parser.add_argument(
        "--recipe",
        type=json.loads,
        required=True,
        help="JSON: epochs, batch_size, learning_rate, weight_decay, warmup, max_grad_norm, "
        "precision (float32 or bfloat16)",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--processes", type=int, default=1, help="that launch.py has started for this training"
    )
    parser.add_argument("--state", type=Path, required=True, help="folder for going on later")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    args = parser.parse_args(argv)

    gpu.be_deterministic()
    import torch
    from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs
    from landscape.data.examples import Examples
    from landscape.jobs import locks, provenance
    from landscape.jobs.parquet import write_frame
    from landscape.models import classifiers
    from landscape.runs import training

    torch.set_num_threads(max(1, args.threads // args.processes))
    seed = int(args.labels[2])
    examples = Examples(args.train)
    model = classifiers.load_classifier(args.start, examples.facts["labels"], seed)
    examples.check(model)
    if args.checkpoint:
        classifiers.load_checkpoint(model, args.checkpoint)
    # mixed precision is the loop's own: Accelerate's would reach into the evaluation too
    accelerator = Accelerator(
        cpu=gpu.device() == "cpu",
        mixed_precision="no",
        kwargs_handlers=[
            DistributedDataParallelKwargs(gradient_as_bucket_view=True),
            # the others wait while one saves
            InitProcessGroupKwargs(timeout=timedelta(days=1)),
        ],
    )
    if accelerator.num_processes != args.processes:
        raise InputError(
            f"--processes {args.processes}: {accelerator.num_processes} run here; "
            "launch.py starts several"
        )
    recipe = training.Recipe(**args.recipe, seed=seed)
    # inputs that change under a half-finished run must not be mixed with it
    weights = args.checkpoint or f"{args.start}/model.safetensors"
    key = provenance.of({"train": args.train, "weights": weights})
    main_process = accelerator.is_main_process
    with locks.hold(args.state / "lock") if main_process else nullcontext():
        try:
            log = training.train(model, examples, recipe, args.state, accelerator, key)
        except training.Stopped as stopped:
            raise SystemExit(str(stopped) if main_process else 1)
        if main_process:
            write_frame(labels.label(log, args.labels), args.output / "log.parquet")
            # the state stays until all is there: a job that is killed here goes on here
            for path in sorted(args.state.glob(epochs.ALL)):
                link(path, args.output / path.name)
            shutil.rmtree(args.state)


if __name__ == "__main__":
    run(main)
