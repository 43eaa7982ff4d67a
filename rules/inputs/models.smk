# What θ0 is made from, and θ0 for what starts from it.


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
