"""How fast a GPU is: its products, a point of a plane by each way, a step of training."""

import tempfile
import time
from functools import partial

import case
import numpy as np
from gpu_case import BUDGET, LARGE, TINY, subject, ways_of

LENGTHS = {"mnli": (2048, 40.8), "rte": (277, 68.0), "sst2": (872, 25.0)}  # examples, mean tokens


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

    finish, times = (torch.cuda.synchronize, times) if device == "cuda" else (int, 1)
    taken = []
    for _ in range(times + 2):
        finish()
        began = time.perf_counter()
        function()
        finish()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken[2:]))


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
