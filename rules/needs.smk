# What the study as a whole needs, read off the rules of its figures and tables.

import re

PLACE = re.compile(r"(runs|surfaces|trajectories|rollbacks)/(\w+)/([\w-]+)/s(\d+)(?:/(\w+)/)?")


def needed():
    """All (kind, init, task, seed, plane or length) that figures and tables are made from."""
    found = set()
    for target in [*(getattr(rules, f"figure{number}") for number in range(1, 8)), rules.table1]:
        for file in target.input:
            if place := PLACE.search(str(file)):
                kind, init, task, seed, part = place.groups()
                found.add((kind, init, task, seed, part or ""))
                found.add(("runs", init, task, seed, ""))
                if kind == "trajectories" or part in ("full", *GROUPS):
                    found.add(("runs", init, TASKS[task]["partner"], seed, ""))
    return sorted(found)


NEEDED = needed()


def deleted():
    """What says, for each run, that its checkpoints were deleted; none if they are kept."""
    if config["keep_checkpoints"]:
        return []
    return [
        f"<results>/runs/{init}/{task}/s{seed}/deleted.txt"
        for kind, init, task, seed, _ in NEEDED
        if kind == "runs"
    ]


def trajectories_of(wildcards):
    run = ("trajectories", *(wildcards[name] for name in ("init", "task", "seed")))
    return [
        f"{TRAJECTORY}/trajectory.csv".format(**wildcards, length=length)
        for *place, length in NEEDED
        if tuple(place) == run
    ]


def its_epochs(wildcards):
    """All checkpoints of a run: of every candidate, and Fig. 4's further ones if it has any."""
    longer = any("longer" in file for file in trajectories_of(wildcards))
    return epochs_of(wildcards, "longer" if longer else "run")


def unknown_sizes(wildcards):
    """What must be made before the plan can count parameters and tokens: nothing, if the config
    says them."""
    files = {}
    for task, settings in TASKS.items():
        if "size" not in settings:
            for split in ("train", "dev"):
                files[f"{task}_{split}"] = f"<results>/data/{task}/{split}.parquet"
    if "size" not in MODEL:
        files["model"] = f"<results>/models/scratch/s{FIRST}/model.safetensors"
    return files
