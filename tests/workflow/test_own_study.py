"""A model folder and files of one's own, as the README describes them: up to the report.

Of two architectures: one whose names are not BERT's, one whose layers work otherwise.
"""

import os

import helpers
import numpy as np
import pandas as pd
import pytest
import yaml
from landscape.jobs.parquet import read_frame
from safetensors.numpy import load_file

WORDS = ["a", "b", "c"]


def made(folder, kind):
    """A model of a kind and two tasks from files of two kinds, and their config."""
    helpers.copy_of_the_workflow(folder)
    helpers.model_folder(folder / "my model", kind)
    helpers.tokenizer(WORDS).save_pretrained(folder / "my model")
    texts = [" ".join(np.random.default_rng(i).choice(WORDS, 5)) for i in range(24)]
    table = pd.DataFrame({"my text": texts, "is it": [i % 2 for i in range(24)]})
    table.to_csv(folder / "my data.csv", index=False)
    table.to_parquet(folder / "my data.parquet")
    config = yaml.safe_load((folder / "tests/tiny.yaml").read_text())
    config |= {"model": {"path": "my model"}, "tasks": {}}
    for name, partner, suffix in (("one", "two", "csv"), ("two", "one", "parquet")):
        run = {"epochs": [1], "batch_size": 8, "learning_rate": [1.0e-3]}
        config["tasks"][name] = {
            "files": {split: f"my data.{suffix}" for split in ("train", "dev")},
            "text": ["my text"],
            "label": "is it",
            "partner": partner,
            "runs": {"pretrained": run, "scratch": run},
        }
    figures = {key: ["one"] for key in ("tasks", "trajectories", "groups")}
    config["figures"] |= figures | {"overfitting": {"task": "one", "further_epochs": 1}}
    config["surfaces"] |= {"points": 3}
    del config["language"]
    return config


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Whose names are not BERT's."""
    folder = tmp_path_factory.mktemp("own study")  # with a space
    (folder / "my.yaml").write_text(yaml.safe_dump(made(folder, "distilbert")))
    return folder


def test_a_model_whose_layers_work_otherwise_runs_too(tmp_path):
    """DeBERTa's attention is its own: evaluated by its plain pass, which the log says. One arm."""
    config = made(tmp_path, "deberta-v2")
    config["tasks"] = {"one": config["tasks"]["one"]}
    del config["tasks"]["one"]["partner"], config["tasks"]["one"]["runs"]["scratch"]
    del config["groups"], config["surfaces"]["sharpness"]
    config["arms"] = {"pretrained": {"start": "pretrained"}}
    config["planes"] = {"control": None, "curve": {"points": 5}, "way": {"points": 3}}
    config["figures"] = {"tasks": ["one"], "colour_map": "viridis"}
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(config))
    done = helpers.snakemake(tmp_path, "all", "--cores", 2, "--configfile", "my.yaml")
    assert done.returncode == 0, done.stdout
    results = tmp_path / "results/tiny"
    log = (results / "logs/surfaces/pretrained/one/s0/curves.log").read_text()
    assert "evaluated by its plain forward pass" in log
    points = pd.read_parquet(results / "surfaces/pretrained/one/s0/full/surface.parquet")
    assert points["train_loss"].nunique() > 5


def test_all_of_it_can_be_planned(study):
    jobs = helpers.counts(helpers.dry_run(study, "--configfile", "my.yaml"))
    assert jobs["prepare_task"] == 2 and jobs["train_1_epochs"] == 4
    assert not [rule for rule in jobs if "download" in rule or "language" in rule]


def test_it_runs(study):
    results = "results/tiny"
    done = helpers.snakemake(study, "all", "--cores", 2, "--configfile", "my.yaml")
    assert done.returncode == 0, done.stdout
    own = load_file(study / "my model/model.safetensors")
    delta = load_file(study / f"{results}/directions/pretrained/two/s0/own.safetensors")
    assert set(delta) == set(own) and any(value.any() for value in delta.values())
    # the weights are the folder's own
    start = load_file(study / f"{results}/models/pretrained/s0/model.safetensors")
    assert all(np.array_equal(start[name], own[name]) for name in own)
    points = pd.read_parquet(study / f"{results}/surfaces/pretrained/one/s0/low/surface.parquet")
    assert len(points) == 3 * 3 + 2 and points["train_loss"].nunique() > 5
    # rolled back on the surface and in Table 1: the same model
    (rollback,) = points[points["landmark"] == "rollback"].to_dict("records")
    table = read_frame(study / f"{results}/rollbacks/pretrained/one/s0.parquet").set_index("group")
    assert table["dev_correct"]["low"] == round((1 - rollback["dev_error"]) * rollback["dev_n"])
    # and the end is the same in the ball as on the surface
    (end,) = points[points["landmark"] == "end"].to_dict("records")
    around = read_frame(study / f"{results}/sharpness/pretrained/one/s0.parquet")
    assert around["train_loss"][0] == pytest.approx(end["train_loss"], abs=1e-6)
    assert around["kind"].tolist() == ["end"] + ["average"] * 20 + ["worst"] * 3
    # of one epoch, whose path is straight by construction, nothing is told, and nothing breaks
    claims = pd.read_csv(study / results / "tables/claims.csv").set_index("measure")
    straight = claims.loc["‖δ1‖ over the path through equal parts of the training"]
    assert straight["verdict"] == "cannot tell"
    assert "one epoch" in straight["detail"] or straight["reason"] == "collapsed"
    assert "my model" in (study / results / "report.html").read_text()


@pytest.mark.parametrize(
    "file, reruns, spares",
    [
        ("tokenizer.json", {"prepare_task", "surface_chunk"}, {"initial_model"}),
        ("config.json", {"prepare_task", "initial_model"}, set()),
        ("model.safetensors", {"initial_model"}, {"prepare_task"}),
    ],
)
def test_a_file_of_the_model_that_changes_is_seen(study, file, reruns, spares):
    """After `test_it_runs`: what was made from the file is made again, and nothing else is."""
    path = study / "my model" / file
    content, time = path.read_bytes(), path.stat().st_mtime
    try:
        path.write_bytes(content + b" ")
        jobs = helpers.counts(helpers.dry_run(study, "--configfile", "my.yaml"))
    finally:
        path.write_bytes(content)
        os.utime(path, (time, time))
    assert reruns <= set(jobs) and not spares & set(jobs)


def test_called_from_elsewhere(study, tmp_path):
    """The workflow in one folder, data and results in another."""
    for name in ("my model", "my data.csv", "my data.parquet", "my.yaml"):
        (tmp_path / name).symlink_to(study / name)
    target = "results/tiny/data/one/train.parquet"
    argv = ["--snakefile", study / "Snakefile", "--configfile", "my.yaml", "--cores", 1, target]
    done = helpers.snakemake(tmp_path, *argv)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / target).read_bytes() == (study / target).read_bytes()
