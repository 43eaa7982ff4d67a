# What rules are made from, by their wildcards and the config.

from functools import cache

from landscape.data import sources
from landscape.models.epochs import name as epoch_name


def model_files(folder, key, *patterns):
    """config.json of a model folder, and its files of these patterns in order."""
    folder = Path(folder)
    files = {file for pattern in patterns for file in folder.glob(pattern) if file.is_file()}
    return [given(file, key) for file in (folder / "config.json", *sorted(files))]


def origin(wildcards):
    """The model folder that a θ0 is made from: its config, and its weights unless they are random."""
    arm = next(arm for arm in study.arms.values() if arm.start == wildcards.start)
    if not isinstance(arm.source, dict):
        return ARCHITECTURE if arm.from_random else PRETRAINED
    if "path" in arm.source:
        return model_files(arm.source["path"], f"arms.{arm.name}.start.path", *WEIGHTS)
    return multiext(f"<results>/downloads/arms/{arm.name}/", "config.json", "source.json")


def theta0(name):
    """For an input: a file of the θ0 of a run."""
    return lambda wildcards: (
        f"<results>/models/{study.arms[wildcards.arm].start}/s{wildcards.seed}/{name}"
    )


def local_files(wildcards):
    """The files of a data set that is a local folder; none of one on the Hub."""
    folder = Path(config["tasks"][wildcards.task]["hub"]["path"])
    key = f"tasks.{wildcards.task}.hub.path"
    files = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file()]
    shown = [file for file in files if not any(part.startswith(".") for part in file.parts)]
    return sorted(given(folder / file, key) for file in shown)


def source(wildcards):
    """The raw files of a task's two splits."""
    task = config["tasks"][wildcards.task]
    if "files" in task:
        key = f"tasks.{wildcards.task}.files"
        return {split: given(path, f"{key}.{split}") for split, path in task["files"].items()}
    folder = "<results>/language" if "grammar" in task else "<results>/downloads/data"
    return {split: f"{folder}/{wildcards.task}/{split}.parquet" for split in ("train", "dev")}


def readers(wildcards):
    """The code that reads a task's raw files, and no other: those of other formats may change."""
    names = sorted({sources.reader(path).name for path in source(wildcards).values()})
    return [file for name in names for file in code(f"landscape/data/readers/{name}")]


def recipe_of(wildcards):
    return study.tasks[wildcards.task].recipes[wildcards.arm]


def recipe(wildcards, epochs):
    """What a run is trained with, as the JSON that train.py takes."""
    settings = recipe_of(wildcards)
    rate = float(wildcards.get("rate", settings.learning_rates[0]))  # Fig. 4's has one
    own = {"epochs": epochs, "learning_rate": rate, "batch_size": settings.batch_size}
    return json.dumps(own | study.arms[wildcards.arm].training, sort_keys=True)


def epochs_in(wildcards):
    """The checkpoints of a training, by the name of its folder: a candidate, or further."""
    further = wildcards.part == "further"
    number = FURTHER if further else recipe_of(wildcards).candidates[wildcards.part][0]
    return epoch_files(f"{RUN}/{wildcards.part}".format(**wildcards), number)


def epoch_files(folder, epochs):
    return [f"{folder}/{epoch_name(number)}" for number in range(1, epochs + 1)]


def of_candidates(name):
    """For an input: the file of that name of each candidate; {last} is its last epoch."""
    return lambda wildcards: [
        f"{RUN}/{candidate}/{name}".format(**wildcards, last=epoch_name(epochs))
        for candidate, (epochs, _) in recipe_of(wildcards).candidates.items()
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
    wanted = set(study.tasks[task].recipes[arm].candidates)
    return (folder / "selected.json").exists() and bool(wanted & made) and not wanted <= made


def epochs_of(wildcards, length):
    """Every candidate's epochs (which one counts is known when all are trained), then Fig. 4's."""
    files = [
        file
        for candidate, (epochs, _) in recipe_of(wildcards).candidates.items()
        for file in epoch_files(f"{RUN}/{candidate}", epochs)
    ]
    if length == "longer":
        files += epoch_files(f"{RUN}/further", FURTHER)
    return [file.format(**wildcards) for file in files]


def epochs_along(wildcards):
    """How many a trajectory has at most: of the longest candidate, and Fig. 4's further ones."""
    return max(recipe_of(wildcards).epochs) + FURTHER * (wildcards.length == "longer")


def further_log(wildcards):
    """It says how many further epochs there are."""
    return f"{RUN}/further/log.parquet".format(**wildcards) if wildcards.length == "longer" else []


def further(wildcards, input):
    longer = wildcards.length == "longer"
    return f"--further {Path(input.selected).parent}/further" if longer else ""


def axes(wildcards):
    """The files of the axes of a plane; δ1 of a run itself is kept by its two ends, and has none."""
    plane = study.planes[wildcards.plane]
    files = [axis_file(wildcards, kind, number) for number, kind in enumerate(plane.axes, 1)]
    return [file for file in files if file]


def axis_file(wildcards, kind, number):
    run = wildcards.arm, wildcards.task, wildcards.seed
    if kind == PARTNER and study.partner(run):
        arm, task, seed = study.partner(run)
        chosen(wildcards, task)  # and waits for it
        return DIRECTION.format(arm=arm, task=task, seed=seed)
    if kind in (PARTNER, RANDOM):
        return f"<results>/directions/s{wildcards.seed}/random_{number}.safetensors"


def second(wildcards):
    """δ2 of the plane on which a run's epochs are projected."""
    return axis_file(wildcards, PARTNER, 2)


def kind_of_second(wildcards):
    run = wildcards.arm, wildcards.task, wildcards.seed
    return PARTNER if study.partner(run) else RANDOM


def axis_options(wildcards, input):
    """`--axis` for each axis of a plane: its kind, and its file if it has one."""
    files = iter(input.axes)
    words = []
    for kind in study.planes[wildcards.plane].axes:
        kind = kind_of_second(wildcards) if kind == PARTNER else kind
        words.append(f"--axis {kind}" + ("" if kind == OWN else f" {next(files)}"))
    return " ".join(words)


def layers(wildcards):
    """The option that restricts a plane to its layer group."""
    group = study.planes[wildcards.plane].group
    return f"--layers {group.first} {group.last}" if group else ""


def chunks(wildcards):
    """The chunks of a surface: as many as the config says, never as who evaluates them likes."""
    number = -(-study.planes[wildcards.plane].size // SURFACES["points_per_chunk"])
    chosen(wildcards), axes(wildcards)  # what gathers them waits as they do
    return [
        f"{SURFACE}/chunk_{chunk}_of_{number}.parquet".format(**wildcards)
        for chunk in range(number)
    ]


def of_runs(pattern, runs, **more):
    """The pattern's path of each of the runs (arm, task, seed)."""
    return [pattern.format(arm=arm, task=task, seed=seed, **more) for arm, task, seed in runs]


def surfaces(plane, runs=None):
    """Of these runs, or of all of which that plane is measured; none of one that is left out."""
    if plane not in study.planes:
        return []
    runs = study.surfaces(plane) if runs is None else runs
    return of_runs(f"{SURFACE}/surface.parquet", runs, plane=plane)


def projections(runs, length):
    return of_runs(f"{TRAJECTORY}/projection.parquet", runs, length=length)


def trajectories(runs, length):
    return of_runs(f"{TRAJECTORY}/trajectory.parquet", runs, length=length)


def tasks_of(key):
    """`--tasks` with those of a key of `figures`."""
    return " ".join(["--tasks", *study.drawn(key)])
