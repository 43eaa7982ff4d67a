"""What a study will need: jobs, device hours and disk by stage, before anything long has run."""

import argparse
from pathlib import Path

import pandas as pd
from landscape import study
from landscape.claims import tables
from landscape.jobs.command import run, whole
from landscape.jobs.sealed import read_json
from landscape.plan import cost

# sizes of what is small beside checkpoints, as measured in the embedded study
BYTES = {"token": 8, "paragraph": 120, "point": 480, "step": 220, "job": 4000, "figures": 9e6}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=read_json, required=True, help="the study, .json")
    parser.add_argument(
        "--needed",
        type=read_json,
        required=True,
        help=".json: `files`, what figures and tables are made from, [kind, arm, task, seed, "
        "part] each",
    )
    parser.add_argument("--results", type=Path, required=True, help="folder; for sizes unknown yet")
    parser.add_argument("--output", required=True, help="without .csv and .md")
    args = parser.parse_args(argv)

    needs = Study(args.config, args.needed["files"], args.results)
    stages = [
        needs.data(),
        needs.models(),
        needs.training(),
        needs.directions(),
        needs.surfaces(),
        needs.trajectories(),
        needs.rollbacks(),
        needs.sharpness(),
        stage("figures, tables, report", 7 + 4 + 1, disk=BYTES["figures"]),
    ]
    table = pd.DataFrame(stages)
    total = table.drop(columns=["stage", "longest_job_hours"]).sum()
    total["longest_job_hours"] = table["longest_job_hours"].max()
    table.loc[len(table)] = {"stage": "all", **total}
    table["jobs"] = table["jobs"].astype(int)
    with whole(f"{args.output}.csv") as beside:
        table.to_csv(beside, index=False)
    with whole(f"{args.output}.md") as beside:
        beside.write_text(markdown(table, args.config))


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


class Study:
    """The jobs of a study, stage by stage."""

    def __init__(self, config, needed, results):
        self.config, self.needed, self.results = config, needed, results
        self.model = cost.Model.of_config(
            config, results / f"models/scratch/s{config['seeds'][0]}/model.safetensors"
        )
        self.runs = [(arm, task) for _, arm, task, _, _ in self.of("runs")]
        self.planes = self.of("surfaces")
        self.tracks = self.of("trajectories")

    def of(self, kind):
        return [needed for needed in self.needed if needed[0] == kind]

    def task(self, name, arm="pretrained"):
        return cost.Task.of_config(self.config, name, arm, self.results / "data" / name)

    def hours(self, operations):
        return cost.hours(operations, **self.config["hardware"])

    def data(self):
        names = {task for _, task in self.runs}
        kinds = [kind for task in names for kind in self.config["tasks"][task]]
        measured = {task for _, _, task, _, _ in self.planes + self.tracks}
        jobs = 2 * len(names) + len(measured) + kinds.count("hub") + kinds.count("grammar")
        sizes = [self.task(name) for name in names]
        disk = BYTES["token"] * sum((size.train + size.dev) * size.tokens for size in sizes)
        if "language" in self.config:
            jobs += 1
            disk += BYTES["paragraph"] * self.config["language"]["paragraphs"]
        return stage("data", jobs, disk=disk)

    def models(self):
        starts = {(arm, seed) for _, arm, _, seed, _ in self.of("runs")}
        model, jobs, hours, before = self.config["model"], len(starts), [], 0
        if "pretrain" in model:
            recipe = model["pretrain"]["recipe"]
            # pairs of sentences fill about a third of the length
            tokens = recipe["steps"] * recipe["batch_size"] * self.config["max_length"] / 3
            jobs, before = jobs + 2, 1
            hours = [self.hours(6 * self.model.layers * tokens)]
        elif "hub" in model:
            jobs, before = jobs + 1, 1
        return stage("models", jobs, hours, disk=(len(starts) + before) * self.model.bytes)

    def training(self):
        """Candidates and their scores, the choice, Fig. 4's further epochs, and what is deleted."""
        trainings = [
            (task, arm, epochs)
            for arm, task in self.runs
            for epochs in self.config["tasks"][task][arm]["epochs"]
            for _ in self.config["tasks"][task][arm]["learning_rate"]
        ]
        projected = self.of("projections")
        longer = [(task, arm) for _, arm, task, _, part in projected if part == "longer"]
        further = self.config["figures"]["overfitting"]["further_epochs"]
        trainings += [(task, arm, further) for task, arm in longer]
        keep = self.config["keep_checkpoints"]
        jobs = 2 * len(trainings) + len(self.runs) * (1 if keep else 2)
        logs = 0
        for task, arm, epochs in trainings:
            batch_size = self.config["tasks"][task][arm]["batch_size"]
            logs += BYTES["step"] * epochs * self.task(task, arm).train / batch_size
        checkpoints = self.model.bytes * sum(epochs for *_, epochs in trainings)
        # Adam's moments of those that run at once: at most all
        moments = 2 * self.model.bytes * len(trainings)
        hours = [
            self.hours(cost.training(self.model, self.task(task, arm), epochs))
            for task, arm, epochs in trainings
        ]
        final = self.model.bytes * len(self.runs)  # where all are kept, links to one of them
        end = (checkpoints if keep else final) + logs
        row = stage("training", jobs, hours, disk=end, peak=checkpoints + moments + logs)
        row["longest_job_hours"] /= max(1, self.config["gpus_per_run"])
        return row

    def directions(self):
        number = len(self.of("directions"))
        return stage("directions", number, disk=number * self.model.bytes)

    def tokens(self, name):
        return self.task(name).measured(self.config["surfaces"]["train_examples"])

    def surfaces(self):
        settings, jobs, hours, disk = self.config["surfaces"], 0, [], 0
        for _, _, task, _, plane in self.planes:
            axis = settings["control"] if plane == "random" else settings
            points = settings["curve_points"] if plane == "curve" else axis["points"] ** 2
            chunks = -(-points // settings["points_per_chunk"])
            of_split = dict(zip(("train", "dev"), self.tokens(task)))
            tokens = sum(of_split[split] for split in study.splits(plane))  # landmarks aside
            operations = cost.evaluation(self.model, tokens, points, moving(self.config, plane))
            hours += [self.hours(operations) / chunks] * chunks
            jobs += chunks + 1
            disk += BYTES["point"] * points
        return stage("surfaces", jobs, hours, disk)

    def trajectories(self):
        hours = []
        for _, arm, task, _, length in self.tracks:
            epochs = max(self.config["tasks"][task][arm]["epochs"])
            if length == "longer":
                epochs += self.config["figures"]["overfitting"]["further_epochs"]
            train, dev = self.tokens(task)
            hours.append(
                self.hours(cost.evaluation(self.model, 2 * (train + dev), points=epochs + 1))
            )
        return stage("trajectories", len(self.of("projections")) + len(self.tracks), hours)

    def rollbacks(self):
        tasks = [task for _, _, task, _, _ in self.of("rollbacks")]
        hours = [
            self.hours(cost.evaluation(self.model, self.tokens(task)[1], points=4))
            for task in tasks
        ]
        return stage("rollbacks", len(tasks), hours)

    def sharpness(self):
        tasks = [task for _, _, task, _, _ in self.of("sharpness")]
        points = cost.sharpness_points(self.config["surfaces"]["sharpness"])
        hours = [
            self.hours(cost.evaluation(self.model, self.tokens(task)[0], points)) for task in tasks
        ]
        return stage("sharpness", len(tasks), hours)


def moving(config, plane):
    """The share of the layers that moves on a plane, or lies above one that does."""
    groups = config["layer_groups"]
    if plane not in groups:
        return 1.0
    return 1 - groups[plane][0] / (1 + max(last for _, last in groups.values()))


def short(number):
    return "< 0.01" if 0 < number < 0.01 else f"{number:.3g}"


def markdown(table, config):
    device, hardware = "GPU" if config["gpus_per_run"] else "core", config["hardware"]
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
        f"{hardware['tflops']:g} TFLOP/s (`hardware` in the config), without the start-up of jobs.",
        "Disk while it runs: as if all trainings ran at once and nothing were deleted before.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    run(main)
