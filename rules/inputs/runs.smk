# What a run is trained with, what it leaves, and which of its candidates was chosen.

from functools import cache

from landscape.jobs import sealed
from landscape.models.epochs import checkpoint_name


def recipe_of(wildcards):
    return study.tasks[wildcards.task].recipes[wildcards.arm]


def recipe(wildcards, epochs, further=False):
    """What a run is trained with, as the JSON that train.py takes.

    further: of the epochs after its own, which begin a schedule anew.
    """
    settings = recipe_of(wildcards)
    rate = float(wildcards.get("rate", settings.learning_rates[0]))  # Fig. 4's has one
    own = {"epochs": epochs, "learning_rate": rate, "batch_size": settings.batch_size}
    if further:
        own["epochs_before"] = settings.epochs[0]
    return json.dumps(own | study.arms[wildcards.arm].training, sort_keys=True)


def epochs_in(wildcards):
    """The checkpoints of a training, by the name of its folder: a candidate, or further."""
    further = wildcards.part == "further"
    number = FURTHER if further else recipe_of(wildcards).candidates[wildcards.part][0]
    return epoch_files(f"{RUN}/{wildcards.part}".format(**wildcards), number)


def epoch_files(folder, epochs):
    return [f"{folder}/{checkpoint_name(number)}" for number in range(1, epochs + 1)]


def of_candidate(name):
    """For an input: the one file of that name of a run's training; {last} is its last epoch."""

    def file(wildcards):
        candidate = candidate_of(wildcards.arm, wildcards.task)
        epochs, _ = recipe_of(wildcards).candidates[candidate]
        pattern = f"{RUN}/{candidate}/{name}"
        return [pattern.format(**wildcards, last=checkpoint_name(epochs))]

    return file


def candidate_of(arm, task):
    """What the runs of the study are trained with: the only candidate, or the one that is chosen.

    Where there are several, what asks waits for the choice.
    """
    candidates = study.tasks[task].recipes[arm].candidates
    if len(candidates) == 1:
        return next(iter(candidates))
    choice = checkpoints.choose_candidate.get(arm=arm, task=task).output[0]
    return sealed.read_json(choice, "candidate")["candidate"]


def tried(wildcards):
    """The scores of all candidates, on the seeds that candidates are tried on."""
    return [
        f"{RUN}/{candidate}/scores.parquet".format(**wildcards, seed=seed)
        for candidate in recipe_of(wildcards).candidates
        for seed in study.candidate_seeds
    ]


def chosen(wildcards, task=None):
    """What a run's end is: its training, and a checksum of its weights.

    In few bytes, so that a candidate that is added and loses makes nothing run again: what follows
    waits for the new choice. The first choice is not waited for here, so that all that follows is
    known before it is made.
    """
    arm, task = wildcards.arm, task or wildcards.task
    if has_new_candidates(arm, task):
        candidate_of(arm, task)
    return f"{RUN}/selected.json".format(arm=arm, task=task, seed=wildcards.seed)


@cache
def has_new_candidates(arm, task):
    """Whether a choice was made, and not among all candidates' scores, as the call began."""
    folder = Path(f"{RUNS}/{arm}/{task}".replace("<results>", config["pathvars"]["results"]))
    chosen = folder / "chosen.json"
    scores = [
        folder / f"s{seed}" / candidate / "scores.parquet"
        for candidate in study.tasks[task].recipes[arm].candidates
        for seed in study.candidate_seeds
    ]
    return chosen.exists() and any(
        not path.exists() or path.stat().st_mtime > chosen.stat().st_mtime for path in scores
    )


def epochs_of(wildcards, length):
    """The checkpoints of a run, then Fig. 4's."""
    candidate = candidate_of(wildcards.arm, wildcards.task)
    epochs, _ = recipe_of(wildcards).candidates[candidate]
    files = epoch_files(f"{RUN}/{candidate}", epochs)
    if length == "longer":
        files += epoch_files(f"{RUN}/further", FURTHER)
    return [file.format(**wildcards) for file in files]
