"""A model folder and files of one's own, as config/README.md describes them: up to a direction."""

import helpers
import numpy as np
import pandas as pd
import pytest
import yaml
from safetensors.numpy import load_file

WORDS = ["a", "b", "c"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A DistilBERT, whose names are not BERT's, and two tasks from files of two kinds."""
    folder = helpers.copy_of_the_workflow(tmp_path_factory.mktemp("own study"))  # with a space
    helpers.model_folder(folder / "my model", "distilbert")
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
            "pretrained": run,
            "scratch": run,
        }
    figures = {key: ["one"] for key in ("tasks", "trajectories", "layer_groups")}
    config["figures"] |= figures | {"overfitting": {"task": "one", "further_epochs": 1}}
    del config["language"]
    (folder / "my.yaml").write_text(yaml.safe_dump(config))
    return folder


def test_all_of_it_can_be_planned(study):
    jobs = helpers.counts(helpers.dry_run(study, "--configfile", "my.yaml"))
    assert jobs["prepare_task"] == 2 and jobs["train_1_epochs"] == 4
    assert not [rule for rule in jobs if "download" in rule or "language" in rule]


def test_it_runs(study):
    target = "results/tiny/directions/pretrained/one/s0.safetensors"
    done = helpers.snakemake(study, target, "--cores", 1, "--configfile", "my.yaml")
    assert done.returncode == 0, done.stdout
    delta = load_file(study / target)
    assert set(delta) == set(load_file(study / "my model/model.safetensors"))
    assert any(value.any() for value in delta.values())
    # the weights are the folder's own
    start = load_file(study / "results/tiny/models/pretrained/s0/model.safetensors")
    own = load_file(study / "my model/model.safetensors")
    assert all(np.array_equal(start[name], own[name]) for name in own)
