"""Whether a GPU gives what a CPU gives, the same each time, and after an interruption."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import case
from gpu_case import BUDGET, TINY, subject, ways_of

SCRIPTS = case.ROOT / "workflow/scripts"
POINTS = [(0.0, 0.0), (1.0, 0.0), (0.3, 0.4)]


def correct(tell, device, small):
    """Landmarks and another point: against a CPU, by each way, in each dtype, twice."""
    import torch
    from landscape.data.examples import Examples
    from landscape.surfaces.evaluation import Evaluator

    sizes = TINY if small else {}
    with tempfile.TemporaryDirectory() as folder:
        pairs = 40 if small else 512
        made = case.make(folder, pairs, lengths=case.drawn_lengths(pairs, 0), **sizes)
        splits = {"train": Examples(made.examples)}

        def losses(where, way="found", dtype="float32", frozen=0, blocks=()):
            model, through = subject(made, where)
            evaluate = Evaluator(model, splits, BUDGET // 4, frozen, 1.0, blocks)
            if way != "found":
                evaluate._use(ways_of(model)[way])
            if dtype != "float32":
                evaluate.cast(dtype)
            got = []
            for point in POINTS[1:2] if frozen else POINTS:
                through.place(*point)
                got.append(evaluate("train"))
            found = type(evaluate.way).__name__, getattr(evaluate.way, "record", None)
            return [one["loss"] for one in got], [one["loss_se"] for one in got], found

        on_cpu, errors, _ = losses("cpu")
        got, _, found = losses(device)
        apart = [abs(a - b) for a, b in zip(on_cpu, got)]
        tell(what="float32 against the CPU", found=found, apart=apart, losses=on_cpu)
        model, through = subject(made, device)
        names = list(ways_of(model))
        for dtype in ("float32", "bfloat16"):
            for name in names:
                once, again = losses(device, name, dtype)[0], losses(device, name, dtype)[0]
                apart = [abs(a - b) for a, b in zip(on_cpu, once)]
                share = max(a / se for a, se in zip(apart, errors))
                told = {"dtype": dtype, "way": name, "twice the same bits": once == again}
                tell(what="a way", **told, apart=apart, standard_errors=share, losses=once)
        for name in names:
            some = losses(device, name, frozen=2)[0][0]
            whole = losses(device, name, blocks=["train"])[0][1]
            apart = [abs(value - on_cpu[1]) for value in (some, whole)]
            tell(what="layers that run once; in blocks", way=name, apart=apart)
        with torch.inference_mode():
            through.place(0.3, 0.4)
            pieces = [parameter.clone() for parameter in through.moving]
            for i, parameter in enumerate(through.moving):
                theta = torch.lerp(through.line[0][i], through.line[1][i], 0.3)
                parameter.copy_(theta.add_(through.axes[1][i], alpha=0.4 * through.scale))
            same = all(map(torch.equal, pieces, through.moving))
        tell(what="placing in pieces gives the same bits", same=same)
        from landscape.jobs import gpu

        gpu.be_deterministic()
        evaluate = Evaluator(model, splits, BUDGET // 4, gradients=True)
        gradients = []
        for _ in range(2):
            model.zero_grad()
            evaluate.add_gradient("train", 2048)
            gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
        same = all(map(torch.equal, *gradients))
        tell(what="gradients twice the same bits", same=same)


def training(tell, device, small):
    """Two trainings and a third that is stopped and goes on: the bytes of all checkpoints."""
    with tempfile.TemporaryDirectory() as folder:
        folder, pairs = Path(folder), 128 if small else 2048
        made = case.make(folder, pairs, lengths=case.drawn_lengths(pairs, 0), **TINY)
        recipe = {"epochs": 2, "batch_size": 32, "learning_rate": 1e-5, "weight_decay": 0.01}
        recipe |= {"warmup": 0.1, "max_grad_norm": 1.0, "precision": "bfloat16"}

        def command(name):
            argv = [sys.executable, SCRIPTS / "runs/train.py", "--start", made.start_folder]
            argv += ["--train", made.examples, "--labels", "mnli", "scratch", "0"]
            argv += ["--recipe", json.dumps(recipe), "--state", folder / f"{name}_state"]
            return subprocess.Popen(
                [str(word) for word in [*argv, "--output", folder / name]],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            )  # fmt: skip

        def weights(name):
            return [path.read_bytes() for path in sorted((folder / name).glob("epoch*"))]

        for name in ("once", "again"):
            began, process = time.perf_counter(), command(name)
            said = process.communicate()[0]
            seconds = time.perf_counter() - began
            tell(
                what="trained", name=name, rc=process.returncode, seconds=seconds, said=said[-300:]
            )
        tell(what="the same bytes twice", same=weights("once") == weights("again") != [])
        process = command("stopped")
        for line in process.stdout:
            if line.startswith("epoch 1/"):
                time.sleep(0.2)
                process.send_signal(signal.SIGTERM)
        rc = process.wait()
        process = command("stopped")
        said = process.communicate()[0]
        same = weights("stopped") == weights("once") != []
        tell(what="stopped and gone on", same=same, rc=[rc, process.returncode], said=said[:200])
