"""What a GPU gives: whether it is right, and how fast, in ten minutes, as lines of JSON.

    PYTHONPATH=workflow/scripts python benchmarks/gpu.py OUTPUT [--rehearse] [PART …]

Parts: machine, correct, training, fast. Each runs in a process of its own within its own limit of
time and tells each number as soon as it has it: what was told stays if the rest fails.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from gpu_correct import SCRIPTS, correct, training
from gpu_fast import fast, machine

PARTS = {"machine": machine, "correct": correct, "training": training, "fast": fast}
LIMITS = {"machine": 60, "correct": 120, "training": 180, "fast": 270}  # seconds


def tell(output, part, **numbers):
    line = json.dumps({"part": part} | numbers)
    print(line, flush=True)
    with (output / "gpu.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="folder")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rehearse", action="store_true", help="tiny, on a CPU")
    parser.add_argument("--within", action="store_true", help="one part, in this process")
    args = parser.parse_intermixed_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"no part {min(unknown)}; there are {', '.join(PARTS)}")
    args.output.mkdir(parents=True, exist_ok=True)
    if args.within:
        (part,) = args.parts
        from landscape.jobs import gpu

        device = "cpu" if args.rehearse else gpu.device()
        numbers = lambda **given: tell(args.output, part, **given)  # noqa: E731
        return PARTS[part](numbers, device, args.rehearse)
    failed = []
    for part in args.parts or PARTS:
        argv = [sys.executable, __file__, str(args.output), part, "--within"]
        began, argv = time.perf_counter(), argv + ["--rehearse"] * args.rehearse
        environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
        try:
            rc = subprocess.run(argv, env=environment, timeout=LIMITS[part]).returncode
        except subprocess.TimeoutExpired:
            rc = "timeout"
        tell(args.output, part, rc=rc, seconds=time.perf_counter() - began)
        failed += [part] * (rc != 0)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
