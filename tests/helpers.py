"""What several tests share: tiny models, tokenised splits, and commands as a person calls them."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
import yaml
from landscape.data import tokenised
from landscape.jobs import command
from landscape.models import classifiers
from landscape.surfaces import surface

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "workflow/scripts"
VOCABULARY = 50


def may_install():
    """Whether tests may install packages of Debian: as root on Debian, so a container's or CI's."""
    try:
        return platform.freedesktop_os_release()["ID"] == "debian" and os.geteuid() == 0
    except OSError:
        return False


def config(kind="bert", layers=3, hidden=16, **more):
    """The configuration of a tiny model of any type that has BERT's names for its sizes."""
    from transformers import AutoConfig

    if kind == "distilbert":
        sizes = {"n_layers": layers, "dim": hidden, "n_heads": 2, "hidden_dim": 2 * hidden}
    elif kind == "xlnet":
        sizes = {"n_layer": layers, "d_model": hidden, "n_head": 2, "d_inner": 2 * hidden}
    else:
        sizes = {"num_hidden_layers": layers, "hidden_size": hidden}
        sizes |= {"num_attention_heads": 2, "intermediate_size": 2 * hidden}
    sizes["pad_token_id"] = 1 if kind == "roberta" else 0
    if kind == "modernbert":
        sizes["local_attention"] = 256
        # its own tokens are beyond a tiny vocabulary
        sizes |= dict.fromkeys(["bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"], 2)
    # weights far larger than a fresh BERT's: otherwise all losses are almost log(classes) and
    # no mistake would show
    sizes |= {"vocab_size": VOCABULARY, "initializer_range": 0.3}
    if kind != "xlnet":  # which takes any length
        sizes["max_position_embeddings"] = 140
    return AutoConfig.for_model(kind, **sizes | more)


def classifier(kind="bert", labels=3, seed=0, **more):
    """A tiny classifier with random weights, in eval mode."""
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(seed)
    made = AutoModelForSequenceClassification.from_config(config(kind, num_labels=labels, **more))
    return made.eval()


def model_folder(folder, kind="bert", seed=0, **more):
    """θ0 as the workflow keeps it: a `save_pretrained` folder of the bare encoder."""
    from transformers import AutoModel

    torch.manual_seed(seed)
    AutoModel.from_config(config(kind, **more)).save_pretrained(folder)
    return Path(folder)


def moved(model, seed, size=0.1, only=lambda name: True):
    """The model, its parameters (`only` some) moved at random: a stand-in for training."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in classifiers.parameters(model).items():
            if only(name):
                parameter += size * torch.randn(parameter.shape, generator=generator)
    return model


def write_split(path, lengths, classes=3, seed=0, pad_id=0, types=True, side="right"):
    """A tokenised split with random tokens and labels, one example for each of `lengths`."""
    rng = np.random.default_rng(seed)
    ids = [rng.integers(5, VOCABULARY, n).tolist() for n in lengths]
    columns = {"row": pa.array(range(len(ids)), pa.int32())}
    columns["input_ids"] = pa.array(ids, pa.list_(pa.int32()))
    if types:
        second = [[int(i >= len(one) // 2) for i in range(len(one))] for one in ids]
        columns["token_type_ids"] = pa.array(second, pa.list_(pa.int32()))
    labels = rng.integers(0, classes, len(ids))
    labels[:classes] = range(classes)
    columns["label"] = pa.array(labels, pa.int32())
    facts = {"labels": classes, "pad_id": pad_id, "pad_type_id": 0, "padding_side": side}
    tokenised.write(pa.table(columns), facts, path)
    return path


def padded_logits(model, path, size=7, grad=False):
    """Logits and labels of a tokenised split in the plainest way: the reference of the fast one.

    Batches in the file's order, all padded to their longest, always with an attention mask.
    grad: whether gradients may be taken of them.
    """
    table, facts = tokenised.read(path)
    examples = table.to_pylist()
    logits = []
    with torch.set_grad_enabled(grad):
        for first in range(0, len(examples), size):
            batch = examples[first : first + size]
            width = max(len(one["input_ids"]) for one in batch)
            inputs = {"input_ids": [], "attention_mask": []}
            if "token_type_ids" in table.column_names:
                inputs["token_type_ids"] = []
            for one in batch:
                n = len(one["input_ids"])
                inputs["input_ids"].append(one["input_ids"] + [facts["pad_id"]] * (width - n))
                inputs["attention_mask"].append([1] * n + [0] * (width - n))
                if "token_type_ids" in one:
                    inputs["token_type_ids"].append(one["token_type_ids"] + [0] * (width - n))
            tensors = {name: torch.tensor(value) for name, value in inputs.items()}
            logits.append(model(**tensors).logits)
    return torch.cat(logits), torch.tensor(table["label"].to_pylist())


def bits(model):
    """The bits of all parameters, by checkpoint name: equal only where nothing at all differs."""
    return {name: p.detach().numpy().tobytes() for name, p in classifiers.parameters(model).items()}


def wait_for(condition, seconds=120):
    """Until a condition holds; fails if it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def cut_short(path, share=0.7):
    """Leave only the first part of a file, as a full disk or a broken copy does."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def environment(**more):
    """Of a process started by a test: our python first, one thread, no network and no GPU.

    Nor is it a job of a cluster, where the tests themselves may be one.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"HF_ENDPOINT": "http://127.0.0.1:9", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    own["PYTHONPATH"] = str(SCRIPTS)
    outer = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    return {**outer, "PATH": path, **own, **more}


def path_of(script):
    """A command, by its name alone."""
    (path,) = SCRIPTS.glob(f"*/{script}")
    return path


def call(script, *argv, cwd=ROOT, input=None, **env):
    """A command in a process of its own; `input` is what it could read."""
    return subprocess.run(
        [sys.executable, path_of(script), *map(str, argv)],
        cwd=cwd,
        env=environment(**env),
        capture_output=True,
        text=True,
        input=input,
    )


def copy_of_the_workflow(folder):
    """What a clone has, without results: tests that make some work on a copy."""
    parts = ["Snakefile", "rules", "config", "profiles", "slurm", "envs", "workflow"]
    for name in [*parts, "tests/tiny.yaml"]:
        source, target = ROOT / name, Path(folder) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    return Path(folder)


# imported by every Python process of a run: says who wants to reach another machine
WATCH = """
import os, socket, sys
connect = socket.socket.connect
def watched(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        with open(os.environ["CONNECTIONS"], "a") as file:
            file.write(f"{sys.orig_argv[1:3]} {address}\\n")
    return connect(self, address)
socket.socket.connect = watched
"""


def watch(folder, also=""):
    """The environment of a run in `folder` whose connections are noted in `connections` there.

    also: what every Python process of it does besides, as code.
    """
    (folder / "watch").mkdir(exist_ok=True)
    (folder / "watch/sitecustomize.py").write_text(WATCH + also)
    return {"PYTHONPATH": str(folder / "watch"), "CONNECTIONS": str(folder / "connections")}


def snakemake(folder, *argv, **env):
    """Snakemake in a process of its own; its two streams as one text, by `stdout`."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *map(str, argv)],
        cwd=folder,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


# Snakemake's own listing of a dry run does not tell all of a job
AS_JSON = """
import json, sys
from snakemake.jobs import Job
def as_json(self, **style):
    told = {"rule": self.rule.name, "message": self.message, "output": list(self.output)}
    told["local"] = self.rule.name in self.dag.workflow._localrules
    told["resources"] = {k: v for k, v in self.resources.items() if not k.startswith("_")}
    print("JOB", json.dumps(told), flush=True)
Job.log_info = as_json
from snakemake.cli import main
main(sys.argv[1:])
"""


def dry_run(folder, *argv):
    """What would run: a dict a job (rule, message, output, local, resources). It must succeed."""
    done = subprocess.run(
        [sys.executable, "-c", AS_JSON, *map(str, argv), "-n"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    return [json.loads(line.removeprefix("JOB ")) for line in lines if line.startswith("JOB ")]


def counts(jobs):
    """{rule: number of jobs}."""
    return dict(Counter(job["rule"] for job in jobs))


STAGES = {
    "data": ["download_task", "language_t", "prepare_task", "sample_examples", "try_model"],
    "models": ["download_model", "mini_architecture", "pretrain", "initial_model"],
    "training": ["train_", "score_run", "choose_candidate", "finish_run", "delete_checkpoints"],
    "directions": ["direction", "random_directions"],
    "surfaces": ["surface", "curves", "group_lines"],
    "trajectories": ["project_trajectory", "evaluate_trajectory"],
    "rollbacks": ["rollback"],
    "sharpness": ["sharpness"],
    "figures, tables, report": ["figure", "table", "runs_table", "paper", "claims", "report"],
}


def by_stage(counts, waiting=0):
    """Jobs by the stages of the plan; the target `all` is none of them.

    waiting: runs whose training, and its scores, are unknown before candidates have been tried.
    """
    counts = counts | {"train_": 2 * waiting}
    stages = {
        stage: sum(n for rule, n in counts.items() if rule.startswith(tuple(rules)))
        for stage, rules in STAGES.items()
    }
    return stages | {"all": sum(counts.values()) - counts["all"]}


def jobs_of_plan(results):
    return pd.read_csv(results / "plan.csv").set_index("stage")["jobs"].to_dict()


def changed(study, changes, **style):
    """The argument by which Snakemake takes the tiny study's config with other values."""
    config = yaml.safe_load((study / "tests/tiny.yaml").read_text())
    for key, value in changes.items():
        *path, last = key.split(".")
        place = config
        for name in path:
            place = place[name]
        place[last] = value
    (study / "changed.yaml").write_text(yaml.safe_dump(config, **{"sort_keys": False} | style))
    return "--configfile", "changed.yaml"


def of_plane(results, arm, task, plane):
    """A surface of a study's first seed, and what made it."""
    return surface.read(results / f"surfaces/{arm}/{task}/s0/{plane}/surface.parquet")


def landmark(results, arm, task, plane, name):
    """A landmark of a surface, as a dict."""
    table, _ = of_plane(results, arm, task, plane)
    (row,) = table[table["landmark"] == name].to_dict("records")
    return row


def tokenizer(words):
    """A word-level tokenizer in memory, as the embedded study's: [PAD] is 0."""
    import make_language
    from transformers import AutoTokenizer

    with tempfile.TemporaryDirectory() as folder:
        make_language.write_tokenizer(Path(folder), words)
        return AutoTokenizer.from_pretrained(folder)


def error_of(main, argv):
    """The one line by which a command refuses its input, called in this process.

    Fails if it does not refuse, or dies of another exception: a person would see its traceback.
    """
    with pytest.raises(SystemExit) as stop:
        command.run(lambda: main(list(map(str, argv))))
    line = stop.value.code
    assert isinstance(line, str), f"refused by argparse: exit code {line}"
    assert "the traceback is above" not in line, line
    assert line.startswith("error: ") and "\n" not in line and "Traceback" not in line
    return line
