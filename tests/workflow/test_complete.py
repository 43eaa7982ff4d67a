"""The tiny study, run for real once: all is there, and nothing is left over."""

import pandas as pd

RUNS = [(arm, task) for arm in ("scratch", "pretrained") for task in ("mnli", "sst2")]


def test_every_figure_and_table_is_there(results):
    for number in range(1, 8):
        figure = results / f"figures/fig{number}"
        assert figure.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
        assert figure.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
        assert len(pd.read_csv(figure.with_suffix(".csv"))) > 0
    assert len(pd.read_csv(results / "tables/table1.csv")) == 2 * 4  # tasks × (whole, 3 groups)
    for suffix, task in (("md", "MNLI"), ("tex", "SST-2")):
        assert task in (results / f"tables/table1.{suffix}").read_text()


def test_every_claim_has_a_verdict_on_each_task_that_it_is_about(results):
    table = pd.read_csv(results / "tables/claims.csv")
    about = table.groupby(["claim", "measure"])["task"].agg(set)
    assert len(about) == 27 and about.max() == {"mnli", "sst2"}
    assert about.min() < {"mnli", "sst2"}  # Fig. 4's task, and those of the layer groups
    # of one seed there are values, and no verdict
    assert set(table["verdict"]) <= {"one run", "cannot tell", "not judged"}
    untold = table["verdict"] == "cannot tell"
    assert table["reason"].notna().equals(untold)
    text = (results / "tables/claims.md").read_text()
    assert all(claim in text for claim in table["claim"])


def test_nothing_left_the_machine(study):
    assert not (study / "connections").exists()


def test_no_half_files_and_no_states_are_left(results):
    assert [path for path in results.rglob("*.part*")] == []
    assert [path for path in results.rglob(".state/**/*") if path.is_file()] == []
