"""How fast landscapes are evaluated, as ratios measured side by side: `make bench`.

One thread; each row is the median over rounds in which its two sides take turns. All sides must
give the same losses.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import adaptive
import numpy as np
import others
import peers
import torch
from case import LONGEST, POINTS, ROOT, make
from landscape.data.examples import Examples
from landscape.jobs import command
from landscape.jobs.gpu import best_dtype
from landscape.models import classifiers
from landscape.surfaces import plane
from landscape.surfaces.evaluation import Evaluator
from landscape.words import FULL, OWN, PARTNER

PAIRS, ROUNDS, BUDGET = 64, 3, 2048
GROUPS = {"middle": (4, 7), "high": (8, 11)}  # the low layers have none below them to know


def clock(call):
    """(CPU seconds, wall seconds, result) of a call."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = call()
    return time.process_time() - cpu, time.perf_counter() - wall, result


def take_turns(sides, rounds=ROUNDS):
    """{name: (median CPU seconds, median wall seconds, last result)} of calls {name: call}."""
    times = {name: [] for name in sides}
    for number in range(rounds + 1):  # the first warms up
        for name, call in sides.items():
            measured = clock(call)
            if number:
                times[name].append(measured)
    return {
        name: (statistics.median(t[0] for t in of), statistics.median(t[1] for t in of), of[-1][2])
        for name, of in times.items()
    }


class Rows:
    """The table, printed as it grows."""

    def __init__(self):
        print(f"| {'row':<88} | CPU time | wall | target |\n|---|---:|---:|---:|", flush=True)

    def add(self, what, cpu, wall="", target=""):
        print(f"| {what:<88} | {cpu} | {wall} | {target} |", flush=True)

    def ratio(self, what, slow, fast, target=""):
        cpu, wall = slow[0] / fast[0], slow[1] / fast[1]
        self.add(what, f"{cpu:.2f} ×", f"{wall:.2f} ×", target)


def ours(case, points, dtype="float32", layers=None):
    """Our own evaluation of the same points; of a layer group, with what lies below it known."""
    model, examples = case.model(), Examples(case.examples)
    axes = [(OWN, None), (PARTNER, case.second)]
    through = plane.Plane(model, case.start, case.end, axes, "end" if layers else "start", layers)
    evaluate = Evaluator(
        model, {"train": examples}, BUDGET, frozen=layers[0] if layers else 0, keep=4.0
    )
    if dtype != "float32":
        evaluate.cast(dtype)

    def measure():
        losses = []
        for alpha, beta in points:
            through.place(alpha, beta)
            losses.append(evaluate("train")["loss"])
        return losses

    return measure


def matrix_products(dtype):
    """Only the matrix products of BERT's 12 layers, for one batch of `BUDGET` tokens."""
    shapes = [(768, 768)] * 4 + [(768, 3072), (3072, 768)]
    x = {width: torch.randn(BUDGET, width, dtype=dtype) for width in (768, 3072)}
    weights = [torch.randn(width, out, dtype=dtype) for width, out in shapes]
    outputs = [torch.empty(BUDGET, out, dtype=dtype) for _, out in shapes]

    @torch.inference_mode()
    def measure():
        for _ in range(12):
            for weight, output in zip(weights, outputs):
                torch.mm(x[len(weight)], weight, out=output)

    return measure


def against_others(rows, case):
    dtypes = ["float32", "bfloat16"] if best_dtype("auto") == "bfloat16" else ["float32"]
    sides = {
        "package": others.loss_landscapes(case, POINTS),
        "loop": others.plain_loop(case, POINTS),
    }
    sides |= {dtype: ours(case, POINTS, dtype) for dtype in dtypes}
    sides |= {f"{dtype} products": matrix_products(getattr(torch, dtype)) for dtype in dtypes}
    got = take_turns(sides)
    for name in ("loop", "float32"):
        np.testing.assert_allclose(got[name][2], got["package"][2], rtol=1e-4)
    rows.ratio(
        "loss-landscapes, padded to 128 / ours, float32", got["package"], got["float32"], "2.8 ×"
    )
    rows.ratio(
        "load_state_dict at each point, batches padded to their longest / ours, float32",
        got["loop"],
        got["float32"],
        "2.2 ×",
    )
    if "bfloat16" in dtypes:
        rows.ratio(
            "loss-landscapes, padded to 128, float32 / ours, bfloat16",
            got["package"],
            got["bfloat16"],
            "9 ×",
        )
        worst = max(abs(a / b - 1) for a, b in zip(got["bfloat16"][2], got["float32"][2]))
        rows.add("largest relative difference of a loss, bfloat16 to float32", f"{worst:.1e}")
    passes = len(POINTS) * case.lengths.sum() / BUDGET
    needed = (11 + 1 / 6) / 12  # of the last layer only keys and values are of all tokens
    for dtype in dtypes:
        every = [seconds * passes for seconds in got[f"{dtype} products"][:2]]
        target = "0.85 ×" if dtype == "float32" else ""
        rows.ratio(
            f"matrix products of all layers for the real tokens / ours, {dtype}",
            every,
            got[dtype],
            target,
        )
        some = [seconds * needed for seconds in every]
        rows.ratio(f"those of them that cannot be left out / ours, {dtype}", some, got[dtype])


def against_peers(rows, case):
    """Today's tools: as their documentation uses them, and given batches sorted by length.

    Returns what each takes, and ours in each dtype.
    """
    dtypes = ["float32", "bfloat16"] if best_dtype("auto") == "bfloat16" else ["float32"]
    ways = {f"padded to {LONGEST}": False, "batches sorted by length": True}
    sides = {dtype: ours(case, POINTS, dtype) for dtype in dtypes}
    for name, peer in peers.PEERS.items():
        sides |= {f"{name}, {way}": peer(case, POINTS, ways[way]) for way in ways}
    got = take_turns(sides, rounds=1)
    for name in list(sides)[len(dtypes) :]:
        np.testing.assert_allclose(got[name][2][-1], got["float32"][2][-1], rtol=1e-4)
        rows.ratio(f"{name} / ours, float32", got[name], got["float32"])
    return got


def time_to_a_basin(rows, results, folder, got):
    """Until the basin of the embedded MNLI's plane is known to a mean error of 0.01.

    Points are counted on that plane, uniform ones for the others; each takes what it took above.
    """
    truth = folder / "truth.parquet"
    adaptive.measure(results, "pretrained", "mnli", FULL, truth)
    many, few = adaptive.points_needed(truth, 0.01)
    dtypes = [name for name in got if "," not in name]
    for name in (name for name in got if name not in dtypes):
        for dtype in dtypes:
            slow = [seconds * many for seconds in got[name][:2]]
            fast = [seconds * few for seconds in got[dtype][:2]]
            what = f"a basin to 0.01: {many} points of {name} / {few} of ours, {dtype}"
            rows.ratio(what, slow, fast, "10 ×" if dtype == "float32" else "20 ×")


def layer_groups(rows, case):
    sides = {"full": ours(case, POINTS)}
    sides |= {name: ours(case, POINTS, layers=layers) for name, layers in GROUPS.items()}
    got = take_turns(sides)
    for name, target in (("high", "2.6 ×"), ("middle", "1.4 ×")):
        rows.ratio(
            f"full plane / plane of the {name} layers, time a point", got["full"], got[name], target
        )


MEMORY = """
import sys
sys.path.insert(0, {benchmarks!r})
import run
from case import Case
from pathlib import Path
from transformers import BertForSequenceClassification
run.torch.set_num_threads(1)
def peak():  # not getrusage: its peak goes on from the parent's
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(status["VmHWM"].split()[0]) * 1024
before = peak()
run.ours(Case(Path({folder!r}), Path({examples!r}), None), [(0.5, 0.5)])()
print(peak() - before)
"""


def memory(rows, case):
    """Peak memory of one process that evaluates a plane, beyond what its imports take."""
    names = {"benchmarks": str(Path(__file__).parent)}
    names |= {"folder": str(case.folder), "examples": str(case.examples)}
    command = [sys.executable, "-c", MEMORY.format(**names)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    copies = int(done.stdout.split()[-1]) / case.start.stat().st_size
    rows.add(
        "peak memory beyond imports, in encoders (3 are mapped files), float32", f"{copies:.2f}"
    )


def study(rows, folder):
    """The embedded study from nothing."""
    for name in ("Snakefile", "rules", "config", "profiles", "slurm", "envs", "workflow"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command_line = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "2",
        "--quiet",
        "all",
        "--",
        "all",
    ]
    subprocess.run(command_line, cwd=folder, check=True)
    wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # jobs are forked: they are no children of Snakemake
    costs = [command.cost_in(log.read_text()) for log in (folder / "results/logs").rglob("*.log")]
    cpu += sum(of_cpu for _, of_cpu, _ in filter(None, costs))
    rows.add(
        "embedded study, `all`, from nothing, 2 cores, minutes",
        f"{cpu / 60:.1f}",
        f"{wall / 60:.1f}",
        "10 (wall)",
    )
    return folder / "results"


def tolerance(rows, results, folder):
    """A surface of the embedded study's MNLI with 8,192 examples, all of them or to a tolerance."""
    import make_language
    import prepare_task

    files = [str(folder / f"{name}.csv") for name in ("train", "dev")]
    argv = ["task", "mnli", "--seed", "0", "--train", "8192", "--dev", "320"]
    make_language.main([*argv, "--output-train", files[0], "--output-dev", files[1]])
    argv = ["--train", files[0], "--dev", files[1], "--text", "sentence1", "sentence2"]
    argv += ["--label", "label", "--tokenizer", str(results / "language/tokenizer")]
    argv += ["--max-length", "64", "--output-train", str(folder / "train.parquet")]
    prepare_task.main([*argv, "--output-dev", str(folder / "dev.parquet")])
    start, run = results / "models/pretrained/s0", results / "runs/pretrained/mnli/s0"
    second = results / "directions/pretrained/sst2/s0/own.safetensors"
    examples = {"train": Examples(folder / "train.parquet")}
    model = classifiers.load_final(start, run / "final.safetensors", 3, "cpu")
    axes = [(OWN, None), (PARTNER, second)]
    through = plane.Plane(model, start / "model.safetensors", run / "final.safetensors", axes)
    evaluate = Evaluator(model, examples, BUDGET, in_blocks=["train"])
    axis = plane.grid(-4.0, 4.0, 9)

    def surface(to):
        def measure():
            points = []
            for alpha in axis:
                for beta in axis:
                    through.place(alpha, beta)
                    points.append(evaluate("train", to))
            return points

        return measure

    got = take_turns({to: surface(to) for to in (0.0, 0.01, 0.05)}, rounds=1)
    for to in (0.01, 0.05):
        used = statistics.mean(point["n"] for point in got[to][2]) / 8192
        what = f"9 × 9 points, 8,192 examples: all / to {to:.0%} ({used:.0%} of the examples used)"
        rows.ratio(what, got[0.0], got[to])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-study", action="store_true", help="leave out its rows (minutes)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        case = make(folder / "case", PAIRS)
        print(
            f"{PAIRS} pairs of {case.lengths.mean():.1f} tokens in the mean, {len(POINTS)} points, "
            f"torch {torch.__version__}, {torch.cpu.get_capabilities().get('cpu_name')}\n"
        )
        rows = Rows()
        against_others(rows, case)
        got = against_peers(rows, case)
        layer_groups(rows, case)
        memory(rows, case)
        if not args.without_study:
            (folder / "study").mkdir()
            results = study(rows, folder / "study")
            tolerance(rows, results, folder)
            time_to_a_basin(rows, results, folder, got)


if __name__ == "__main__":
    main()
