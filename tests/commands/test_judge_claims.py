"""The claims of studies made by hand, whose verdicts are known beforehand, and their page."""

import json

import judge_claims
import known
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from helpers import error_of
from known import bowl, from_end, surface
from landscape.claims import page
from landscape.data import tokenised
from landscape.jobs.parquet import read_frame, write_frame
from landscape.jobs.sealed import write_json
from landscape.surfaces import folds

WIDER, FINAL, ERROR = "much wider", "the final loss", "poor performance"
STRAIGHT, CONSISTENT, LOWER = "straightforward", "are consistent", "putting them back"


class Study:
    """Files of runs, and what the command makes of them."""

    def __init__(self, folder):
        self.folder, self.files, self.tasks, self.options = folder, {}, [], []

    def write(self, option, name, table):
        path = self.folder / option / f"{name}.parquet"
        write_frame(table, path)
        self.files.setdefault(option, []).append(path)

    def task(self, task, classes=2):
        self.tasks.append(task)
        path = self.folder / task / "sample.parquet"
        labels = pa.table({"label": pa.array([*range(classes)] * 50, pa.int32())})
        tokenised.write(labels, {"labels": classes}, path)
        self.files.setdefault("samples", []).append(path)

    def runs(self, arm, task="mnli", loss=bowl, seeds=3, collapsed=None, **more):
        """Runs of one arm: the later their seed, the higher their loss, by a little."""
        if task not in self.tasks:
            self.task(task)
        for seed in range(seeds):

            def of_seed(alpha, beta, seed=seed):
                return loss(alpha, beta) + 0.002 * seed

            self.run(arm, task, seed, of_seed, collapsed=seed == collapsed, **more)

    def run(self, arm, task, seed, loss, wrong=20, collapsed=False, noise=0.01, epochs=2):
        """One run, with `wrong` of 100 dev examples and one more a seed.

        Examples that are hard for one arm are easy for the other; the control plane is of the first
        seed alone. Its layers matter the more the higher they are. Errors follow losses, about.
        """
        noise, wrong = noise if arm == "pretrained" else -noise, wrong + seed
        key, rng = {"arm": arm, "task": task, "seed": seed}, np.random.default_rng(seed)

        def error(losses):
            return losses / 10 + 0.005 * rng.random(len(losses))

        def add(option, table, plane=""):
            self.write(option, f"{arm}/{task}/s{seed}/{plane}", table.assign(**key, plane=plane))

        add("curves", surface(loss, noise=noise), "curve")
        add("ways", surface(loss, known.FINE, noise=noise), "way")
        end, near = from_end(loss), {"noise": noise, "error": error, "at_end": True}
        add("basins", surface(end, known.NEAR, known.NEAR, **near), "basin")
        if seed == 0:
            add("controls", surface(end, known.NEAR, known.NEAR, **near), "control")
        losses = np.linspace(0.6, loss(1.0, 0.0), epochs)
        add("logs", pd.DataFrame({"epoch": [1, 2], "learning_rate": [2e-5, 0.0]}))
        add("scores", known.scores(losses, wrong, collapsed, noise))
        length = 1.4 + 0.2 * (arm != "pretrained") + 0.01 * seed
        path = {"cos": [np.nan, 0.6, 1.0], "path": [0, 0.7, length], "part": [0, 1, 2]}
        path = pd.DataFrame(path).assign(cos_axes=0.01 + 0.001 * seed, epoch=range(3))
        add("projections", path.assign(parts_path=path["path"]))
        if arm == "pretrained":
            for name, share in (("low_line", 0.5), ("high_line", 1.0)):
                add("lines", surface(lambda a, b, s=share: end(s * a, b), **near), name)
            right = [known.answers(wrong + lost) for lost in (0, 1, 10, 40)]
            groups = ["none", "low", "middle", "high"]
            add("rollbacks", pd.DataFrame({"group": groups, "dev_right": right}))
        norms = {"whole": 2.0, "0": 1.0, "1": 1.0, "2": 1.5 + 0.1 * seed}
        path = self.folder / f"norms/{arm}/{task}/s{seed}/own.json"
        write_json({"norm": norms, "start_norm": dict.fromkeys(norms, 2.0)}, path)
        self.files.setdefault("norms", []).append(path)

    def further(self, task="mnli", wrong=20, moved=0.1, seeds=3):
        """Epochs beyond the end of the fine-tuned runs: what they get wrong and where they are."""
        for seed in range(seeds):
            key = {"arm": "pretrained", "task": task, "seed": seed}
            scores = known.scores([0.05] * 3, wrong + seed).assign(**key)
            self.write("further", f"{task}/s{seed}", scores)
            moves = {"epoch": [0, 1], "eq4_alpha": [0, 1.0], "eq5_beta": [0, moved + 0.01 * seed]}
            self.write("longer", f"{task}/s{seed}", pd.DataFrame(moves).assign(**key))

    def sharpness(self, arm, average, worst=(0.5,), rho=0.05, seeds=3):
        """Rises above an end of loss 0, a little higher by the seed."""
        rows = [("end", np.nan, np.nan, 0.0)]
        rows += [("average", rho, draw, rise) for draw, rise in enumerate(average)]
        rows += [("worst", 0.002, step, rise) for step, rise in enumerate(worst)]
        table = pd.DataFrame(rows, columns=["kind", "rho", "draw", "train_loss"])
        for seed in range(seeds):
            rises = table["train_loss"] * (1 + 0.01 * seed)
            of_run = known.without_folds(table.assign(train_loss=rises), 0.01)
            key = {"arm": arm, "task": "mnli", "seed": seed}
            self.write("sharpness", f"{arm}/mnli/s{seed}", of_run.assign(**key))

    def argv(self):
        argv = [part for option, paths in self.files.items() for part in (f"--{option}", *paths)]
        about = {"tasks": self.tasks, "groups": self.tasks[:1], "overfitting": self.tasks[:1]}
        argv += ["--tasks", json.dumps(about), *self.options]
        for layer, group in enumerate(("low", "middle", "high")):
            argv += ["--layers", group, layer, layer]
        return [*argv, "--csv", self.folder / "out.csv", "--markdown", self.folder / "out.md"]

    def judged(self):
        """The rows and the page."""
        judge_claims.main([str(part) for part in self.argv()])
        texts = dict.fromkeys(["reason", "detail", "points"], str)
        table = pd.read_csv(self.folder / "out.csv", keep_default_na=False, na_values=[""])
        return table.astype(texts), (self.folder / "out.md").read_text()


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The rows and the page of a study of two tasks, with all that is measured.

    On MNLI all is as the paper says; on RTE the basins are alike, the fine-tuned ones end higher,
    with fewer errors on dev. `short` trains as long as fine-tuning.
    """
    study = Study(tmp_path_factory.mktemp("whole"))
    study.runs("pretrained")
    study.runs("scratch", loss=rough, wrong=60, epochs=5)
    study.runs("short", loss=rough)
    study.runs("pretrained", "rte", higher, wrong=10)
    study.runs("scratch", "rte", wrong=60)
    study.runs("short", "rte")
    study.further(wrong=19)
    study.sharpness("pretrained", average=(0.1, 0.2, 0.3), worst=(0.0, 0.9, 0.8))
    study.sharpness("scratch", average=(1.0, 1.1, 1.2), worst=(0.0, 0.4, 0.5))
    study.options = ["--paths", "pretrained=Pre-trained", "short=From scratch, for as long"]
    return study.judged()


def of(table, claim, task="mnli", measure=""):
    """The row of a claim that decides, or of the measure whose words hold these."""
    rows = table[table["claim"].str.contains(claim, regex=False) & (table["task"] == task)]
    wanted = rows["measure"].str.contains(measure, regex=False) if measure else rows["decides"]
    return rows[wanted].iloc[0]


def narrow(alpha, beta):
    return bowl(alpha, beta) + 2 * (alpha - 1) ** 2


def rough(alpha, beta):
    """Narrow, higher, and with a rise on the way where only its fine line looks."""
    return narrow(alpha, beta) + 0.05 + 0.3 * (abs(alpha - 0.45) < 0.01)


def higher(alpha, beta):
    return bowl(alpha, beta) + 0.3


def nowhere(alpha, beta):
    return np.nan


# verdicts


def test_where_all_is_as_the_paper_says_each_claim_holds(whole):
    """None is held against its own opposite."""
    table, _ = whole
    first = table[table["decides"] & (table["task"] == "mnli")]
    assert len(first) == 13 and set(first["verdict"]) == {"holds"}
    movement = of(table, LOWER, measure="‖δ‖/‖θ0‖")
    assert movement["verdict"] == "holds" and not movement["decides"]


def test_one_claim_holds_one_does_not_and_of_one_we_cannot_tell(whole):
    table, page = whole
    assert of(table, ERROR, "rte")["verdict"] == "holds"
    assert of(table, ERROR, "rte")["judged"] == pytest.approx(-0.5)
    for claim in (FINAL, "converges faster"):
        assert of(table, claim, "rte")["verdict"] == "does not hold"
    width = of(table, WIDER, "rte")
    assert (width["verdict"], width["reason"]) == ("cannot tell", "interval spans 0")
    glance = [line for line in page.splitlines() if line.startswith(("| 5.2 |", "| 6 |"))]
    found = {claim: next(line for line in glance if claim in line) for claim in (FINAL, ERROR)}
    assert found[FINAL].endswith("| **✗ does not hold** |")
    assert found[ERROR].endswith("| **✓ holds** |")


def test_planes_of_the_first_seed_alone_are_one_run(whole):
    table, page = whole
    control = of(table, WIDER, measure="random plane")
    assert (control["verdict"], control["seeds"]) == ("one run", 1)
    assert control["judged"] > 0 and np.isfinite(control["low"]) and np.isnan(control["p"])
    assert "| *one run* |" in page


def test_layers_are_compared_on_the_tasks_of_their_figure(whole):
    table, page = whole
    assert of(table, LOWER)["judged"] == of(table, LOWER, "rte")["judged"] == pytest.approx(0.39)
    lines = "the loss surface of lower layers has the wider optimum"
    assert table[table["claim"] == lines]["task"].tolist() == ["mnli"]
    assert f"| 7 | {lines} | **✓ holds** | – |" in page


def test_the_agreement_is_told_with_its_points(whole):
    table, page = whole
    row = of(table, CONSISTENT)
    inside = [
        sum(bowl(a + 1, b) + 0.002 * seed < known.GUESS for a in known.NEAR for b in known.NEAR)
        for seed in range(3)
    ]
    assert row["points"] == ", ".join(map(str, inside))
    assert f"3 seeds, {row['points']} points)" in page


def test_errors_and_distances_grow_over_further_epochs(whole):
    table, _ = whole
    assert of(table, "does not dramatically increase")["judged"] == pytest.approx(-0.01)
    assert of(table, "not far away from its original")["judged"] == pytest.approx(0.11)


def test_paths_are_compared_of_arms_that_train_alike(whole):
    """Where the two that all else compares do not, a third stands in for one of them."""
    table, page = whole
    row = of(table, STRAIGHT)
    assert row["verdict"] == "holds" and row["short"] == pytest.approx(1 / 1.61, abs=1e-4)
    assert np.isnan(row["scratch"]) and np.isnan(of(table, ERROR)["short"])
    assert "| task | pre-trained | from scratch, for as long | judged | verdict |" in page


def test_paths_of_arms_that_do_not_are_shown_without_a_verdict(study):
    study.runs("pretrained", seeds=1)
    study.runs("scratch", seeds=1, epochs=5)
    row = of(study.judged()[0], STRAIGHT)
    assert (row["verdict"], row["reason"]) == ("cannot tell", "unequal training")
    assert row["detail"] == "trained for 2 and 5 epochs" and row["judged"] > 0


def test_a_study_of_one_seed_has_no_verdicts(study):
    study.runs("pretrained", seeds=1)
    study.runs("scratch", loss=narrow, wrong=90, seeds=1)
    study.further(seeds=1)
    table, page = study.judged()
    assert set(table["verdict"]) == {"one run", "not judged"}
    assert "✓ *holds* 0, ✗ *does not hold* 0, ? *cannot tell* 0, 1 *one run* 13." in page


# what stands in the way of one


def test_a_collapsed_run_is_named_where_it_says_nothing(study):
    study.runs("pretrained", wrong=10, seeds=2)
    study.runs("scratch", wrong=60, seeds=2, collapsed=1)
    table, page = study.judged()
    row = of(table, WIDER)
    assert (row["verdict"], row["reason"]) == ("cannot tell", "collapsed")
    assert row["detail"].startswith("scratch mnli seed 1 ")
    assert of(table, ERROR)["verdict"] == "holds"  # any model has errors
    assert page.split("\n\n")[1].startswith("**Collapsed:** scratch mnli seed 1. Such a run ")


def test_a_run_without_finite_losses_is_told_from_what_is_known_of_it(study):
    study.runs("pretrained", loss=nowhere, wrong=10, seeds=2)
    study.runs("scratch", wrong=60, seeds=2)
    study.runs("pretrained", "rte", seeds=1)
    study.runs("scratch", "rte", higher, seeds=1)
    table, _ = study.judged()
    rows = table[(table["task"] == "mnli") & table["claim"].str.contains("loss|wide|flat|surfaces")]
    assert len(rows) > 10 and set(rows["verdict"]) == {"cannot tell"}
    assert set(rows["reason"]) == {"no value"}
    assert rows["detail"].str.contains("pretrained mnli seed 0").all(), rows["detail"].tolist()
    assert of(table, ERROR)["verdict"] == of(table, LOWER)["verdict"] == "holds"
    assert of(table, FINAL, "rte")["verdict"] == "one run"  # another task is as it was


OLDER = {
    "basins": folds.columns("dev"),
    "ways": folds.columns("train"),
    "scores": folds.columns("train"),
    "rollbacks": ["dev_right"],
    "projections": ["parts_path"],
}


@pytest.mark.parametrize("kind, gone", OLDER.items())
def test_a_file_of_an_older_version_is_named_with_what_it_lacks(study, kind, gone):
    study.runs("pretrained", seeds=1)
    study.runs("scratch", seeds=1)
    path = study.files[kind][0]
    write_frame(read_frame(path).drop(columns=gone), path)
    assert f"{path}: no column {', '.join(gone)} " in error_of(judge_claims.main, study.argv())


# sharpness

AVERAGE, WORST = "mean rise of the loss when", "largest rise of the loss found"


def test_sharpness_is_a_second_look_that_names_its_ball(whole):
    table, _ = whole
    average, worst = (of(table, "more flat", measure=words) for words in (AVERAGE, WORST))
    assert not average["decides"] and not worst["decides"]
    assert "sd 0.05" in average["measure"] and "at most 0.002" in worst["measure"]
    assert (average["judged"], average["verdict"]) == (pytest.approx(-0.9 * 1.01), "holds")
    assert (worst["judged"], worst["verdict"]) == (pytest.approx(0.4 * 1.01), "does not hold")
    assert worst["scratch"] == pytest.approx(0.5 * 1.01)  # the largest, not the last


@pytest.fixture
def ends(study):
    """Two runs alike; only their sharpness is to be said."""
    study.runs("pretrained", seeds=1)
    study.runs("scratch", seeds=1)
    return study


def test_without_sharpness_there_is_no_such_look(ends):
    table, _ = ends.judged()
    assert not table["measure"].str.contains(f"{AVERAGE}|{WORST}").any()


def test_rises_that_are_not_finite_are_no_sharpness(ends):
    ends.sharpness("pretrained", average=(0.1, np.nan, 0.3), worst=(0.1, np.inf), seeds=1)
    ends.sharpness("scratch", average=(1.0, 1.1, 1.2), seeds=1)
    table, _ = ends.judged()
    for words, lost in ((AVERAGE, "1 of 3 rises"), (WORST, "1 of 2 rises")):
        row = of(table, "more flat", measure=words)
        assert (row["verdict"], row["reason"]) == ("cannot tell", "no value")
        assert lost in row["detail"] and "pretrained mnli seed 0" in row["detail"]


def test_balls_of_several_sizes_are_refused(ends):
    ends.sharpness("pretrained", average=(0.1, 0.2), rho=0.05)
    ends.sharpness("scratch", average=(0.1, 0.2), rho=0.1)
    error = error_of(judge_claims.main, ends.argv())
    assert "sharpness/scratch/mnli/s0.parquet" in error and "rho 0.05, 0.1" in error


# the table and the page


def test_the_columns_are_values_arm_by_arm_then_what_they_come_to(whole):
    arms = ["pretrained", "short", "scratch"]
    of_arms = [f"{arm}{end}" for arm in arms for end in ("", "_low", "_high")]
    expected = ["task", "section", "claim", "measure", *of_arms]
    expected += ["judged", "low", "high", "p", "seeds", "points"]
    expected += ["decides", "verdict", "stands", "reason", "detail"]
    assert judge_claims.columns(arms) == list(whole[0]) == expected


def test_the_headline_is_that_of_the_table(whole):
    table, page = whole
    first = table[table["decides"]]
    counts = first["verdict"].value_counts()
    stand = first[first["stands"]]["verdict"].value_counts()
    assert page.split("\n\n")[1] == (
        f"{len(first)} judgements, a claim on a task each: "
        f"✓ *holds* {counts['holds']} (**{stand['holds']}** stand together), "
        f"✗ *does not hold* {counts['does not hold']} (**{stand['does not hold']}** stand "
        f"together), ? *cannot tell* {counts['cannot tell']}."
    )
    assert not table[~table["decides"]]["stands"].any()


def row(claim, task, verdict, stands=False, decides=True, **more):
    """One judgement, as `verdicts.judge` gives it, of § 5.1."""
    cells = {"section": "5.1", "claim": claim, "measure": "in m", "task": task, "points": ""}
    cells |= {"pretrained": 3.0, "pretrained_low": 2.0, "pretrained_high": 4.0, "scratch": 1.0}
    cells |= {"scratch_low": np.nan, "scratch_high": np.nan, "seeds": 3, "judged": 2.0, "low": 1.0}
    cells |= {"high": 3.0, "reason": "", "detail": "", "decides": decides, "stands": stands}
    return cells | {"verdict": verdict} | more


ROWS = [
    row("it is wider", "mnli", "holds", stands=True),
    row("it is wider", "rte", "holds", stands=True),
    row("it is wider", "sst2", "holds"),
    row("it is wider", "mrpc", "does not hold", stands=True),
    row("it is wider", "mnli", "holds", decides=False, measure="in km"),
    row("it is wider", "rte", "does not hold", stands=False, decides=False, measure="in km"),
    row("it is wider", "sst2", "cannot tell", decides=False, measure="in km"),
    row("it is flat", "mnli", "cannot tell", reason="too few seeds", seeds=2),
    row("it is flat", "rte", "cannot tell", reason="too few seeds", seeds=2),
    row("it is flat", "sst2", "one run", seeds=1),
    row("it is round", "mnli", "not judged", decides=False),
]


def page_of(rows=ROWS, collapsed=()):
    arms = {"pretrained": "Pre-trained", "scratch": "From scratch"}
    return page.markdown(pd.DataFrame(rows), arms, collapsed)


def test_the_headline_counts_verdicts_that_decide_and_how_many_stand_together():
    assert page_of().split("\n\n")[1] == (
        "7 judgements, a claim on a task each: ✓ *holds* 3 (**2** stand together), "
        "✗ *does not hold* 1 (**1** stand together), ? *cannot tell* 2, 1 *one run* 1."
    )


def test_collapsed_runs_are_named_before_all_else():
    first = page_of(collapsed=["scratch rte seed 1", "scratch rte seed 2"]).split("\n\n")[1]
    assert first.startswith("**Collapsed:** scratch rte seed 1, scratch rte seed 2. Such a run ")
    assert "Collapsed" not in page_of()


def test_a_line_a_claim_says_on_how_many_tasks_it_holds_and_what_is_against_it():
    """What is only shown has none."""
    assert [line for line in page_of().splitlines() if line.startswith("- §")] == [
        "- § 5.1 it is wider: **holds on 3 of 4**; does not hold on MRPC; "
        "a second look comes to the opposite on RTE",
        "- § 5.1 it is flat: **holds on 0 of 3**; too few seeds on 2; one run on 1",
    ] + [line for line in page_of().splitlines() if line.startswith("- § 3.2: tasks")]


def test_at_a_glance_what_stands_is_bold_and_what_a_second_look_opposes_is_marked():
    lines = page_of().splitlines()
    at = lines.index("| § | claim | MNLI | RTE | SST-2 | MRPC |")
    assert lines[at + 2 : at + 5] == [
        "| 5.1 | it is wider | **✓ holds** | **✓ holds** \\* | ✓ holds | **✗ does not hold** |",
        "| 5.1 | it is flat | ? cannot tell | ? cannot tell | 1 one run | – |",
        "",
    ]


def test_each_judgement_is_told_with_its_intervals_and_reasons():
    told = {"reason": "collapsed", "detail": "one run did", "judged": np.nan, "seeds": 0}
    text = page_of(
        [
            row("it is wider", "mnli", "holds", points="7, 8"),
            row("it is wider", "rte", "cannot tell", **told),
            row("it is wider", "rte", "not judged", decides=False, measure="in km", scratch=np.nan),
        ]
    )
    assert (
        "**in m**\n\n"
        "| task | pre-trained | from scratch | judged | verdict |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| MNLI | 3 [2, 4] | 1 | 2 [1, 3] | *holds* (3 seeds, 7, 8 points) |\n"
        "| RTE | 3 [2, 4] | 1 | – | *cannot tell* (collapsed, one run did) |\n"
    ) in text
    assert (
        "**in km** (a second look: it does not decide)\n\n"
        "| task | pre-trained | judged | verdict |\n"
        "| --- | --- | --- | --- |\n"
        "| RTE | 3 [2, 4] | 2 [1, 3] | not judged (3 seeds) |\n"
    ) in text
