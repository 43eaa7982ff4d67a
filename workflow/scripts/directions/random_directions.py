"""Random directions: normal draws for each weight, which a plane scales to its own model's filters.

So one draw serves every run of a seed. Biases and what normalises have none, and stay (Li et al.
2018, Section 4).
"""

import argparse
import math
from pathlib import Path

from landscape.jobs import tensor_files
from landscape.jobs.command import run


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--like", required=True, help="weights of θ0, for names and shapes")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", type=Path, nargs="+", required=True, help=".safetensors each")
    args = parser.parse_args(argv)

    import torch

    with tensor_files.opened(args.like, "np") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.offset_keys()}
    generator = torch.Generator().manual_seed(args.seed)

    def draw(name):
        shape = shapes[name]
        if len(shape) < 2:
            return torch.zeros(shape).numpy()
        return torch.randn(shape, generator=generator).numpy()

    for path in args.output:
        tensor_files.write(path, shapes, draw)
    size = sum(math.prod(shape) for shape in shapes.values() if len(shape) > 1)
    print(f"{len(args.output)} directions of {size:,} draws, seed {args.seed}")


if __name__ == "__main__":
    run(main)
