# What the study as a whole needs, read off the rules of its figures and tables.

import re

KINDS = "runs|directions|surfaces|trajectories|rollbacks|sharpness"
PLACE = re.compile(rf".*\b({KINDS})/(\w+)/([\w-]+)/s(\d+)(?:/(\w+)/)?")


def needed():
    """All (kind, arm, task, seed, plane or length) that figures and tables are made from."""
    found = set()
    targets = [getattr(rules, f"figure{number}") for number in range(1, 8)]
    for target in [*targets, rules.table1, rules.claims, rules.report_page]:
        for file in map(str, target.input):
            if not (place := PLACE.match(file)):
                continue
            kind, arm, task, seed, part = place.groups(default="")
            part = "" if kind == "runs" else part  # of a run one thing is needed: all of it
            if kind == "trajectories":
                found.add(("projections", arm, task, seed, part))
                found.add(("directions", arm, task, seed, ""))
            if not file.endswith("projection.parquet"):
                found.add((kind, arm, task, seed, part))
            found.add(("runs", arm, task, seed, ""))
            if kind == "trajectories" or part in ("full", *GROUPS):
                partner = TASKS[task]["partner"]
                found.add(("runs", arm, partner, seed, ""))
                found.add(("directions", arm, partner, seed, ""))
    return sorted(found)


NEEDED = needed()


def deleted():
    """What says, for each run, that its checkpoints were deleted; none if they are kept."""
    if config["keep_checkpoints"]:
        return []
    return [
        f"<results>/runs/{arm}/{task}/s{seed}/deleted.txt"
        for kind, arm, task, seed, _ in NEEDED
        if kind == "runs"
    ]


def trajectories_of(wildcards):
    """What the checkpoints of a run are kept for."""
    run = tuple(wildcards[name] for name in ("arm", "task", "seed"))
    names = {"projections": "projection", "trajectories": "trajectory"}
    return [
        f"{TRAJECTORY}/{names[kind]}.parquet".format(**wildcards, length=length)
        for kind, *place, length in NEEDED
        if kind in names and tuple(place) == run
    ]


def its_epochs(wildcards):
    """All checkpoints of a run: of every candidate, and Fig. 4's further ones if it has any."""
    run = tuple(wildcards[name] for name in ("arm", "task", "seed"))
    longer = ("projections", *run, "longer") in NEEDED
    return epochs_of(wildcards, "longer" if longer else "run")


def unknown_sizes(wildcards):
    """What must be made before the plan can count parameters and tokens: nothing, if the config
    says them."""
    files = {}
    for task in sorted({task for _, _, task, _, _ in NEEDED}):
        if "size" not in TASKS[task]:
            for split in ("train", "dev"):
                files[f"{task}_{split}"] = f"<results>/data/{task}/{split}.parquet"
    if "size" not in MODEL:
        files["model"] = f"<results>/models/scratch/s{FIRST}/model.safetensors"
    return files
