"""What a study will need: jobs, device hours and disk by stage, before anything long has run."""

import argparse
from pathlib import Path

import pandas as pd
from landscape.claims import tables
from landscape.jobs.command import run, whole
from landscape.jobs.sealed import read_json
from landscape.plan import cost
from landscape.study import Study

# sizes of what is small beside checkpoints, as measured in the embedded study
BYTES = {"token": 8, "paragraph": 120, "point": 480, "step": 220, "job": 4000, "figures": 9e6}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=read_json, required=True, help="the study, .json")
    parser.add_argument("--results", type=Path, required=True, help="folder; for sizes unknown yet")
    parser.add_argument("--output", required=True, help="without .csv and .md")
    args = parser.parse_args(argv)

    plan = Plan(Study(args.config), args.results)
    stages = [
        plan.data(),
        plan.models(),
        plan.training(),
        plan.directions(),
        plan.surfaces(),
        plan.trajectories(),
        plan.rollbacks(),
        plan.sharpness(),
        plan.shown(),
    ]
    table = pd.DataFrame(stages)
    total = table.drop(columns=["stage", "longest_job_hours"]).sum()
    total["longest_job_hours"] = table["longest_job_hours"].max()
    table.loc[len(table)] = {"stage": "all", **total}
    table["jobs"] = table["jobs"].astype(int)
    with whole(f"{args.output}.csv") as beside:
        table.to_csv(beside, index=False)
    page = markdown(table, args.config)
    with whole(f"{args.output}.md") as beside:
        beside.write_text(page)
    print(page)


def stage(name, jobs, hours=(), disk=0.0, peak=None):
    """A row. hours: of each job; disk: bytes at the end; peak: while the stage runs."""
    logs = BYTES["job"] * jobs
    return {
        "stage": name,
        "jobs": jobs,
        "device_hours": sum(hours),
        "longest_job_hours": max(hours, default=0.0),
        "disk_peak_gb": ((disk if peak is None else peak) + logs) / 1e9,
        "disk_end_gb": (disk + logs) / 1e9,
    }


class Plan:
    """The jobs of a study, stage by stage."""

    def __init__(self, study, results):
        self.study, self.config, self.results = study, study.config, results
        start = f"models/{study.first_start}/s{study.first_seed}/model.safetensors"
        self.model = cost.Model.of_config(self.config, results / start)
        self.costs = cost.Costs(study, self.model)
        self.runs = study.trained()

    def task(self, name, arm=None):
        recipes = self.study.tasks[name].recipes
        batch_size = recipes[arm or next(iter(recipes))].batch_size
        return cost.Task.of_config(self.config, name, batch_size, self.results / "data" / name)

    def recipe(self, arm, task):
        return self.study.tasks[task].recipes[arm]

    def data(self):
        names = {task for _, task, _ in self.runs}
        kinds = [kind for task in names for kind in self.config["tasks"][task]]
        jobs = 3 * len(names)
        jobs += kinds.count("hub") + kinds.count("grammar")
        sizes = [self.task(name) for name in names]
        disk = BYTES["token"] * sum((size.train + size.dev) * size.tokens for size in sizes)
        if "language" in self.config:
            jobs += 1
            disk += BYTES["paragraph"] * self.config["language"]["paragraphs"]
        return stage("data", jobs, disk=disk)

    def models(self):
        runs = self.runs + self.study.tried()
        starts = {(self.study.arms[arm].start, seed) for arm, _, seed in runs}
        model, jobs, hours, before = self.config["model"], len(starts), [], 0
        if "pretrain" in model:
            recipe = model["pretrain"]["recipe"]
            # pairs of sentences fill about a third of the length
            tokens = recipe["steps"] * recipe["batch_size"] * self.config["max_length"] / 3
            jobs, before = jobs + 2, 1
            hours = [self.costs.pretraining(tokens)]
        downloads = [model, *(arm.source for arm in self.study.arms.values())]
        downloads = sum(isinstance(source, dict) and "hub" in source for source in downloads)
        jobs, before = jobs + downloads, before + downloads
        return stage("models", jobs, hours, disk=(len(starts) + before) * self.model.bytes)

    def training(self):
        """Candidates and the choice, each run, scores, Fig. 4's epochs, and what is deleted.

        Which candidate is chosen is not known: taken for the longest.
        """
        tried = self.study.tried()
        trainings = [
            (task, arm, epochs)
            for arm, task, _ in tried
            for epochs, _ in self.recipe(arm, task).candidates.values()
        ]
        trainings += [(task, arm, max(self.recipe(arm, task).epochs)) for arm, task, _ in self.runs]
        further = [(task, arm, self.study.further_epochs) for arm, task, _ in self.study.further()]
        trainings += further
        keep = self.config["keep_checkpoints"]
        jobs = 2 * len(trainings) + len(self.runs) + len({run[:2] for run in tried})
        jobs += 0 if keep else len(self.runs) + len(tried)
        logs = 0
        for task, arm, epochs in trainings:
            steps = epochs * self.task(task, arm).train / self.recipe(arm, task).batch_size
            logs += BYTES["step"] * steps
        checkpoints = self.model.bytes * sum(epochs for *_, epochs in trainings)
        # Adam's moments of those that run at once: at most all
        moments = 2 * self.model.bytes * len(trainings)
        hours = [
            self.costs.training(arm, self.task(task, arm), epochs)
            for task, arm, epochs in trainings
        ]
        longest = max(hours) / max(1, self.config["gpus_per_run"])
        hours += [self.costs.scores(self.tokens(task), epochs) for task, _, epochs in trainings]
        final = self.model.bytes * len(self.runs)  # where all are kept, links to one of them
        end = (checkpoints if keep else final) + logs
        row = stage("training", jobs, hours, disk=end, peak=checkpoints + moments + logs)
        row["longest_job_hours"] = longest
        return row

    def directions(self):
        number, random = len(self.study.directions()), len(self.study.random_seeds())
        return stage("directions", number + random, disk=(number + 2 * random) * self.model.bytes)

    def tokens(self, name):
        return self.task(name).measured(self.config["surfaces"])

    def surfaces(self):
        jobs, hours, disk = 0, [], 0
        for plane in map(self.study.planes.get, self.study.in_chunks):
            for _, task, _ in self.study.surfaces(plane.name):
                for points in plane.levels:
                    chunks = -(-points // self.config["surfaces"]["points_per_chunk"])
                    cost_of_one = self.costs.chunk(plane, self.tokens(task), points / chunks)
                    hours += [cost_of_one] * chunks
                    jobs += chunks
                jobs += 1
                disk += BYTES["point"] * sum(plane.levels)
        for names in self.study.together.values():
            planes = [self.study.planes[name] for name in names]
            for _, task, _ in self.study.surfaces(names[0]):
                hours.append(sum(self.costs.whole(plane, self.tokens(task)) for plane in planes))
                jobs += 1
                disk += BYTES["point"] * sum(plane.size for plane in planes)
        return stage("surfaces", jobs, hours, disk)

    def trajectories(self):
        study, hours = self.study, []
        runs = [(run, 0) for run in study.trajectories()]
        runs += [(run, study.further_epochs) for run in study.further()[:1]]
        for (arm, task, _), further in runs:
            epochs = max(self.recipe(arm, task).epochs) + further
            hours.append(self.costs.trajectory(self.tokens(task), epochs))
        projected = len(study.projections()) + len(study.further())
        return stage("trajectories", projected + len(runs), hours)

    def rollbacks(self):
        runs = self.study.rolled_back()
        hours = [self.costs.rollback(self.tokens(task)) for _, task, _ in runs]
        return stage("rollbacks", len(runs), hours)

    def sharpness(self):
        runs = self.study.sharpness()
        hours = [self.costs.sharpness(self.tokens(task)) for _, task, _ in runs]
        return stage("sharpness", len(runs), hours)

    def shown(self):
        tables = 4 if self.study.groups else 2
        jobs = len(self.study.figures) + tables + 1
        return stage("figures, tables, report", jobs, disk=BYTES["figures"])


def short(number):
    return "< 0.01" if 0 < number < 0.01 else f"{number:.3g}"


def markdown(table, config):
    device, hardware = "GPU" if config["gpus_per_run"] else "core", config["hardware"]
    rates = " or ".join(
        f"{hardware[dtype]:g} ({dtype})" for dtype in ("float32", "bfloat16") if dtype in hardware
    )
    columns = {
        "jobs": "Jobs",
        "device_hours": f"{device}-hours",
        "longest_job_hours": "longest job, hours",
        "disk_peak_gb": "Disk while it runs, GB",
        "disk_end_gb": "Disk at the end, GB",
    }
    rows = [
        [row["stage"], str(row["jobs"]), *(short(row[name]) for name in list(columns)[1:])]
        for row in table.to_dict("records")
    ]
    lines = [
        *tables.markdown(["Stage", *columns.values()], rows, numbers=True),
        "",
        f"{device}-hours: operations of the layers at {hardware['utilisation']:.0%} of "
        f"{rates} TFLOP/s (`hardware` in the config), without the start-up of jobs.",
        "Disk while it runs: as if all trainings ran at once and nothing were deleted before.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    run(main)
