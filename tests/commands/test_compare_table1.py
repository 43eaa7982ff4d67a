"""Table 1 beside the paper's: for its own settings, for others, and for tasks that it lacks."""

import compare_table1
import pandas as pd
import pytest
import yaml
from helpers import ROOT
from landscape.jobs.parquet import write_frame
from landscape.jobs.sealed import write_json


@pytest.fixture
def compared(tmp_path):
    """What the command writes for a study's config and the tasks of a table."""

    def page(config, tasks=("mnli", "mrpc")):
        groups = {"none": "", "low": "0-7", "middle": "8-15", "high": "16-23"}
        rows = [
            ("pretrained", task, 0, group, layers, 80, 100)
            for task in tasks
            for group, layers in groups.items()
        ]
        columns = ["arm", "task", "seed", "group", "layers", "dev_correct", "dev_n"]
        write_frame(pd.DataFrame(rows, columns=columns), tmp_path / "rollbacks.parquet")
        write_json(config, tmp_path / "study.json")
        argv = ["--rollbacks", tmp_path / "rollbacks.parquet", "--config", tmp_path / "study.json"]
        compare_table1.main([*map(str, argv), "--output", str(tmp_path / "out.md")])
        return (tmp_path / "out.md").read_text()

    return page


def study(name):
    return yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())


def listed(page):
    return [line for line in page.splitlines() if line.startswith("- ")]


def test_the_papers_study_differs_in_nothing_that_the_paper_says(compared):
    page = compared(study("paper"), ("mnli", "rte", "sst2", "mrpc"))
    assert all("(paper: not given)" in line for line in listed(page))
    assert "- warm-up: 10 % of the steps (paper: not given)" in listed(page)
    assert "bfloat16 (paper: not given)" in page
    assert "| MNLI, paper | 86.54 | 86.73 | 84.71 | 32.85 |" in page
    assert "| MRPC, ours | 80.00 [71.12, 86.66] |" in page


def test_every_other_setting_is_listed_before_the_numbers(compared):
    config = study("paper")
    config["tasks"]["mrpc"]["runs"]["pretrained"] |= {"epochs": [4], "learning_rate": [2e-5]}
    config["model"] = {"path": "my/model"}
    page = compared(config)
    found = "\n".join(listed(page))
    assert "model: my/model (paper: BERT-large, cased)" in found
    assert "MRPC, pretrained: epochs 4 (paper: the best of 3 or 4 or 5)" in found
    assert "MRPC, pretrained: learning rate 2e-05 (paper: 1e-05)" in found
    assert "MNLI, " not in found
    assert page.index("2e-05") < page.index("| MNLI, paper")


def test_a_task_that_the_paper_lacks_has_a_row_of_ours_alone(compared):
    config = study("paper")
    config["tasks"]["mine"] = config["tasks"]["mrpc"]
    page = compared(config, ("mine",))
    assert "mine: not in the paper" in page.lower()
    assert "ours |" in page and "mine, paper" not in page.lower()
