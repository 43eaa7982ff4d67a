# What figures, tables and the report are of.


def of_runs(pattern, runs, **more):
    """The pattern's path of each of the runs (arm, task, seed)."""
    return [pattern.format(arm=arm, task=task, seed=seed, **more) for arm, task, seed in runs]


def surfaces(plane, runs=None):
    """Of these runs, or of all of which that plane is measured; none of one that is left out."""
    if plane not in study.planes:
        return []
    runs = study.surfaces(plane) if runs is None else runs
    return of_runs(f"{SURFACE}/surface.parquet", runs, plane=plane)


def group_surfaces():
    return [file for name in study.group_planes for file in surfaces(name)]


def projections(runs, length):
    return of_runs(f"{TRAJECTORY}/projection.parquet", runs, length=length)


def trajectories(runs, length):
    return of_runs(f"{TRAJECTORY}/trajectory.parquet", runs, length=length)


def tasks_of(key):
    """`--tasks` with those of a key of `figures`."""
    return " ".join(["--tasks", *study.drawn(key)])
