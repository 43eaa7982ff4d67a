"""The trained model that a command measures, and the examples that it is measured on."""

from landscape.jobs import gpu

HELP = {
    "train": "tokenised examples for the training loss",
    "dev": "tokenised dev split",
}


def add_arguments(parser, *splits, end=True):
    """The flags by which a command gets its subject: files, size of batches, threads."""
    parser.add_argument("--start", required=True, help="folder of θ0")
    if end:
        parser.add_argument("--end", required=True, help="checkpoint that holds θ1 and the head")
    for split in splits:
        parser.add_argument(f"--{split}", required=True, help=HELP[split])
    parser.add_argument("--batch-tokens", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.set_defaults(splits=splits)


def load(args, end=None):
    """(model, {split: Examples}): θ1 with its head, in eval mode, on a device of this job's own.

    end: a checkpoint, where the flags name none. Call before torch is imported.
    """
    splits = load_splits(args)
    return load_model(args, splits, end), splits


def load_splits(args):
    """{split: Examples}. Call before torch is imported: it takes a device for this job."""
    gpu.lease()
    import torch
    from landscape.data.examples import Examples

    torch.set_num_threads(args.threads)
    return {split: Examples(getattr(args, split)) for split in args.splits}


def load_model(args, splits, end=None):
    """θ1 with its head, in eval mode, on the device."""
    from landscape.models import classifiers

    classes = splits[args.splits[0]].facts["labels"]
    return classifiers.load_final(args.start, end or args.end, classes, gpu.device())
