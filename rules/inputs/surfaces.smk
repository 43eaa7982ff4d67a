# The axes of planes and the chunks of surfaces; how far epochs are followed on a plane.


def run_of(wildcards):
    return wildcards.arm, wildcards.task, int(wildcards.seed)


def axes(wildcards, plane=None):
    """[kind, file] of each axis of a plane; δ1 of a run itself is kept by its two ends: no file."""
    named = study.planes[plane or wildcards.plane].axes
    kinds = [study.kind(axis, run_of(wildcards)) for axis in named]
    return [
        [kind] if kind == OWN else [kind, axis_file(wildcards, kind, number)]
        for number, kind in enumerate(kinds, 1)
    ]


def axis_files(*planes):
    """For an input: the files of the axes of these planes, or of that in the wildcards."""
    return lambda wildcards: unique(
        file
        for plane in planes or [wildcards.plane]
        for _, *given in axes(wildcards, plane)
        for file in given
    )


def axis_file(wildcards, kind, number):
    if kind == RANDOM:
        return f"<results>/directions/s{wildcards.seed}/random_{number}.safetensors"
    arm, task, seed = study.partner(run_of(wildcards))
    chosen(wildcards, task)  # and waits for it
    return DIRECTION.format(arm=arm, task=task, seed=seed)


def plane_options(*planes):
    """For a param: `--plane` for each of these planes, or for that in the wildcards."""

    def options(wildcards):
        return " ".join(
            f"--plane {shlex.quote(json.dumps(spec(wildcards, plane)))}"
            for plane in planes or [wildcards.plane]
        )

    return options


def spec(wildcards, name):
    """A plane of a run, as evaluate_surface.py takes it."""
    plane = study.planes[name]
    results = config["pathvars"]["results"]
    of_axes = [
        [part.replace("<results>", results) for part in axis] for axis in axes(wildcards, name)
    ]
    return {
        "name": name,
        "axes": of_axes,
        "range": plane.range,
        "points": plane.points,
        "anchor": plane.anchor,
        "layers": plane.group and [plane.group.first, plane.group.last],
        "measures": plane.measures,
    }


def kind_of_second(wildcards):
    """Of δ2 of the plane on which a run's epochs are projected."""
    return study.kind(PARTNER, run_of(wildcards))


def second(wildcards):
    return axis_file(wildcards, kind_of_second(wildcards), 2)


def chunks(wildcards, levels):
    """The chunks of these levels: as many as the config says, never as who evaluates them likes."""
    files = []
    for level in levels:
        points = study.planes[wildcards.plane].levels[level]
        number = -(-points // SURFACES["points_per_chunk"])
        named = f"level_{level}_" if level else ""
        files += [
            f"{SURFACE}/{named}chunk_{chunk}_of_{number}.parquet".format(**wildcards)
            for chunk in range(number)
        ]
    return files


def chunks_of_all_levels(wildcards):
    chosen(wildcards), axes(wildcards)  # what gathers them waits as they do
    return chunks(wildcards, range(len(study.planes[wildcards.plane].levels)))


def level_of(wildcards):
    """0: the grid."""
    return int(wildcards.level.strip("level_") or 0)


def before(wildcards):
    """All that was measured before a level, from which its points follow; nothing of the grid."""
    return chunks(wildcards, range(level_of(wildcards)))


def finer_options(wildcards, input):
    if not (level := level_of(wildcards)):
        return ""
    points = study.planes[wildcards.plane].levels[level]
    return f"--finer {level} {points} --before {input.before}"


def epochs_along(wildcards):
    """How many a trajectory has at most: of the longest candidate, and Fig. 4's further ones."""
    return max(recipe_of(wildcards).epochs) + FURTHER * (wildcards.length == "longer")


def further_log(wildcards):
    """It says how many further epochs there are."""
    return f"{RUN}/further/log.parquet".format(**wildcards) if wildcards.length == "longer" else []


def further(wildcards, input):
    longer = wildcards.length == "longer"
    return f"--further {Path(input.selected).parent}/further" if longer else ""
