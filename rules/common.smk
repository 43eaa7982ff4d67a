# Where things are, and what the rules ask the config.

import ast
import shlex
from decimal import Decimal

from snakemake.io import contains_wildcard
from snakemake.pathvars import PATHVAR_REGEX

SCRIPTS = HERE / "workflow/scripts"

TASKS = config["tasks"]
MODEL = config["model"]
SURFACES = config["surfaces"]
FIGURES = config["figures"]

INITS = ["scratch", "pretrained"]
# in their own order, not the config's: the order of its keys must change no command
GROUPS = {name: config["layer_groups"][name] for name in ("low", "middle", "high")}
FIRST = config["seeds"][0]  # figures show the first seed; Fig. 2 and the tables all of them
PROCESSES = max(1, config["gpus_per_run"])  # of a training
FURTHER = FIGURES["overfitting"]["further_epochs"]

# the whole config, and what figures and tables need, for commands that read them: written as jobs
# start, and no input of theirs, since few of its changes concern each
STUDY = "{results}/study.json".format(**config["pathvars"])
NEEDS = "{results}/needed.json".format(**config["pathvars"])

RUN = "<results>/runs/{init}/{task}/s{seed}"
SURFACE = "<results>/surfaces/{init}/{task}/s{seed}/{plane}"
TRAJECTORY = "<results>/trajectories/{init}/{task}/s{seed}/{length}"
# what a killed job goes on from: outside the declared outputs, which Snakemake deletes then
STATE = "{results}/.state".format(**config["pathvars"])


wildcard_constraints:
    init="|".join(INITS),
    task="|".join(TASKS),
    seed=r"\d+",
    plane="|".join(["full", "curve", "random", *GROUPS]),
    length="run|longer",
    chunk=r"\d+",
    chunks=r"\d+",
    rate=r"[0-9.e+-]+",


def code(script):
    """A command and the library modules that it imports, found by reading them.

    As inputs of a rule they make it run again when the code that made its result changes, and
    only then.
    """
    found, waiting = [], [SCRIPTS / script]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.append(path)
            waiting += imports(path)
    return [str(path) for path in found]


def imports(path, known={}):
    """The library's modules that a file imports, directly."""
    if path not in known:
        modules = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                parts = (node.module or "").split(".")
                if node.level == 1 or parts[0] == "landscape":
                    parts = [part for part in parts if part not in ("", "landscape")]
                    modules |= set(parts[:1] or [alias.name for alias in node.names])
        files = [SCRIPTS / "landscape" / f"{module}.py" for module in sorted(modules)]
        known[path] = [file for file in files if file.exists()]
    return known[path]


def option(name, *values):
    """`--name=value` for each value, quoted for the shell; nothing for an empty one.

    So a value may begin with a dash, and hold spaces, quotes or braces.
    """
    return " ".join(shlex.quote(f"--{name}={value}") for value in values if value)


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


def model_files(*patterns):
    """config.json of a model folder, and its files of these patterns in order."""
    folder = Path(MODEL["path"])
    files = {file for pattern in patterns for file in folder.glob(pattern) if file.is_file()}
    return [given(file, "model.path") for file in (folder / "config.json", *sorted(files))]


def local_files(wildcards):
    """The files of a data set that is a local folder; none of one on the Hub."""
    folder = Path(TASKS[wildcards.task]["hub"]["path"])
    key = f"tasks.{wildcards.task}.hub.path"
    files = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file()]
    shown = [file for file in files if not any(part.startswith(".") for part in file.parts)]
    return sorted(given(folder / file, key) for file in shown)


def source(wildcards):
    """The raw files of a task's two splits."""
    task = TASKS[wildcards.task]
    if "files" in task:
        key = f"tasks.{wildcards.task}.files"
        return {split: given(path, f"{key}.{split}") for split, path in task["files"].items()}
    folder = "<results>/language" if "grammar" in task else "<results>/downloads/data"
    return {split: f"{folder}/{wildcards.task}/{split}.parquet" for split in ("train", "dev")}


def recipe(wildcards, epochs, rate):
    """What a run is trained with, as the JSON that train.py takes."""
    batch_size = TASKS[wildcards.task][wildcards.init]["batch_size"]
    return json.dumps(
        {"epochs": epochs, "learning_rate": rate, "batch_size": batch_size} | config["training"],
        sort_keys=True,
    )


def epoch_files(folder, epochs):
    return [f"{folder}/epoch_{number:02d}.safetensors" for number in range(1, epochs + 1)]


def rate_name(rate):
    """A learning rate in a path: six digits where they are all of it, as in 1e-05."""
    short = f"{rate:g}"
    return short if float(short) == rate else repr(rate)


def candidates(wildcards):
    """The runs among which dev accuracy chooses: {e<epochs>_lr<learning rate>: epochs}."""
    settings = TASKS[wildcards.task][wildcards.init]
    return {
        f"e{epochs}_lr{rate_name(rate)}": epochs
        for epochs in sorted(settings["epochs"])
        for rate in settings["learning_rate"]
    }


def of_candidates(name):
    """For an input: the file of that name of each candidate; {last} is its last epoch."""
    return lambda wildcards: [
        f"{RUN}/{candidate}/{name}".format(**wildcards, last=f"epoch_{epochs:02d}.safetensors")
        for candidate, epochs in candidates(wildcards).items()
    ]


def epochs_of(wildcards, length):
    """Every candidate's epochs (which one counts is known when all are trained), then Fig. 4's."""
    files = [
        file
        for candidate, epochs in candidates(wildcards).items()
        for file in epoch_files(f"{RUN}/{candidate}", epochs)
    ]
    if length == "longer":
        files += epoch_files(f"{RUN}/further", FURTHER)
    return [file.format(**wildcards) for file in files]


def further_scores(wildcards):
    """They say how many further epochs there are."""
    return f"{RUN}/further/scores.parquet".format(**wildcards) if wildcards.length == "longer" else []


def further(wildcards, input):
    longer = wildcards.length == "longer"
    return f"--further {Path(input.selected).parent}/further" if longer else ""


def second(wildcards):
    """The direction of the partner task, δ2 of a plane; a curve and the random plane have none."""
    if wildcards.get("plane") in ("curve", "random"):
        return []
    partner = TASKS[wildcards.task]["partner"]
    return f"<results>/directions/{wildcards.init}/{partner}/s{wildcards.seed}.safetensors"


def layers(wildcards):
    """The option that restricts a plane to its layer group."""
    group = GROUPS.get(wildcards.plane)
    return "--layers {} {}".format(*group) if group else ""


def axis(wildcards):
    """{range, points} of the axes of a surface."""
    if wildcards.plane == "random":
        return SURFACES["control"]
    points = SURFACES["curve_points" if wildcards.plane == "curve" else "points"]
    return {"range": SURFACES["range"], "points": points}


def chunks(wildcards):
    """The chunks of a surface: as many as the config says, never as who evaluates them likes."""
    points = axis(wildcards)["points"] ** (1 if wildcards.plane == "curve" else 2)
    number = -(-points // SURFACES["points_per_chunk"])
    return [
        f"{SURFACE}/chunk_{chunk}_of_{number}.parquet".format(**wildcards)
        for chunk in range(number)
    ]


def surfaces(plane, tasks, inits=INITS):
    return expand(
        "<results>/surfaces/{init}/{task}/s{seed}/{plane}/surface.parquet",
        plane=plane,
        task=tasks,
        init=inits,
        seed=FIRST,
    )


def trajectories(tasks, length, inits=INITS):
    return expand(
        "<results>/trajectories/{init}/{task}/s{seed}/{length}/trajectory.parquet",
        task=tasks,
        init=inits,
        seed=FIRST,
        length=length,
    )
