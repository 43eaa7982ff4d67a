"""A data set in the Hub's layout, read from a local folder by the code that reads the Hub."""

import json

import download_task
import pandas as pd
import pytest
from helpers import ROOT

GLUE = ROOT.parent / "shared/data/glue"

CARD = """---
configs:
- config_name: mine
  data_files:
  - split: train
    path: mine/train-*
  - split: validation_matched
    path: mine/dev-*
---
"""


def fetch(path, name, splits, output):
    argv = ["--path", path, "--name", name, "--splits", *splits]
    argv += ["--pins", output / "pins.json", "--output", output]
    download_task.main(list(map(str, argv)))
    source = json.loads((output / "source.json").read_text())
    return (
        pd.read_parquet(output / "train.parquet"),
        pd.read_parquet(output / "dev.parquet"),
        source,
    )


def test_the_named_configuration_and_splits_are_read(tmp_path):
    folder = tmp_path / "set"
    (folder / "mine").mkdir(parents=True)
    (folder / "README.md").write_text(CARD)
    train = pd.DataFrame({"text": ["a", "None", ""], "label": [0, 1, 0]})
    dev = pd.DataFrame({"text": ["b"], "label": [1]})
    train.to_parquet(folder / "mine/train-00000-of-00001.parquet")
    dev.to_parquet(folder / "mine/dev-00000-of-00001.parquet")
    got_train, got_dev, source = fetch(
        folder, "mine", ["train", "validation_matched"], tmp_path / "out"
    )
    assert got_train.equals(train) and got_dev.equals(dev)
    assert source["train"]["examples"] == 3 and source["dev"]["split"] == "validation_matched"


@pytest.mark.skipif(not GLUE.is_dir(), reason=f"real GLUE is not at {GLUE}")
@pytest.mark.parametrize(
    "name, split, examples, positive",
    [("mrpc", "validation", (3668, 408), (2474, 279)), ("rte", "validation", (2490, 277), None)],
)
def test_real_glue(tmp_path, name, split, examples, positive):
    train, dev, _ = fetch(GLUE, name, ["train", split], tmp_path)
    assert (len(train), len(dev)) == examples
    if positive:
        assert (train["label"].sum(), dev["label"].sum()) == positive
