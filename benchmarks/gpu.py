"""What a GPU gives: whether it is right, and how fast, in ten minutes, as lines of JSON.

    PYTHONPATH=workflow/scripts python benchmarks/gpu.py OUTPUT [--rehearse] [PART …]

Parts: machine, correct, training, fast. Each runs in a process of its own within its own limit of
time and tells each number as soon as it has it: what was told stays if the rest fails.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import case
import numpy as np

LIMITS = {"machine": 60, "correct": 120, "training": 180, "fast": 270}  # seconds
SCRIPTS = case.ROOT / "workflow/scripts"
LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
TINY = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "vocab_size": 1200}
TINY["intermediate_size"] = 128
LENGTHS = {"mnli": (2048, 40.8), "rte": (277, 68.0), "sst2": (872, 25.0)}  # examples, mean tokens
POINTS = [(0.0, 0.0), (1.0, 0.0), (0.3, 0.4)]
BUDGET = 16384  # tokens a row


def tell(output, part, **numbers):
    line = json.dumps({"part": part} | numbers)
    print(line, flush=True)
    with (output / "gpu.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def machine(tell, device, small):
    import platform

    import torch
    import transformers

    size = 256 if small else 8192
    rates = {}
    for dtype in (torch.bfloat16, torch.float32):
        a = torch.randn(size, size, device=device, dtype=dtype)
        seconds = median_seconds(partial(torch.matmul, a, a), device)
        rates[str(dtype).removeprefix("torch.")] = 2e-12 * size**3 / seconds
    told = {"python": platform.python_version(), "torch": torch.__version__}
    told |= {"transformers": transformers.__version__, "tflops": rates}
    if device == "cuda":
        told |= {"gpu": torch.cuda.get_device_name(), "cudnn": torch.backends.cudnn.version()}
        told["flash"] = torch.backends.cuda.is_flash_attention_available()
    tell(**told)


def median_seconds(function, device, times=7):
    """Of one call, after two to warm up; on a CPU, which only rehearses, of few."""
    import torch

    times = times if device == "cuda" else 1

    taken = []
    for _ in range(times + 2):
        if device == "cuda":
            torch.cuda.synchronize()
        began = time.perf_counter()
        function()
        if device == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken[2:]))


def subject(made, device):
    """(model, plane) of a case."""
    from landscape.models import classifiers
    from landscape.surfaces.plane import Plane
    from landscape.words import OWN, PARTNER

    model = classifiers.load_final(made.start_folder, made.end, case.CLASSES, device)
    return model, Plane(model, made.start, made.end, [(OWN, None), (PARTNER, made.second)])


def ways_of(model):
    """{name: way} of all that this device has."""
    from landscape.surfaces import graphs, packing

    names = {True: "graph", False: "one call"}
    first = packing.first_tokens_only
    ways = {names[way.record]: way for way in graphs.ways(model) if way.last is first}
    return ways | {"call a length": packing.ways()[0], "plain": None}


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


def fast(tell, device, small):
    """A point of a surface by each way and by a plain loop; a step of training."""
    import torch

    a, b = (torch.randn(512 if small else 8192, 8192, device=device).bfloat16() for _ in range(2))
    rate = 2 * len(a) * 8192 * len(b) / median_seconds(lambda: a @ b.T, device)
    tell(what="bfloat16 products", tflops=rate * 1e-12)
    for size, sizes in [("large", LARGE), ("base", {})][small:]:
        for task, (pairs, mean) in LENGTHS.items():
            lengths = case.drawn_lengths(24 if small else pairs, 0, mean)

            def of_this(size=size, task=task, **numbers):
                tell(size=size, task=task, **numbers)

            speed(of_this, device, rate, lengths, TINY if small else sizes, task == "rte")


def speed(tell, device, rate, lengths, sizes, train):
    """Of one model on examples of these lengths; rate: operations a second of large products."""
    import torch
    from landscape.data.examples import Examples
    from landscape.models import classifiers
    from landscape.surfaces.evaluation import Evaluator

    with tempfile.TemporaryDirectory() as folder:
        made = case.make(folder, len(lengths), lengths=lengths, **sizes)
        model, through = subject(made, device)
        examples = Examples(made.examples)
        if device == "cpu":  # there the plane reads its files again and again
            through.line = [[t.clone() for t in side] for side in through.line]
            through.axes[1] = [t.clone() for t in through.axes[1]]
    evaluate = Evaluator(model, {"train": examples}, BUDGET)
    evaluate.cast("bfloat16")
    encoder, tokens = sum(p.numel() for p in through.moving), int(lengths.sum())
    layers = {n: p for n, p in classifiers.parameters(model).items() if ".layer." in n}
    work = 2 * sum(p.numel() for p in layers.values() if p.ndim == 2) * tokens
    alphas = iter(np.linspace(-1, 1, 1000))

    def place():
        through.place(next(alphas), 0.2)

    def point():
        place()
        return evaluate("train")["loss"]

    def said(way, seconds, **more):
        numbers = {"point_ms": 1e3 * seconds, "tokens_s": tokens / seconds}
        tell(way=way, **numbers, share=work / seconds / rate, **more)

    tell(tokens=tokens, placing_ms=1e3 * median_seconds(place, device))
    for name, way in ways_of(model).items():
        if way is None:
            continue
        evaluate._use(way)
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        seconds, more = median_seconds(point, device), {}
        if device == "cuda":
            more["copies"] = torch.cuda.max_memory_allocated() / (4 * encoder)
        said(name, seconds, **more)
    evaluate._use(None)
    loop = plain_loop(model, through, examples, device)
    said("plain loop", median_seconds(loop, device, 3))
    if train:
        steps(tell, model, examples, device)


def plain_loop(model, through, examples, device):
    """A point as people write it: a new state dict, batches of 64 padded to their longest."""
    import torch
    from torch.nn.functional import cross_entropy

    model.float()
    made = [range(i, min(i + 64, len(examples))) for i in range(0, len(examples), 64)]
    made = [(examples.batch(list(c), device), examples.labels[list(c)].to(device)) for c in made]
    names = [name for name, _ in model.base_model.named_parameters()]
    # what stands in the files: the loop's own copies of both ends
    start, end = ([t.clone() for t in side] for side in through.line)

    def measure():
        theta = {n: s + 0.3 * (e - s) for n, s, e in zip(names, start, end)}
        model.base_model.load_state_dict(theta, strict=False)
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16):
            losses = [
                cross_entropy(model(**inputs).logits.float(), labels, reduction="none")
                for inputs, labels in made
            ]
        return torch.cat(losses).mean().item()

    return measure


def steps(tell, model, examples, device):
    """Steps of training a second, 32 examples each, in bfloat16."""
    import torch
    from landscape.models.optimizer import adamw
    from landscape.runs.unpadded import batches_for
    from torch.nn.functional import cross_entropy

    adam = adamw(model, 1e-5, 0.01)
    with batches_for(model, examples) as batch_of:
        model.float().train()

        def step():
            chosen = np.arange(min(32, len(examples)))
            with torch.autocast(device, torch.bfloat16):
                logits = model(**batch_of(chosen, device)).logits
            cross_entropy(logits.float(), examples.labels[chosen].to(device)).backward()
            adam.step()
            adam.zero_grad()

        seconds = median_seconds(step, device)
    tell(what="training", steps_s=1 / seconds)


PARTS = {"machine": machine, "correct": correct, "training": training, "fast": fast}


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
