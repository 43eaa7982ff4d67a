"""What a step reads is an input of its rule: a study of one's own, called from another folder.

Its first steps are made once, with names as awkward as a person can think of.
"""

import shutil

import helpers
import pandas as pd
import pytest
import yaml

MODEL, SET, DATA = 'my "model" $x', "-my set's", "-data * ü.csv"
TARGETS = [f"results/tiny/data/{task}/train.parquet" for task in ("one", "two")]
TARGETS += [
    f"results/tiny/models/{start}/s0/model.safetensors" for start in ("pretrained", "random")
]


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """The arguments of a call in a folder where no workflow lies; and that folder."""
    clone = helpers.copy_of_the_workflow(tmp_path_factory.mktemp("the clone"))
    folder = tmp_path_factory.mktemp("elsewhere")
    helpers.model_folder(folder / MODEL)
    helpers.tokenizer(["a", "b"]).save_pretrained(folder / MODEL)
    table = pd.DataFrame({"-text {x}": ["a b", "b", "a"] * 4, "'{label}'": [0, 1, 1] * 4})
    table.to_csv(folder / DATA, index=False)
    (folder / SET).mkdir()
    for split in ("train", "test"):
        table.to_csv(folder / SET / f"{split}.csv", index=False)
    (folder / SET / "README.md").write_text("# Words\n")
    config = yaml.safe_load((clone / "tests/tiny.yaml").read_text())
    del config["language"]
    run = {"epochs": [1], "batch_size": 8, "learning_rate": [1.0e-3]}
    task = {
        "text": ["-text {x}"],
        "label": "'{label}'",
        "runs": {"pretrained": run, "scratch": run},
    }
    files = {"files": {"train": DATA, "dev": DATA}, "partner": "two"}
    hub = {"hub": {"path": SET, "splits": ["train", "test"]}, "partner": "one"}  # without a name
    config |= {"model": {"path": MODEL}, "tasks": {"one": task | files, "two": task | hub}}
    figures = {key: ["one"] for key in ("tasks", "trajectories", "groups")}
    config["figures"] |= figures | {"overfitting": {"task": "one", "further_epochs": 1}}
    (folder / "my.yaml").write_text(yaml.safe_dump(config))
    return folder, ["-s", clone / "Snakefile", "--configfile", "my.yaml"]


@pytest.fixture(scope="module")
def made(call):
    folder, arguments = call
    done = helpers.snakemake(folder, *TARGETS, "--cores", 2, *arguments)
    assert done.returncode == 0, done.stdout[-5000:]
    return folder


def planned(call):
    folder, arguments = call
    return helpers.counts(helpers.dry_run(folder, *TARGETS, *arguments))


def test_a_second_call_has_nothing_to_do(call, made):
    assert planned(call) == {}


@pytest.mark.parametrize(
    "file, again",
    [
        (f"{MODEL}/tokenizer.json", {"prepare_task": 2}),
        (f"{MODEL}/tokenizer_config.json", {"prepare_task": 2}),
        (f"{MODEL}/special_tokens_map.json", {"prepare_task": 2}),  # a new one
        (f"{MODEL}/config.json", {"prepare_task": 2, "initial_model": 2}),
        (f"{MODEL}/model.safetensors", {"initial_model": 1}),
        (f"{MODEL}/README.md", {}),
        (f"{SET}/train.csv", {"download_task": 1, "prepare_task": 1}),
        (f"{SET}/README.md", {"download_task": 1, "prepare_task": 1}),  # names configurations
        (f"{SET}/.cache/lock", {}),
        (DATA, {"prepare_task": 1}),
    ],
)
def test_what_changes_is_read_again_and_nothing_else(call, made, tmp_path, file, again):
    path = made / file
    if before := path.exists():
        shutil.copy2(path, tmp_path / "kept")
    path.parent.mkdir(exist_ok=True)
    with open(path, "a", encoding="utf-8") as changed:
        changed.write("\n")
    jobs = planned(call)
    if before:
        shutil.copy2(tmp_path / "kept", path)
    else:
        path.unlink()
    jobs.pop("sample_examples", None)
    assert jobs == again


@pytest.mark.parametrize("name", ["a{b}.csv", "<results>.csv"])
def test_a_path_that_snakemake_would_fill_in_is_refused(call, name):
    folder, arguments = call
    shutil.copy(folder / DATA, folder / name)
    config = yaml.safe_load((folder / "my.yaml").read_text())
    config["tasks"]["one"]["files"]["dev"] = name
    (folder / "odd.yaml").write_text(yaml.safe_dump(config))
    done = helpers.snakemake(folder, TARGETS[0], "-n", *arguments[:2], "--configfile", "odd.yaml")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert "tasks.one.files.dev" in line and name in line
