# What the study as a whole needs beyond what each rule asks for.


def deleted():
    """What says, for each run, that its checkpoints were deleted; none if they are kept."""
    return [] if config["keep_checkpoints"] else of_runs(f"{RUN}/deleted.txt", study.trained())


def trajectories_of(wildcards):
    """What the checkpoints of a run are kept for."""
    run, files = run_of(wildcards), []
    if run in study.projections():
        files += projections([run], "run")
    if run in study.trajectories():
        files += trajectories([run], "run")
    if run in study.further():
        files += projections([run], "longer") + trajectories([run], "longer")
    return files


def its_epochs(wildcards):
    """All checkpoints of a run: of every candidate, and Fig. 4's further ones if it has any."""
    longer = run_of(wildcards) in study.further()
    return epochs_of(wildcards, "longer" if longer else "run")


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
