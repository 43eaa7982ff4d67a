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

    def page(config, tasks=("mnli", "mrpc"), of_seeds=("1" * 80 + "0" * 20,)):
        groups = {"none": "", "low": "0-7", "middle": "8-15", "high": "16-23"}
        rows = [
            ("pretrained", task, seed, group, layers, right.count("1"), len(right), right)
            for task in tasks
            for seed, right in enumerate(of_seeds)
            for group, layers in groups.items()
        ]
        columns = ["arm", "task", "seed", "group", "layers", "dev_correct", "dev_n", "dev_right"]
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


def said_by_the_paper(page):
    """The differences from what the paper says, without what it leaves open."""
    return [line for line in listed(page) if "(paper: not given)" not in line]


PAPERS = ("mnli", "rte", "sst2", "mrpc")


def without_candidates_from_scratch(config):
    """A study in which training from scratch has the paper's epochs alone."""
    for task, settings in config["tasks"].items():
        if "scratch" in settings["runs"]:
            settings["runs"]["scratch"]["epochs"] = [8 if task == "sst2" else 16]
    return config


def test_our_study_of_the_paper_differs_from_what_it_says_in_candidates_from_scratch(compared):
    """Both arms choose among three, so that neither has more luck; the paper's had one."""
    page = compared(study("paper"), PAPERS)
    long = "scratch: epochs the best of 8 or 12 or 16 (paper: 16)"
    assert said_by_the_paper(page) == [
        f"- MNLI, {long}",
        f"- RTE, {long}",
        "- SST-2, scratch: epochs the best of 4 or 6 or 8 (paper: 8)",
        f"- MRPC, {long}",
    ]


def test_the_papers_own_settings_differ_in_nothing_that_it_says(compared):
    page = compared(without_candidates_from_scratch(study("paper")), PAPERS)
    assert said_by_the_paper(page) == []
    assert "- seeds: 0, 1, 2 (paper: not given)" in listed(page)
    assert "- warm-up: 10 % of the steps (paper: not given)" in listed(page)
    assert "bfloat16 (paper: not given)" in page
    assert "| MNLI, paper | 86.54 | 86.73 | 84.71 | 32.85 |" in page
    assert "| MRPC, ours | 80.00 [71.12, 86.66] |" in page


def test_candidates_are_told_with_the_seeds_that_they_are_tried_on(compared):
    """And not where a study tries none, whatever seeds it keeps for that."""
    config = study("paper")
    line = "- candidates: tried on seeds of their own, 1000 (paper: not given)"
    assert line in listed(compared(config))
    for settings in config["tasks"].values():
        for run in settings["runs"].values():
            run["epochs"] = run["epochs"][:1]
    assert not [line for line in listed(compared(config)) if "candidates" in line]


def test_several_seeds_are_their_mean_with_an_interval_over_runs_as_well(compared):
    """Runs that differ by more than their examples do: the interval must be wider than Wilson's."""
    few, many = "1" * 60 + "0" * 40, "1" * 90 + "0" * 10
    page = compared(study("paper"), ("mrpc",), (few, many, few))
    (row,) = [line for line in page.splitlines() if line.startswith("| MRPC, ours")]
    assert row.startswith("| MRPC, ours, mean of 3 seeds | 70.00 [")
    low, high = map(float, row.split("[")[1].split("]")[0].split(", "))
    assert low < 50 and high > 90


def test_every_other_setting_is_listed_before_the_numbers(compared):
    config = without_candidates_from_scratch(study("paper"))
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
