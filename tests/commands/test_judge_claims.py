"""The claims of studies made by hand, whose verdicts are known beforehand."""

import json

import judge_claims
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from helpers import error_of
from known import AXIS, bowl, surface, without_folds
from landscape.data import tokenised
from landscape.jobs.parquet import read_frame, write_frame
from landscape.jobs.sealed import write_json
from landscape.surfaces import folds

WIDER, FINAL, ERROR = "much wider", "the final loss", "poor performance"
SPARSE = AXIS[::4]


class Study:
    """Files of runs, and what the command makes of them."""

    def __init__(self, folder):
        self.folder, self.files, self.tasks, self.options = folder, {}, [], []

    def write(self, option, name, table):
        path = self.folder / name
        write_frame(table, path)
        self.files.setdefault(option, []).append(path)

    def task(self, task, classes=2):
        self.tasks.append(task)
        path = self.folder / task / "sample.parquet"
        labels = pa.table({"label": pa.array([*range(classes)] * 50, pa.int32())})
        tokenised.write(labels, {"labels": classes}, path)
        self.files.setdefault("samples", []).append(path)

    def run(self, arm, task, loss=bowl, seed=0, wrong=20, collapsed=False, noise=0.01):
        """A run; `wrong` of 100 dev examples. Its layers matter the more the higher they are.

        Examples that are hard for one arm are easy for the other.
        """
        noise = noise if arm == "pretrained" else -noise
        if task not in self.tasks:
            self.task(task)
        of = f"{arm}/{task}/s{seed}"

        def add(option, name, table):
            key = dict(arm=arm, task=task, seed=seed)
            self.write(option, f"{option}/{of}/{name}", table.assign(**key))

        kinds = {"curve": "curves", "full": "planes", "control": "controls"}
        for plane in (*kinds, "low", "middle", "high"):
            group = plane in ("low", "middle", "high")
            line = plane == "curve"
            points = surface(
                (lambda a, b: loss(a + 1, b)) if group else loss,
                alphas=AXIS if line else SPARSE,
                betas=(0.0,) if line else SPARSE,
                noise=noise,
                group=group,
            )
            points["dev_predicted_0"] = 100 if collapsed else 50
            points.loc[points["landmark"] == "end", "dev_error"] = wrong / 100
            option = kinds.get(plane, "groups")
            add(option, f"{plane}.parquet", without_folds(points, noise).assign(plane=plane))
        end = loss(1.0, 0.0)
        log = pd.DataFrame({"epoch": [0.5, 1.0, 1.5, 2.0], "loss": end + np.array([2, 1, 0.2, 0])})
        add("logs", "log.parquet", log)
        share = {"dev_error": wrong / 100, "dev_n": 100}
        add("scores", "scores.parquet", pd.DataFrame({"epoch": [1, 2]}).assign(**share))
        path = {"epoch": [0, 1, 2], "cos": [np.nan, 0.6, 1.0], "path": [0, 0.7, 1.4]}
        add("projections", "projection.parquet", pd.DataFrame(path).assign(cos_axes=0.01))
        if arm == "pretrained":
            lost = {"none": 0, "low": 1, "middle": 10, "high": 40}
            errors = [(wrong + more) / 100 for more in lost.values()]
            rollback = pd.DataFrame({"group": list(lost), "dev_error": errors})
            add("rollbacks", "rollback.parquet", without_folds(rollback, noise))
        norms = {"whole": 2.0, "0": 1.0, "1": 1.0, "2": 1.0}
        path = self.folder / f"norms/{of}/own.json"
        write_json({"norm": norms, "start_norm": norms}, path)
        self.files.setdefault("norms", []).append(path)

    def sharpness(self, arm, task, average, worst=(0.5,), rho=0.05):
        rows = [("end", np.nan, np.nan, 0.0)]
        rows += [("average", rho, draw, rise) for draw, rise in enumerate(average)]
        rows += [("worst", 0.002, step, rise) for step, rise in enumerate(worst)]
        table = pd.DataFrame(rows, columns=["kind", "rho", "draw", "train_loss"])
        table = table.assign(arm=arm, task=task, seed=0)
        for fold, name in enumerate(folds.columns("train")):
            table[name] = table["train_loss"] * (1 + fold / 1000)
        self.write("sharpness", f"sharpness/{arm}/{task}/s0.parquet", table)

    def argv(self):
        argv = [part for option, paths in self.files.items() for part in (f"--{option}", *paths)]
        about = {"tasks": self.tasks, "groups": self.tasks, "overfitting": self.tasks[:1]}
        argv += ["--tasks", json.dumps(about), *self.options]
        for layer, group in enumerate(("low", "middle", "high")):
            argv += ["--layers", group, layer, layer]
        return [*argv, "--csv", self.folder / "out.csv", "--markdown", self.folder / "out.md"]

    def judged(self):
        """The rows and the page."""
        judge_claims.main([str(part) for part in self.argv()])
        table = pd.read_csv(self.folder / "out.csv", keep_default_na=False, na_values=[""])
        return table, (self.folder / "out.md").read_text()


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def of(table, claim, task="mnli", decides=True):
    rows = table[table["claim"].str.contains(claim) & (table["decides"] == decides)]
    return rows[rows["task"] == task].iloc[0]


def narrow(alpha, beta):
    return bowl(alpha, beta) + 2 * (alpha - 1) ** 2


def higher(alpha, beta):
    return bowl(alpha, beta) + 0.3


def nowhere(alpha, beta):
    return np.nan


def test_one_claim_holds_one_does_not_and_of_one_we_cannot_tell(study):
    """Of the same basins, the fine-tuned one higher, with fewer errors on dev."""
    study.run("pretrained", "mnli", higher, wrong=10)
    study.run("scratch", "mnli", wrong=60)
    table, page = study.judged()
    assert of(table, ERROR)["verdict"] == "holds"
    assert of(table, FINAL)["verdict"] == "does not hold"
    assert of(table, WIDER)["verdict"] == "cannot tell"
    assert of(table, WIDER)["reason"] == "the interval over examples lies on both sides"
    assert of(table, ERROR)["over"] == "examples" and of(table, ERROR)["seeds"] == 1
    assert of(table, ERROR)["judged"] == pytest.approx(-0.5)
    glance = [line for line in page.splitlines() if line.startswith("| 5") or "| 6 |" in line]
    found = {claim: next(line for line in glance if claim in line) for claim in (FINAL, ERROR)}
    assert found[FINAL].endswith("| ✗ does not hold |")
    assert found[ERROR].endswith("| ✓ holds |")
    assert "| ? cannot tell |" in page


def test_the_page_counts_its_judgements(study):
    study.run("pretrained", "mnli", higher, wrong=10)
    study.run("scratch", "mnli", wrong=60)
    table, page = study.judged()
    first = table[table["decides"]]
    number = first["verdict"].value_counts()
    said = (
        f"{len(first)} judgements, a claim on a task each: *holds* {number['holds']}, "
        f"*does not hold* {number['does not hold']}, *cannot tell* {number['cannot tell']}."
    )
    assert said in page
    assert f"{first['low'].notna().sum()} of them have an interval" in page


def test_a_basin_that_is_wider_is_said_to_be(study):
    study.run("pretrained", "mnli")
    study.run("scratch", "mnli", narrow)
    table, _ = study.judged()
    assert of(table, WIDER)["verdict"] == "holds"


def test_three_seeds_are_judged_over_seeds(study):
    for seed, wrong in enumerate((10, 12, 14)):
        study.run("pretrained", "mnli", seed=seed, wrong=wrong)
        study.run("scratch", "mnli", seed=seed, wrong=wrong + 30)
    table, page = study.judged()
    row = of(table, ERROR)
    assert (row["seeds"], row["over"], row["verdict"]) == (3, "seeds", "holds")
    assert row["low"] == pytest.approx(row["high"]) == pytest.approx(-0.3)
    assert "*holds* (over 3 seeds)" in page


def test_a_collapsed_run_is_named_where_it_says_nothing(study):
    study.run("pretrained", "mnli", wrong=10)
    study.run("scratch", "mnli", wrong=60, collapsed=True)
    table, _ = study.judged()
    row = of(table, WIDER)
    assert row["verdict"] == "cannot tell" and "scratch mnli seed 0 collapsed" in row["reason"]
    assert of(table, ERROR)["verdict"] == "holds"  # any model has errors


def test_a_run_without_finite_losses_is_told_from_what_is_known_of_it(study):
    study.run("pretrained", "mnli", nowhere, wrong=10)
    study.run("scratch", "mnli", wrong=60)
    study.run("pretrained", "rte")
    study.run("scratch", "rte", higher)
    table, _ = study.judged()
    rows = table[(table["task"] == "mnli") & table["claim"].str.contains("loss|wide|flat|surfaces")]
    rows = rows[~rows["measure"].str.contains("dev accuracy|‖δ‖")]
    assert len(rows) > 10 and set(rows["verdict"]) == {"cannot tell"}
    assert rows["reason"].str.contains("finite").all(), rows["reason"].tolist()
    assert rows["reason"].str.contains("pretrained mnli seed 0").all(), rows["reason"].tolist()
    assert of(table, ERROR)["verdict"] == "holds"
    assert of(table, "putting them back")["verdict"] == "holds"
    assert of(table, FINAL, "rte")["verdict"] == "holds"  # another task is as it was


@pytest.fixture
def ends(study):
    """Two runs alike; only their sharpness is to be said."""
    study.run("pretrained", "mnli")
    study.run("scratch", "mnli")
    return study


def sharpness(table, kind):
    return table[table["measure"].str.contains(kind)].iloc[0]


def test_sharpness_is_a_second_look_that_names_its_ball(ends):
    ends.sharpness("pretrained", "mnli", average=(0.1, 0.2, 0.3), worst=(0.0, 0.9, 0.8))
    ends.sharpness("scratch", "mnli", average=(1.0, 1.1, 1.2), worst=(0.0, 0.4, 0.5))
    table, _ = ends.judged()
    average, worst = sharpness(table, "mean rise"), sharpness(table, "largest rise")
    assert not average["decides"] and not worst["decides"]
    assert "sd 0.05" in average["measure"] and "at most 0.002" in worst["measure"]
    assert (average["judged"], average["verdict"]) == (pytest.approx(-0.9), "holds")
    assert (worst["judged"], worst["verdict"]) == (pytest.approx(0.4), "does not hold")
    assert (worst["pretrained"], worst["scratch"]) == (0.9, 0.5)  # the largest, not the last


def test_without_sharpness_there_is_no_such_look(ends):
    table, _ = ends.judged()
    assert not table["measure"].str.contains(" rise of the loss when").any()


def test_rises_that_are_not_finite_are_no_sharpness(ends):
    ends.sharpness("pretrained", "mnli", average=(0.1, np.nan, 0.3), worst=(0.1, np.inf))
    ends.sharpness("scratch", "mnli", average=(1.0, 1.1, 1.2))
    table, _ = ends.judged()
    for kind, lost in (("mean rise", "1 of 3 rises"), ("largest rise", "1 of 2 rises")):
        row = sharpness(table, kind)
        assert row["verdict"] == "cannot tell"
        assert lost in row["reason"] and "pretrained mnli seed 0" in row["reason"]


@pytest.mark.parametrize("kind", ["planes", "rollbacks"])
def test_a_file_of_an_older_version_is_named_with_what_it_lacks(ends, kind):
    path = ends.files[kind][0]
    write_frame(read_frame(path).drop(columns=folds.columns("dev")), path)
    error = error_of(judge_claims.main, ends.argv())
    assert f"{path}: no column dev_error_without_0, dev_error_without_1, " in error


def test_balls_of_several_sizes_are_refused(ends):
    ends.sharpness("pretrained", "mnli", average=(0.1, 0.2), rho=0.05)
    ends.sharpness("scratch", "mnli", average=(0.1, 0.2), rho=0.1)
    error = error_of(judge_claims.main, ends.argv())
    assert "sharpness/scratch/mnli/s0.parquet" in error and "rho 0.05, 0.1" in error
