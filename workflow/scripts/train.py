"""Train a classifier from θ0 (or go on from a checkpoint) and keep every epoch's parameters."""

import argparse
import json
import os
import shutil
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

from landscape import gpu, labels
from landscape.command import InputError, link, run


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", required=True, help="folder of θ0")
    parser.add_argument("--checkpoint", help="go on from these parameters, not from θ0")
    parser.add_argument("--train", required=True, help="tokenised training split")
    parser.add_argument("--dev", required=True, help="tokenised dev split")
    labels.add_argument(parser)
    parser.add_argument(
        "--recipe",
        type=json.loads,
        required=True,
        help="JSON: epochs, batch_size, learning_rate, weight_decay, warmup, max_grad_norm, "
        "precision (float32 or bfloat16)",
    )
    parser.add_argument("--batch-tokens", type=int, required=True, help="for dev evaluation")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--processes", type=int, default=1, help="that launch.py has started for this training"
    )
    parser.add_argument("--state", type=Path, required=True, help="folder for going on later")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    args = parser.parse_args(argv)

    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # what deterministic kernels ask for
    import torch
    from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs
    from landscape import locks, models, provenance, training
    from landscape.batches import Examples
    from landscape.parquet import write_frame

    torch.set_num_threads(max(1, args.threads // args.processes))
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # nothing here reads any
    seed = int(args.labels[2])
    train, dev = Examples(args.train), Examples(args.dev)
    model = models.load_classifier(args.start, train.facts["labels"], seed)
    for examples in (train, dev):
        examples.check(model)
    if args.checkpoint:
        models.load_checkpoint(model, args.checkpoint)
    # mixed precision is the loop's own: Accelerate's would reach into the evaluation too
    accelerator = Accelerator(
        cpu=gpu.device() == "cpu",
        mixed_precision="no",
        kwargs_handlers=[
            DistributedDataParallelKwargs(gradient_as_bucket_view=True),
            # the others wait while one evaluates and saves
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
    key = provenance.of({"train": args.train, "dev": args.dev, "weights": weights})
    main_process = accelerator.is_main_process
    with locks.hold(args.state / "lock") if main_process else nullcontext():
        try:
            log, scores = training.train(
                model, train, dev, recipe, args.state, args.batch_tokens, accelerator, key
            )
        except training.Stopped as stopped:
            raise SystemExit(str(stopped) if main_process else 1)
        if main_process:
            args.output.mkdir(parents=True, exist_ok=True)
            for name, table in {"log": log, "scores": scores}.items():
                write_frame(labels.label(table, args.labels), args.output / f"{name}.parquet")
            # the state stays until all is there: a job that is killed here goes on here
            for path in sorted(args.state.glob("epoch_*.safetensors")):
                link(path, args.output / path.name)
            shutil.rmtree(args.state)


if __name__ == "__main__":
    run(main)
