"""Studies of another shape than the paper's: one arm and nothing else; three, and more planes."""

import helpers
import pandas as pd
import pytest
import yaml
from landscape.jobs.parquet import read_frame
from landscape.surfaces import surface

RUN = {"epochs": [2], "batch_size": 16, "learning_rate": [1.0e-3]}


def made(folder, config):
    (folder / "study.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    arguments = "--configfile", "study.yaml"
    done = helpers.snakemake(folder, "all", "--cores", 2, *arguments)
    assert done.returncode == 0, done.stdout[-5000:]
    assert helpers.dry_run(folder, *arguments) == []
    return folder / config["pathvars"]["results"]


def tiny(results):
    config = yaml.safe_load((helpers.ROOT / "tests/tiny.yaml").read_text())
    config["surfaces"]["points"] = 3
    return config | {"pathvars": {"results": results}}


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    """With the mini BERT of the tiny study as a model folder, so that none is pre-trained."""
    folder = helpers.copy_of_the_workflow(tmp_path_factory.mktemp("shapes"))
    model = folder / "model"
    model.mkdir()
    for part in ("models/mini/pretrained", "language/tokenizer"):
        for file in (study / "results/tiny" / part).iterdir():
            if file.suffix in (".json", ".safetensors"):
                (model / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture(scope="module")
def smallest(folder):
    """One task and one arm; no partner, groups, control, sharpness or any figure but the least.

    Its plane is measured more finely where that tells.
    """
    config = tiny("results/smallest")
    task = config["tasks"]["mnli"]
    del task["partner"]
    task["runs"] = {"mine": RUN}
    del config["groups"], config["surfaces"]["sharpness"], config["model"]
    config["tasks"] = {"mnli": task}
    config["arms"] = {"mine": {"start": "pretrained", "label": "My {own} = 'x'"}}
    config["planes"] = {"control": None}
    config["figures"] = {"tasks": ["mnli"], "colour_map": "magma"}
    config["surfaces"]["refine"] = {"levels": 2, "points": 32}
    return made(folder, config | {"model": {"path": "model"}})


def test_what_the_config_does_not_name_is_not_made(smallest):
    figures = {path.stem for path in (smallest / "figures").glob("*.pdf")}
    assert figures == {"fig1", "fig2", "fig5", "fig6"}
    assert not (smallest / "tables/table1.md").exists()
    assert {path.name for path in (smallest / "surfaces/mine/mnli/s0").iterdir()} == {
        "curve",
        "full",
        "way",
        "basin",
    }
    for kind in ("rollbacks", "sharpness"):
        assert not (smallest / kind).exists()


def test_claims_that_compare_two_arms_say_that_there_is_one(smallest):
    table = pd.read_csv(smallest / "tables/claims.csv").set_index("claim")
    assert {"mine", "mine_low", "mine_high"} < set(table) and "scratch" not in table
    alone = table[table["detail"].fillna("").str.contains("no second arm")]
    assert "fine-tuning converges faster in terms of training loss" in alone.index
    assert set(alone["verdict"]) == {"cannot tell"}
    assert alone["mine"].notna().any()  # what is measured of the one is told
    # of one arm alone; the tiny run may have collapsed, which is then the reason
    orthogonal = table.loc["δ1 and δ2 are nearly orthogonal"]
    assert orthogonal["mine"] > 0 or orthogonal["reason"] == "collapsed"
    projection = read_frame(smallest / "trajectories/mine/mnli/s0/run/projection.parquet")
    assert 0 < abs(projection["cos_axes"].iloc[0]) < 0.2


def test_without_a_partner_δ2_is_a_random_direction_and_the_report_says_so(smallest):
    points, made_by = surface.read(smallest / "surfaces/mine/mnli/s0/full/surface.parquet")
    assert made_by["settings"]["axes"] == ["own", "random"]
    points = points[~points["filled"]]
    # the start and the end are on the finest lattice too
    assert points["train_loss"].nunique() == len(points) - 2
    report = (smallest / "report.html").read_text()
    assert "MNLI, mine: the task has no partner; δ2 is a random direction" in report
    assert "My {own} = " in report
    table = read_frame(smallest / "trajectories/mine/mnli/s0/run/trajectory.parquet")
    end = points[points["landmark"] == "end"].iloc[0]
    assert table["plane_train_loss"].iloc[-1] == pytest.approx(end["train_loss"], rel=1e-5)


def test_a_finer_plane_is_measured_level_by_level_and_the_rest_filled_in(smallest):
    folder = smallest / "surfaces/mine/mnli/s0/full"
    levels = {"chunk_0_of_1": 3 * 3 + 2, "level_1_chunk_0_of_1": 5 * 5 - 3 * 3}
    levels |= {"level_2_chunk_0_of_2": 16, "level_2_chunk_1_of_2": 16}
    chunks = {name: surface.read(folder / f"{name}.parquet")[0] for name in levels}
    assert {name: len(chunk) for name, chunk in chunks.items()} == levels
    assert {path.stem for path in folder.iterdir()} == {*levels, "surface"}
    points, made_by = surface.read(folder / "surface.parquet")
    assert made_by["settings"]["levels"] == 2 and len(points) == 9 * 9 + 2
    assert (~points["filled"]).sum() == sum(levels.values())
    assert points[["train_loss", "dev_error"]].notna().all(axis=None)
    grid = points[points["landmark"].isna()].set_index(["alpha", "beta"])
    for name, place in (("start", (0.0, 0.0)), ("end", (1.0, 0.0))):
        exact = points[points["landmark"] == name].iloc[0]
        assert not exact["filled"] and not grid.loc[place, "filled"]
        assert grid.loc[place, "train_loss"] == pytest.approx(exact["train_loss"], rel=1e-5)
    for plane in ("basin", "way"):  # where verdicts look
        assert "filled" not in read_frame(
            smallest / f"surfaces/mine/mnli/s0/{plane}/surface.parquet"
        )


def test_figures_give_the_numbers_of_what_was_measured_and_the_report_shows_where(smallest):
    points, _ = surface.read(smallest / "surfaces/mine/mnli/s0/full/surface.parquet")
    drawn = pd.read_csv(smallest / "figures/fig6.csv")
    assert sorted(drawn["dev_error"]) == sorted(points.loc[~points["filled"], "dev_error"])
    assert '"name":"measured"' in (smallest / "report.html").read_text()


def test_the_plan_counts_the_jobs_of_all_levels(smallest, folder):
    arguments = "--configfile", "study.yaml"
    done = helpers.snakemake(folder, "plan", "--cores", 1, *arguments)
    assert done.returncode == 0, done.stdout
    counted = helpers.counts(helpers.dry_run(folder, "all", "--forceall", *arguments))
    assert counted["surface_chunk"] == (1 + 1 + 2) + 3 + 5  # of the plane, the way, the basin
    surfaces = helpers.by_stage(counted)["surfaces"]
    assert helpers.jobs_of_plan(smallest)["surfaces"] == surfaces


@pytest.fixture(scope="module")
def largest(folder):
    """Three arms, one of them from another model; two groups; planes of one's own."""
    config = tiny("results/largest")
    (folder / "another").mkdir()
    for file in (folder / "model").iterdir():
        (folder / "another" / file.name).write_bytes(file.read_bytes())
    config["arms"] = {
        "scratch": {"start": "random"},
        "rival": {"start": {"path": "another"}, "training": {"weight_decay": 0.5}},
        "pretrained": {"start": "pretrained", "label": "Ours"},
    }
    config["contrast"] = ["pretrained", "rival"]
    config["groups"] = {"top": [2, 2], "bottom": [0, 1]}
    for task in config["tasks"].values():
        task["runs"] = {arm: RUN for arm in config["arms"]}
    config["planes"] = {
        **{plane: config["planes"][plane] for plane in ("curve", "way", "basin", "control")},
        "around": {
            "anchor": "end",
            "axes": ["own", "random"],
            "range": [-0.5, 0.5],
            "measures": ["train_loss", "dev_error"],
        },
    }
    return made(folder, config | {"model": {"path": "model"}})


def test_each_arm_is_trained_as_it_says_and_drawn(largest):
    drawn = pd.read_csv(largest / "figures/fig1.csv")
    assert set(drawn["arm"]) == {"scratch", "rival", "pretrained"}
    ends = drawn[drawn["landmark"] == "end"].groupby("arm")["train_loss"].first()
    assert ends.nunique() == 3
    losses = [
        read_frame(largest / f"runs/{arm}/mnli/s0/log.parquet")["loss"]
        for arm in ("rival", "pretrained")
    ]
    assert losses[0][0] == losses[1][0]  # the same weights and batches before the first step
    assert losses[0].iloc[-1] != losses[1].iloc[-1]
    assert {path.name for path in (largest / "models").iterdir()} == {
        "random",
        "rival",
        "pretrained",
    }


def test_claims_compare_the_two_of_the_contrast(largest):
    table = pd.read_csv(largest / "tables/claims.csv")
    assert {"pretrained", "rival"} < set(table) and "scratch" not in table
    page = (largest / "tables/claims.md").read_text()
    assert "| task | ours | rival | judged | verdict |" in page


def test_groups_stand_from_low_to_high_whatever_their_order_in_the_config(largest):
    table = read_frame(largest / "rollbacks/pretrained/mnli/s0.parquet")
    assert list(table["group"]) == ["none", "bottom", "top"]
    page = (largest / "tables/table1.md").read_text()
    assert "| Layers 0-1 | Layers 2-2 |" in page


def test_a_plane_of_ones_own_is_measured_and_turns_in_the_report(largest):
    points, _ = surface.read(largest / "surfaces/rival/sst2/s0/around/surface.parquet")
    assert list(points["landmark"].dropna()) == ["start", "end"]
    assert points["dev_error"].notna().all() and len(points) == 3 * 3 + 2
    assert (points["alpha"].min(), points["alpha"].max()) == (-1.0, 0.5)  # the start lies outside
    assert "training loss, plane around" in (largest / "report.html").read_text()
