# What jobs ask a cluster for: memory in MB and time in minutes, from the sizes of model and task,
# and more at each attempt. While a size is neither in the config nor in a file, it is "to be
# decided". A profile's set-resources overrules all of it.

import os
import shlex
import shutil
import subprocess
from contextlib import contextmanager

from landscape.plan import cost


@contextmanager
def undecided_if_broken(path):
    """A broken file counts as missing, which Snakemake takes for "to be decided"."""
    try:
        yield
    except InputError as error:
        raise FileNotFoundError(2, str(error), path)


def model_size(input):
    """Of θ0."""
    with undecided_if_broken(input.start):
        return cost.Model.of_config(config, input.start)


def memory(encoders, processes=1):
    """Room for so many encoders in each process beside Python, torch and, with a GPU, CUDA."""
    base = 6000 if config["gpus_per_run"] else 2000

    def request(wildcards, input, attempt):
        each = base + encoders * model_size(input).bytes / 1e6
        kept = 1000 * SURFACES["keep_gb"] if is_of_group(wildcards) else 0
        return round(processes * each + kept) * attempt

    return request


def is_of_group(wildcards):
    plane = wildcards.get("plane")
    return plane is not None and study.planes[plane].group is not None


def minutes(operations, attempt, devices=1):
    """Twice what the operations should take, and half an hour."""
    return round(30 + 120 * cost.hours(operations, **config["hardware"]) / devices) * attempt


def training_time(wildcards, input, attempt, epochs):
    model, folder = model_size(input), Path(input.train).parent
    with undecided_if_broken(input.train):
        task = cost.Task.of_config(config, wildcards.task, recipe_of(wildcards).batch_size, folder)
    return minutes(cost.training(model, task, epochs), attempt, devices=PROCESSES)


def evaluation_time(wildcards, input, attempt, points, splits=("train", "dev")):
    model = model_size(input)
    splits = [split for split in splits if split in input.keys()]
    if size := config["tasks"][wildcards.task].get("size"):
        measured = dict(
            zip(("train", "dev"), cost.Task(**size).measured(SURFACES["train_examples"]))
        )
        tokens = sum(measured[split] for split in splits)
    else:
        tokens = 0
        for split in splits:
            with undecided_if_broken(input[split]):
                tokens += cost.tokens(input[split])
    return minutes(cost.evaluation(model, tokens, points), attempt)


def request(job):
    """The options of sbatch for a job, by the executor's own code; without what is undecided."""
    from snakemake_executor_plugin_slurm.submit_string import get_submit_command
    from snakemake_executor_plugin_slurm.utils import set_gres_string

    facts = {"run_uuid": "request", "slurm_logfile": "-", "comment_str": "-", "workdir": None}
    for name, option in {"account": "-A", "partition": "-p"}.items():
        value = job.resources.get(f"slurm_{name}")
        facts[name] = f"{option} {value}" if value else ""
    call = get_submit_command(job, facts, workflow.executor_settings) + set_gres_string(job)
    words = shlex.split(call.partition(" --comment - ")[2])
    for undecided in [i for i, word in enumerate(words) if word == "<TBD>"]:
        words[undecided - 1] = words[undecided] = ""
    return tuple(filter(None, words))


def try_requests(jobs):
    """Have SLURM judge each different request before anything runs: it says what can never be.

    Where the executor chooses partitions by their limits, it judges them itself.
    """
    chosen = workflow.executor_settings.partition_config or os.getenv("SNAKEMAKE_SLURM_PARTITIONS")
    if shutil.which("sbatch") is None:
        sys.exit("error: --profile slurm: no sbatch here; call it where jobs are submitted")
    requests = {} if chosen else {request(job): job.rule for job in jobs if not job.is_local}
    for options, name in requests.items():
        command = ["sbatch", "--test-only", *options, "--wrap", "true"]
        said = subprocess.run(command, capture_output=True, text=True)
        reason = said.stderr.strip().rpartition(": ")[2]
        if said.returncode and "down" not in reason:  # nodes that are down may come back
            sys.exit(f"error: SLURM refuses what {name} asks for: {' '.join(options)}: {reason}")
