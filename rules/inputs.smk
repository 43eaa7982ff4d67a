# What rules are made from, by their wildcards and the config.

from functools import cache

from landscape import study
from landscape.data import sources


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


def readers(wildcards):
    """The code that reads a task's raw files, and no other: those of other formats may change."""
    names = sorted({sources.reader(path).name for path in source(wildcards).values()})
    return [file for name in names for file in code(f"landscape/data/readers/{name}")]


def recipe(wildcards, epochs):
    """What a run is trained with, as the JSON that train.py takes."""
    settings = TASKS[wildcards.task][wildcards.arm]
    rate = float(wildcards.get("rate", settings["learning_rate"][0]))  # Fig. 4's has one
    return json.dumps(
        {"epochs": epochs, "learning_rate": rate, "batch_size": settings["batch_size"]}
        | config["training"],
        sort_keys=True,
    )


def epochs_in(wildcards):
    """The checkpoints of a training, by the name of its folder: e<epochs>_lr<rate>, or further."""
    number = (
        FURTHER
        if wildcards.part == "further"
        else candidates(wildcards.arm, wildcards.task)[wildcards.part]
    )
    folder = f"{RUN}/{wildcards.part}".format(**wildcards)
    return epoch_files(folder, number)


def epoch_files(folder, epochs):
    return [f"{folder}/epoch_{number:02d}.safetensors" for number in range(1, epochs + 1)]


def rate_name(rate):
    """A learning rate in a path: six digits where they are all of it, as in 1e-05."""
    short = f"{rate:g}"
    return short if float(short) == rate else repr(rate)


def candidates(arm, task):
    """The runs among which dev accuracy chooses: {e<epochs>_lr<learning rate>: epochs}."""
    settings = TASKS[task][arm]
    return {
        f"e{epochs}_lr{rate_name(rate)}": epochs
        for epochs in sorted(settings["epochs"])
        for rate in settings["learning_rate"]
    }


def of_candidates(name):
    """For an input: the file of that name of each candidate; {last} is its last epoch."""
    return lambda wildcards: [
        f"{RUN}/{candidate}/{name}".format(**wildcards, last=f"epoch_{epochs:02d}.safetensors")
        for candidate, epochs in candidates(wildcards.arm, wildcards.task).items()
    ]


def chosen(wildcards, task=None):
    """The choice among a run's candidates: what its end depends on.

    It says in few bytes which model was chosen, so that a candidate that is added and loses makes
    nothing run again: what follows waits for the new choice. Any other choice is not waited for,
    so that all jobs are known before they run.
    """
    run = {"arm": wildcards.arm, "task": task or wildcards.task, "seed": wildcards.seed}
    if has_new_candidates(**run):
        checkpoints.select_run.get(**run)
    return f"{RUN}/selected.json".format(**run)


@cache
def has_new_candidates(arm, task, seed):
    """Whether candidates were added to those among which a choice was made, as the call began."""
    folder = Path(
        RUN.replace("<results>", config["pathvars"]["results"]).format(
            arm=arm, task=task, seed=seed
        )
    )
    made = {scores.parent.name for scores in folder.glob("*/scores.parquet")}
    wanted = set(candidates(arm, task))
    return (folder / "selected.json").exists() and bool(wanted & made) and not wanted <= made


def epochs_of(wildcards, length):
    """Every candidate's epochs (which one counts is known when all are trained), then Fig. 4's."""
    files = [
        file
        for candidate, epochs in candidates(wildcards.arm, wildcards.task).items()
        for file in epoch_files(f"{RUN}/{candidate}", epochs)
    ]
    if length == "longer":
        files += epoch_files(f"{RUN}/further", FURTHER)
    return [file.format(**wildcards) for file in files]


def further_log(wildcards):
    """It says how many further epochs there are."""
    return f"{RUN}/further/log.parquet".format(**wildcards) if wildcards.length == "longer" else []


def further(wildcards, input):
    longer = wildcards.length == "longer"
    return f"--further {Path(input.selected).parent}/further" if longer else ""


def second(wildcards):
    """The direction of the partner task, δ2 of a plane; a curve and the random plane have none."""
    if wildcards.get("plane") in ("curve", "random"):
        return []
    partner = TASKS[wildcards.task]["partner"]
    chosen(wildcards, partner)  # and waits for it
    return f"<results>/directions/{wildcards.arm}/{partner}/s{wildcards.seed}.safetensors"


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
    chosen(wildcards), second(wildcards)  # what gathers them waits as they do
    return [
        f"{SURFACE}/chunk_{chunk}_of_{number}.parquet".format(**wildcards)
        for chunk in range(number)
    ]


def surfaces(plane, tasks, arms=ARMS):
    return expand(
        "<results>/surfaces/{arm}/{task}/s{seed}/{plane}/surface.parquet",
        plane=plane,
        task=tasks,
        arm=arms,
        seed=FIRST,
    )


def trajectories(tasks, length, arms=ARMS):
    return expand(
        "<results>/trajectories/{arm}/{task}/s{seed}/{length}/trajectory.parquet",
        task=tasks,
        arm=arms,
        seed=FIRST,
        length=length,
    )
