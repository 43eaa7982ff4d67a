import json
import os
import shlex
import sys
from pathlib import Path

from snakemake.utils import min_version

# the workflow may lie elsewhere than the data and results: `-s`, `--directory`
HERE = Path(os.path.relpath(workflow.basedir))
LIBRARY = str(HERE.absolute() / "workflow/scripts")
sys.path.insert(0, LIBRARY)
# for the commands, wherever the library may be installed besides
places = filter(None, [LIBRARY, os.getenv("PYTHONPATH")])  # an empty one would be "here"
os.environ |= {"PYTHONPATH": os.pathsep.join(places)}
from study.check_config import check
from landscape.jobs.command import InputError
from landscape.jobs.config_file import load
from landscape.study import Study, unique
from landscape.words import BASIN, CONTROL, CURVE, FROM_SEED, FULL, OWN, PARTNER, RANDOM, WAY

min_version("9.19")

if not workflow.configfiles:

    configfile: HERE / "config/config.yaml"


try:
    for file in workflow.configfiles:
        load(file)  # as strictly as Snakemake's own loader is not
    check(config, " + ".join(map(str, workflow.configfiles)))
except InputError as error:
    sys.exit(f"error: {error}")
study = Study(config)


# each study has its own `results`, set in its config
pathvars:
    logs="<results>/logs",


# A job's Python takes the place of its shell, so that signals reach it. On the CPU, whatever the
# machine has, it is one that starts quickly.
on_cpu = not config["gpus_per_run"]
hidden = "export CUDA_VISIBLE_DEVICES=;" if on_cpu else ""
warm = f"-IS {shlex.quote(LIBRARY)}/landscape/jobs/warm.py" if on_cpu else ""
shell.prefix('set -euo pipefail; {hidden} python() {{ exec python {warm} "$@"; }}; ')


report: "workflow/report/workflow.rst"


for name in [
    "common",
    *(f"inputs/{part}" for part in ("models", "data", "runs", "surfaces", "shown", "all")),
    "requests",
    "before_jobs",
    "models",
    *(["language"] if "language" in config else []),
    *(["pretraining"] if "pretrain" in config["model"] else []),
    *("data", "runs", "directions", "surfaces", "trajectories", "rollbacks"),
    *(["sharpness"] if "sharpness" in config["surfaces"] else []),
    *("figures", "claims", "report", "checkpoints", "plan"),
]:

    include: f"rules/{name}.smk"


# on a workstation GPU jobs take turns, unless `--resources gpu=N` says that N GPUs are there; on a
# cluster they are all submitted. (A limit also cuts down what one job asks for: hence not just 1.)
if "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", PROCESSES)


resource_scopes:
    gpu="local",


rule all:
    default_target: True
    input:
        rules.figures.input,
        rules.tables.input,
        rules.report_page.output,
        [surfaces(plane) for plane in study.planes],
        deleted(),
    localrule: True
