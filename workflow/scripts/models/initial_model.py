"""Write θ0: the encoder that all runs of one start and seed begin with."""

import argparse

from landscape.jobs.command import run
from landscape.models import classifiers


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="model folder (save_pretrained form)")
    parser.add_argument(
        "--random", action="store_true", help="draw all weights anew, in place of the folder's"
    )
    parser.add_argument("--shaped-like", help="folder of the study's model, to be compared with")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument(
        "--layers",
        type=int,
        nargs="*",
        default=[],
        help="first and last layer of each layer group, to be checked against the model",
    )
    parser.add_argument("--output", required=True, help="folder")
    args = parser.parse_args(argv)

    encoder, made = classifiers.initial_encoder(args.model, args.seed, args.random)
    if args.shaped_like and args.shaped_like != args.model:
        classifiers.check_shape(encoder, args.model, args.shaped_like)
    names = [name for name, _ in encoder.named_parameters()]
    for first, last in zip(args.layers[::2], args.layers[1::2]):
        classifiers.names_of_layers(names, first, last)
    classifiers.save_encoder(encoder, args.output, made)
    size = sum(parameter.numel() for parameter in encoder.parameters())
    if made:
        print(f"the folder has no {', '.join(made)}: made from the seed", flush=True)
    kind = "drawn" if args.random else "pre-trained"
    print(f"{kind} encoder, seed {args.seed}: {size:,} parameters")


if __name__ == "__main__":
    run(main)
