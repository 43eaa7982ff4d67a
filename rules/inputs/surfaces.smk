# The axes of planes and the chunks of surfaces; how far epochs are followed on a plane.


def run_of(wildcards):
    return wildcards.arm, wildcards.task, int(wildcards.seed)


def kinds(wildcards):
    """Of the axes of a plane of a run."""
    return [study.kind(axis, run_of(wildcards)) for axis in study.planes[wildcards.plane].axes]


def axes(wildcards):
    """The files of the axes of a plane; δ1 of a run itself is kept by its two ends, and has none."""
    named = enumerate(kinds(wildcards), 1)
    return [axis_file(wildcards, kind, number) for number, kind in named if kind != OWN]


def axis_file(wildcards, kind, number):
    if kind == RANDOM:
        return f"<results>/directions/s{wildcards.seed}/random_{number}.safetensors"
    arm, task, seed = study.partner(run_of(wildcards))
    chosen(wildcards, task)  # and waits for it
    return DIRECTION.format(arm=arm, task=task, seed=seed)


def kind_of_second(wildcards):
    """Of δ2 of the plane on which a run's epochs are projected."""
    return study.kind(PARTNER, run_of(wildcards))


def second(wildcards):
    return axis_file(wildcards, kind_of_second(wildcards), 2)


def axis_options(wildcards, input):
    """`--axis` for each axis of a plane: its kind, and its file if it has one."""
    files = iter(input.axes)
    return " ".join(
        f"--axis {kind}" + ("" if kind == OWN else f" {next(files)}") for kind in kinds(wildcards)
    )


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


def epochs_along(wildcards):
    """How many a trajectory has at most: of the longest candidate, and Fig. 4's further ones."""
    return max(recipe_of(wildcards).epochs) + FURTHER * (wildcards.length == "longer")


def further_log(wildcards):
    """It says how many further epochs there are."""
    return f"{RUN}/further/log.parquet".format(**wildcards) if wildcards.length == "longer" else []


def further(wildcards, input):
    longer = wildcards.length == "longer"
    return f"--further {Path(input.selected).parent}/further" if longer else ""
