import json
import os
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
from study.check_config import check, load
from landscape.jobs.command import InputError
from landscape.jobs.sealed import write_json
from landscape.study import Study, unique
from landscape.words import CONTROL, CURVE, FROM_SEED, FULL, OWN, PARTNER, RANDOM

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
    benchmarks="<results>/benchmarks",


if not config["gpus_per_run"]:  # on the CPU, whatever the machine has
    shell.prefix("set -euo pipefail; export CUDA_VISIBLE_DEVICES=; ")


report: "workflow/report/workflow.rst"


include: "rules/common.smk"
include: "rules/inputs.smk"
include: "rules/requests.smk"
include: "rules/submission.smk"
include: "rules/models.smk"


if "language" in config:

    include: "rules/language.smk"


if "pretrain" in MODEL:

    include: "rules/pretraining.smk"


include: "rules/data.smk"
include: "rules/runs.smk"
include: "rules/directions.smk"
include: "rules/surfaces.smk"
include: "rules/trajectories.smk"
include: "rules/figures.smk"
include: "rules/claims.smk"
include: "rules/report.smk"
include: "rules/needs.smk"
include: "rules/checkpoints.smk"
include: "rules/plan.smk"


# on a workstation GPU jobs take turns, unless `--resources gpu=N` says that N GPUs are there; on a
# cluster they are all submitted. (A limit also cuts down what one job asks for: hence not just 1.)
if "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", PROCESSES)


resource_scopes:
    gpu="local",


onstart:
    try:
        write_json(config, STUDY)
        # the logs of what will run hold all tries of this call, and no others
        for job in workflow.dag.needrun_jobs():
            for log in job.log:
                Path(log).unlink(missing_ok=True)
    except OSError as error:
        sys.exit(f"error: {STUDY}: cannot be written ({error.strerror})")
    if workflow.executor_plugin.name == "slurm":
        try_requests(workflow.dag.needrun_jobs())


rule all:
    default_target: True
    input:
        rules.figures.input,
        rules.tables.input,
        rules.report_page.output,
        [surfaces(plane) for plane in study.planes],
        deleted(),
    localrule: True
