# What a run is trained with, what it leaves, and which of its candidates was chosen.

from functools import cache

from landscape.models.epochs import checkpoint_name


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
    return [f"{folder}/{checkpoint_name(number)}" for number in range(1, epochs + 1)]


def of_candidates(name):
    """For an input: the file of that name of each candidate; {last} is its last epoch."""
    return lambda wildcards: [
        f"{RUN}/{candidate}/{name}".format(**wildcards, last=checkpoint_name(epochs))
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
