# What jobs ask a cluster for: memory in MB and time in minutes, from the sizes of model and task,
# and more at each attempt. While a size is neither in the config nor in a file, it is "to be
# decided". A profile's set-resources overrules all of it.

import shutil
import subprocess

from landscape import cost


def memory(encoders):
    """Room for so many encoders beside what Python, torch and, with a GPU, CUDA take."""
    base = 6000 if config["gpus_per_run"] else 2000

    def request(wildcards, input, attempt):
        model = cost.Model.of_config(config, input.start)
        kept = 1000 * SURFACES["keep_gb"] if wildcards.get("plane") in GROUPS else 0
        return round(base + encoders * model.bytes / 1e6 + kept) * attempt

    return request


def minutes(operations, attempt, devices=1):
    """Twice what the operations should take, and half an hour."""
    return round(30 + 120 * cost.hours(operations, **config["hardware"]) / devices) * attempt


def training_time(wildcards, input, attempt, epochs):
    model = cost.Model.of_config(config, input.start)
    folder = Path(input.train).parent
    task = cost.Task.of_config(config, wildcards.task, wildcards.init, folder)
    operations = cost.training(model, task, epochs)
    return minutes(operations, attempt, devices=max(1, config["gpus_per_run"]))


def evaluation_time(wildcards, input, attempt, points):
    model = cost.Model.of_config(config, input.start)
    if size := TASKS[wildcards.task].get("size"):
        tokens = sum(cost.Task(**size).measured(SURFACES["train_examples"]))
    else:
        tokens = sum(
            cost.tokens(input[split]) for split in ("train", "dev") if split in input.keys()
        )
    return minutes(cost.evaluation(model, tokens, points), attempt)


def try_requests(jobs):
    """Have SLURM judge each different request before anything runs: it says what can never be."""
    if shutil.which("sbatch") is None:
        sys.exit("error: --profile slurm: no sbatch here; call it where jobs are submitted")
    options = {
        "slurm_partition": "--partition",
        "slurm_account": "--account",
        "mem_mb": "--mem",
        "runtime": "--time",
        "gpu": "--gpus",
    }
    requests = {}  # and a job that makes each
    for job in jobs:
        asked = {option: job.resources.get(name) for name, option in options.items()}
        asked["--cpus-per-task"] = job.threads
        if not job.is_local:
            known = (f"{k}={v}" for k, v in asked.items() if v and v != "<TBD>")
            requests.setdefault(tuple(known), job)
    for request, job in requests.items():
        command = ["sbatch", "--test-only", *request, "--wrap", "true"]
        said = subprocess.run(command, capture_output=True, text=True)
        if said.returncode:
            reason = said.stderr.strip().rpartition(": ")[2]
            sys.exit(f"error: slurm/config.yaml: {job.rule} asks for {' '.join(request)}: {reason}")
