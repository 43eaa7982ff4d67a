# What happens before the first job. SLURM is asked about requests: nothing public tells how a job is
# submitted, so this calls functions that are the executor's own, of the version in constraints.txt.

import os
import shutil
import subprocess

from landscape.jobs import warm
from landscape.jobs.sealed import write_json


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


onstart:
    try:
        write_json(config, STUDY)
        # the logs of what will run hold all tries of this call, and no others
        for job in workflow.dag.needrun_jobs():
            for log in job.log:
                Path(log).unlink(missing_ok=True)
    except OSError as error:
        sys.exit(f"error: {STUDY}: cannot be written ({error.strerror})")
    if workflow.executor_plugin.name == "local":
        # it has no use here, and after each job it has the scheduler look at all that wait once
        # more each second for the rest of the call
        workflow.scheduler.job_rate_limiter = None
        few = len(list(workflow.dag.needrun_jobs())) < 10  # they start sooner by themselves
        if on_cpu and not few:
            warm.offer(config["threads"])
    if workflow.executor_plugin.name == "slurm":
        try_requests(workflow.dag.needrun_jobs())
