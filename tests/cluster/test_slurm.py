"""`snakemake --profile slurm` on a real SLURM: a study, jobs cut short, requests that cannot be.

One run of the study is shared. While one of its trainings is held until its time limit, the tests
of other runs take place; the tests of its results come last.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import helpers
import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.usefixtures("cluster")

RESULTS = "results/tiny"
GPU_RULES = {
    "score_run",
    "try_model",
    "train_2_epochs",
    "train_3_epochs",
    "curves",
    "rollback",
}
CANCELLED = "scratch/mnli"  # whose training is cancelled in a copy, and left alone in the study
LIMITED = "scratch/sst2"  # whose training is held until its time limit
TARGETS = ["figures/fig2.pdf", "figures/fig5.pdf", "tables/table1.md"]
TARGETS = [f"{RESULTS}/{name}" for name in [*TARGETS, f"runs/{LIMITED}/s0/final.safetensors"]]

# In every Python process. Notes each step of the workflow with its job and the GPUs that SLURM gave
# it, which are then hidden: they are none, so the step computes on the CPU.
STEPS = """
import json
job = os.environ.get("SLURM_JOB_ID")
argv = [part for part in sys.orig_argv[1:] if part != "-u"]
if job and argv and argv[0].startswith("workflow/scripts/"):
    gpus = os.environ.pop("CUDA_VISIBLE_DEVICES", os.environ.get("GIVEN"))
    if gpus is not None:
        os.environ["GIVEN"] = gpus  # for what this process becomes
    with open(os.environ["STEPS"], "a") as file:
        step = {"job": job, "pid": os.getpid(), "argv": " ".join(argv), "gpus": gpus}
        file.write(json.dumps(step) + "\\n")
"""


# how a run is started, watched and held


class Run:
    """`snakemake --profile slurm` in a process of its own, in a copy of the workflow."""

    def __init__(self, folder, *argv, seconds=300, **env):
        self.folder = folder
        watch = helpers.watch(folder, STEPS) | {"STEPS": str(folder / "steps")}
        command = ["timeout", "-k", "10", seconds, sys.executable, "-m", "snakemake"]
        # 40 seconds, the default, would be most of the time of the test
        command += ["--profile", "slurm", "--slurm-init-seconds-before-status-checks", 2, *argv]
        with open(folder / "output", "w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                list(map(str, [*command, "--configfile", "study.yaml"])),
                cwd=folder,
                env=helpers.environment(**watch | env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def output(self):
        return (self.folder / "output").read_text()

    def ended(self):
        """Its exit status; waits for it."""
        return self.process.wait()

    def steps(self):
        """What `STEPS` noted."""
        path = self.folder / "steps"
        return list(map(json.loads, path.read_text().splitlines())) if path.exists() else []

    def trainings(self):
        """Those of `steps` that train: where there are several, `launch.py` is none of them."""
        trains = re.compile(r"workflow/scripts/runs/(launch.py --processes 1 .*/)?train.py ")
        return [step for step in self.steps() if trains.match(step["argv"])]

    def hold(self, run, epochs):
        """Stop a training in the middle of its second epoch; returns the id of its SLURM job."""
        log = self.folder / f"{RESULTS}/logs/runs/{run}/s0_e{epochs}_lr0.001.log"
        while not (log.exists() and f"epoch 1/{epochs}" in log.read_text()):
            assert self.process.poll() is None, self.output()[-5000:]
            time.sleep(0.02)
        time.sleep(0.5)  # of some 3 seconds
        labels = " ".join(["--labels", *run.split("/")])
        (step,) = (step for step in self.trainings() if labels in step["argv"])
        os.kill(step["pid"], signal.SIGSTOP)
        assert f"epoch 2/{epochs}" not in log.read_text()
        return step["job"]


def workflow(folder):
    """A copy of the workflow with the study of these tests, without results."""
    helpers.copy_of_the_workflow(folder)
    config = yaml.safe_load((folder / "tests/tiny.yaml").read_text())
    config["gpus_per_run"] = 1
    config["figures"]["tasks"] = ["mnli"]
    # epochs of seconds, so that the middle of one can be met
    long = {"batch_size": 2, "learning_rate": [1e-3]}
    for task, epochs in (("mnli", 3), ("sst2", 2)):
        settings = config["tasks"][task]
        settings["grammar"]["train"] = 900
        settings["runs"] = {arm: {**long, "epochs": [epochs]} for arm in ("scratch", "pretrained")}
    (folder / "study.yaml").write_text(yaml.safe_dump(config))
    return folder


def edit_profile(folder, **changes):
    """Add to `default_resources` or `set_resources` of the profile."""
    path = folder / "slurm/config.yaml"
    profile = yaml.safe_load(path.read_text())
    for key, value in changes.items():
        key = key.replace("_", "-")
        profile[key] = profile.get(key, {}) | value
    path.write_text(yaml.safe_dump(profile))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """All that comes before training, made without the cluster: in a fraction of the time."""
    folder = workflow(tmp_path_factory.mktemp("prepared"))
    files = [f"models/{start}/s0/model.safetensors" for start in ("random", "pretrained")]
    files += ["data/mnli/sample.parquet", "data/sst2/sample.parquet"]
    targets = [f"{RESULTS}/{file}" for file in files]
    done = helpers.snakemake(folder, *targets, "--cores", 2, "--configfile", "study.yaml")
    assert done.returncode == 0, done.stdout[-5000:]
    return folder


@pytest.fixture(scope="session")
def started(cluster, prepared, tmp_path_factory):
    """The run of the study, one of its trainings held."""
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("started") / "study")
    short = {"runtime": "1 * attempt", "slurm_extra": "'--signal=TERM@10'"}
    edit_profile(folder, set_resources={"train_2_epochs": short})
    asked = helpers.dry_run(folder, "--profile", "slurm", *TARGETS, "--configfile", "study.yaml")
    run = Run(folder, *TARGETS, seconds=400)
    run.asked = {}
    for job in asked:
        request = job["resources"]["mem_mb"], job["resources"]["runtime"]
        run.asked.setdefault(job["rule"], set()).add(request)
    run.hold(LIMITED, 2)
    yield run
    run.process.terminate()


@pytest.fixture(scope="session")
def cancelled(started, prepared, tmp_path_factory):
    """A training cancelled in the middle of its second epoch, and how Snakemake ended."""
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("cancelled") / "study")
    target = f"{RESULTS}/runs/{CANCELLED}/s0/final.safetensors"
    run = Run(folder, target, "--retries", 0)
    job = run.hold(CANCELLED, 3)
    subprocess.run(["scancel", job], check=True)
    return run, job, target


@pytest.fixture(scope="session")
def study(started):
    """The run of the study, finished."""
    assert started.ended() == 0, started.output()[-5000:]
    return started


# requests that cannot be


def refused(folder, *argv, **env):
    """What a person sees when no job can be submitted: it must end by itself, and soon."""
    run = Run(folder, f"{RESULTS}/language/text.parquet", *argv, seconds=60, **env)
    assert run.ended() == 1
    return run.output()


def the_line(output):
    """The one line that says what is wrong; nothing was submitted."""
    (line,) = [line for line in output.splitlines() if line.startswith("error: ")]
    assert "has been submitted" not in output and "Traceback" not in output
    return line


@pytest.mark.parametrize(
    "more, reason",
    [
        # `--resources`, since the number of local GPUs would limit the request
        pytest.param("gpu=9 --resources gpu=9", ".*--gpus=9.*configuration", id="GPUs"),
        pytest.param("mem_mb=900000", ".*--mem 900000 .*configuration", id="memory"),
        pytest.param("runtime=9000", ".*-t 9000 .*time limit", id="time"),
        pytest.param("slurm_partition=nowhere", "-p nowhere .*partition", id="partition"),
    ],
)
def test_what_the_cluster_never_has_is_refused_in_one_line(tmp_path, more, reason):
    output = refused(workflow(tmp_path), *f"--set-resources language_text:{more}".split())
    assert re.search(f"SLURM refuses what language_text asks for: {reason}", the_line(output))


def test_an_unknown_account_is_named(tmp_path):
    folder = workflow(tmp_path)
    edit_profile(folder, default_resources={"slurm_account": "nobody"})
    assert "account nobody appears to be invalid" in refused(folder)


def test_a_machine_without_slurm_is_named(tmp_path):
    folder = workflow(tmp_path)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "which", "env", "timeout", "tail"):
        (tools / name).symlink_to(shutil.which(name))
    assert "no sbatch here" in the_line(refused(folder, PATH=str(tools)))


# jobs cut short


def test_a_cancelled_training_ends_the_run_and_says_so(cancelled):
    run, job, _ = cancelled
    assert run.ended() == 1
    assert f"SLURM-job '{job}' failed, SLURM status is: 'CANCELLED" in run.output()


def went_on_within_an_epoch(log):
    """Whether a training took up the step that it had saved when it was told to stop."""
    (epochs,) = re.findall(r"^going on after ([\d.]+) epochs$", log.read_text(), re.MULTILINE)
    return float(epochs) % 1 > 0


def test_a_cancelled_training_goes_on_and_ends_with_the_same_bytes(cancelled, study):
    first, _, target = cancelled
    first.ended()
    second = Run(first.folder, target)
    assert second.ended() == 0, second.output()[-5000:]
    log = first.folder / f"{RESULTS}/logs/runs/{CANCELLED}/s0_e3_lr0.001.log"
    assert went_on_within_an_epoch(log)
    assert (second.folder / target).read_bytes() == (study.folder / target).read_bytes()


# the study


def accounting(folder):
    """The SLURM jobs of a run, in the order of their submission."""
    fields = ["JobIDRaw", "State", "Comment", "ReqTRES", "TimelimitRaw", "WorkDir"]
    command = ["sacct", "-X", "-P", "-n", "-o", ",".join(fields)]
    rows = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    jobs = [dict(zip(fields, row.split("|"))) for row in rows.splitlines()]
    jobs = [job for job in jobs if job["WorkDir"] == str(folder)]
    for job in jobs:
        job["rule"] = re.fullmatch(r"rule_(\w+?)(_wildcards_.*)?", job["Comment"])[1]
    return sorted(jobs, key=lambda job: int(job["JobIDRaw"]))


@pytest.fixture(scope="session")
def jobs(study):
    return accounting(study.folder)


def test_the_figures_and_the_table_are_there(study):
    for target in TARGETS:
        assert (study.folder / target).stat().st_size > 0
    table = pd.read_csv(study.folder / f"{RESULTS}/tables/table1.csv")
    assert len(table) == 4  # mnli × (whole, 3 groups)


def test_a_training_at_its_time_limit_is_tried_again_with_more_time_and_goes_on(study, jobs):
    run = LIMITED.replace("/", "_")
    tries = [job for job in jobs if job["rule"] == "train_2_epochs" and run in job["Comment"]]
    assert tries[0]["State"] in ("TIMEOUT", "FAILED")  # it may be the first to end
    assert tries[1]["State"] == "COMPLETED"
    assert [job["TimelimitRaw"] for job in tries] == ["1", "2"]
    log = study.folder / f"{RESULTS}/logs/runs/{LIMITED}/s0_e2_lr0.001.log"
    assert went_on_within_an_epoch(log)


def test_all_other_jobs_succeed_at_once(jobs):
    others = [job for job in jobs if job["rule"] != "train_2_epochs"]
    assert {job["State"] for job in others} == {"COMPLETED"}
    assert len({job["Comment"] for job in others}) == len(others)


def test_jobs_ask_for_what_the_rules_say(study, jobs):
    """Memory and time as the dry run tells them."""
    first = {job["Comment"]: job for job in reversed(jobs)}.values()
    submitted = {}
    for job in first:
        requested = dict(part.split("=") for part in job["ReqTRES"].split(","))
        memory = int(requested["mem"].removesuffix("M"))
        submitted.setdefault(job["rule"], set()).add((memory, int(job["TimelimitRaw"])))
        assert ("gres/gpu" in requested) == (job["rule"] in GPU_RULES)
    assert submitted == study.asked


def test_jobs_that_ask_for_a_gpu_get_one_and_no_others(study, jobs):
    rules = {job["JobIDRaw"]: job["rule"] for job in jobs}
    steps = study.steps()
    assert {step["job"] for step in steps} == set(rules)
    for step in steps:
        expected = {"0", "1"} if rules[step["job"]] in GPU_RULES else {None}
        assert step["gpus"] in expected, step


def test_no_job_opens_a_connection(study):
    assert not (study.folder / "connections").exists()


def test_a_training_of_two_gpus_gets_both(study, prepared, tmp_path):
    """One process each; hidden, so that both compute on the CPU."""
    folder = shutil.copytree(prepared, tmp_path / "study")
    target = f"{RESULTS}/runs/{CANCELLED}/s0/final.safetensors"
    run = Run(folder, target, "--config", "gpus_per_run=2")
    assert run.ended() == 0, run.output()[-5000:]
    (job,) = [job for job in accounting(folder) if job["rule"].startswith("train")]
    assert "gres/gpu=2" in job["ReqTRES"].split(",")
    steps = [step for step in run.steps() if step["job"] == job["JobIDRaw"]]
    assert {step["gpus"] for step in steps} == {"0,1"}
    assert len(run.trainings()) == 2
