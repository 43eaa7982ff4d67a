# What the study as a whole needs beyond what each rule asks for.


def deleted():
    """What says, for each run, that its checkpoints were deleted; none if they are kept."""
    runs = [] if config["keep_checkpoints"] else study.trained() + study.tried()
    return of_runs(f"{RUN}/deleted.txt", runs)


def trajectories_of(wildcards):
    """What the checkpoints of a run are kept for: of a candidate that is tried, the choice."""
    run, files = run_of(wildcards), []
    if run in study.tried():
        return f"{RUNS}/{{arm}}/{{task}}/chosen.json".format(**wildcards)
    if run in study.projections():
        files += projections([run], "run")
    if run in study.trajectories():
        files += trajectories([run], "run")
    if run in study.further():
        files += projections([run], "longer")
    if run in study.further()[:1]:
        files += trajectories([run], "longer")
    return files


def its_epochs(wildcards):
    """All checkpoints of a run, with Fig. 4's further ones if it has any, or of all candidates."""
    run = run_of(wildcards)
    if run in study.tried():
        candidates = recipe_of(wildcards).candidates.items()
        folder = RUN.format(**wildcards)
        return [
            file
            for candidate, (epochs, _) in candidates
            for file in epoch_files(f"{folder}/{candidate}", epochs)
        ]
    return epochs_of(wildcards, "longer" if run in study.further() else "run")


def its_final(wildcards):
    return (
        [] if run_of(wildcards) in study.tried() else f"{RUN}/final.safetensors".format(**wildcards)
    )


def unknown_sizes(wildcards):
    """What must be made before the plan can count parameters and tokens: nothing, if the config
    says them."""
    files = {}
    for task in sorted({task for _, task, _ in study.trained()}):
        if "size" not in config["tasks"][task]:
            for split in ("train", "dev"):
                files[f"{task}_{split}"] = f"<results>/data/{task}/{split}.parquet"
    if "size" not in MODEL:
        files["model"] = (
            f"<results>/models/{study.first_start}/s{study.first_seed}/model.safetensors"
        )
    return files
