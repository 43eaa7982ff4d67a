# Where things are, and what the rules ask the config.

import shlex
from decimal import Decimal

from snakemake.io import contains_wildcard
from snakemake.pathvars import PATHVAR_REGEX

from landscape.jobs.code import behind

SCRIPTS = HERE / "workflow/scripts"

MODEL = config["model"]
SURFACES = config["surfaces"]

PROCESSES = max(1, config["gpus_per_run"])  # of a training
FURTHER = study.further_epochs if study.further() else 0

# the whole config, for commands that read it: written as jobs start, and no input of theirs, since
# few of its changes concern each
STUDY = "{results}/study.json".format(**config["pathvars"])

RUNS = "<results>/runs"
RUN = f"{RUNS}/{{arm}}/{{task}}/s{{seed}}"
DIRECTION = "<results>/directions/{arm}/{task}/s{seed}/own.safetensors"
NORM = "<results>/directions/{arm}/{task}/s{seed}/own.json"
SURFACE = "<results>/surfaces/{arm}/{task}/s{seed}/{plane}"
ROLLBACK = "<results>/rollbacks/{arm}/{task}/s{seed}.parquet"
SHARPNESS = "<results>/sharpness/{arm}/{task}/s{seed}.parquet"
TRAJECTORY = "<results>/trajectories/{arm}/{task}/s{seed}/{length}"
# which commits branches on the Hub stood for when first asked
PINS = "{results}/revisions.json".format(**config["pathvars"])
# what a killed job goes on from: outside the declared outputs, which Snakemake deletes then
STATE = "{results}/.state".format(**config["pathvars"])


wildcard_constraints:
    arm="|".join(study.arms),
    start="|".join({arm.start for arm in study.arms.values()}),
    task="|".join(study.tasks),
    seed=r"\d+",
    plane="|".join(study.planes),
    length="run|longer",
    level=r"|level_\d+_",  # none: the grid's own
    chunk=r"\d+",
    chunks=r"\d+",
    rate=r"[0-9.e+-]+",
    part=r"e\d+_lr[0-9.e+-]+|further",


def code(script):
    """A command and the library modules that it imports.

    As inputs of a rule they make it run again when the code that made its result changes, and
    only then.
    """
    return [str(path) for path in behind(SCRIPTS / script, SCRIPTS)]


def option(name, *values):
    """`--name=value` for each value, quoted for the shell; nothing for an empty one.

    So a value may begin with a dash, and hold spaces, quotes or braces.
    """
    return " ".join(shlex.quote(f"--{name}={value}") for value in values if value)


def verbatim(text):
    """A param in which Snakemake fills in nothing, whatever braces a label holds."""
    return lambda wildcards: text


def by_flag(wildcards, input):
    """The inputs of a rule as flags of their own names; none for one without files."""
    others = ("code", "pages", "numbers")
    named = {name: files for name, files in input.items() if name not in others and files}
    return " ".join(f"--{name} {files}" for name, files in named.items())


def plain(number):
    """A number with all its digits and no exponent: argparse takes -1e-05 for an option."""
    return format(Decimal(repr(number)), "f")


def shown(path, **labels):
    """A result that `snakemake --report` shows, by folder, with the caption of its own name."""
    folder, name = Path(path).parts[-2:]
    return report(
        path,
        caption=f"../workflow/report/{Path(name).stem}.rst",
        category={"figures": "Figures", "tables": "Tables"}.get(folder, "The study on one page"),
        labels=labels,
    )


def given(path, key):
    """A user's own file as an input: Snakemake fills in what it takes for its names, always."""
    if contains_wildcard(str(path)) or PATHVAR_REGEX.search(str(path)):
        sys.exit(f"error: {key}: {path}: Snakemake fills in {{…}} and <…> in paths; rename it")
    return str(path)
