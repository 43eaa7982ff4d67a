"""Scores of a run's epochs, the candidate that is chosen by them, and what is kept of a run."""

import os

import choose_candidate
import finish_run
import helpers
import numpy as np
import pandas as pd
import pytest
import rollback
import score_run
from landscape.jobs.command import InputError
from landscape.jobs.parquet import read_frame, write_frame
from landscape.jobs.sealed import read_json
from landscape.jobs.tensor_files import checksum
from landscape.models import classifiers
from landscape.runs import checkpoints
from landscape.surfaces import folds
from torch.nn.functional import cross_entropy

LENGTHS = [6, 30, 12, 7, 9, 5, 8, 8, 22, 11] * 3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """θ0, three epochs and data of one tiny run."""
    folder = tmp_path_factory.mktemp("run")
    helpers.model_folder(folder / "s0")
    for epoch in (1, 2, 3):
        model = helpers.moved(classifiers.load_classifier(folder / "s0", 3), epoch)
        classifiers.save_checkpoint(model, folder / f"epoch_0{epoch}.safetensors")
    helpers.write_split(folder / "train.parquet", LENGTHS, seed=1)
    helpers.write_split(folder / "dev.parquet", LENGTHS, seed=2)
    return folder


def subject(folder, *splits):
    words = ["--start", folder / "s0", "--batch-tokens", 100, "--labels", "scratch", "mine", 3]
    return words + [
        word for split in splits for word in (f"--{split}", folder / f"{split}.parquet")
    ]


@pytest.fixture(scope="module")
def scores(made):
    epochs = [made / f"epoch_0{epoch}.safetensors" for epoch in (1, 2, 3)]
    argv = [*subject(made, "train", "dev"), "--epochs", *epochs]
    score_run.main([str(word) for word in [*argv, "--output", made / "scores.parquet"]])
    return read_frame(made / "scores.parquet")


def test_scores_are_of_each_epoch_and_both_splits(scores):
    assert list(scores.columns[:4]) == ["arm", "task", "seed", "epoch"]
    assert (scores[["arm", "task", "seed"]] == ["scratch", "mine", 3]).all(axis=None)
    assert scores["epoch"].tolist() == [1, 2, 3]
    for split in ("train", "dev"):
        wanted = {f"{split}_{of}" for of in ("loss", "loss_se", "error", "error_se", "n")}
        wanted |= {f"{split}_predicted_{place}" for place in range(3)} | {*folds.columns(split)}
        assert {name for name in scores if name.startswith(f"{split}_")} - {"dev_right"} == wanted
        counts = scores[[f"{split}_predicted_{place}" for place in range(3)]]
        assert (counts.sum(axis=1) == len(LENGTHS)).all() and (scores[f"{split}_n"] == 30).all()


def test_scores_are_those_of_the_plain_forward_with_the_epochs_own_head(made, scores):
    """Whoever left the first epoch's head on would score later epochs as worse than they are."""
    of = folds.of_examples(len(LENGTHS))
    for row in scores.to_dict("records"):
        path = made / f"epoch_0{row['epoch']}.safetensors"
        model = classifiers.load_final(made / "s0", path, 3, "cpu")
        logits, label = helpers.padded_logits(model, made / "train.parquet")
        losses = cross_entropy(logits, label, reduction="none").double().numpy()
        assert row["train_loss"] == pytest.approx(losses.mean(), abs=1e-5)
        for fold, name in enumerate(folds.columns("train")):
            assert row[name] == pytest.approx(losses[of != fold].mean(), abs=1e-5)
        logits, label = helpers.padded_logits(model, made / "dev.parquet")
        right = (logits.argmax(-1) == label).int().tolist()
        assert row["dev_right"] == "".join(map(str, right))
        assert row["dev_error"] == pytest.approx(1 - np.mean(right))
        counts = np.bincount(logits.argmax(-1), minlength=3)
        assert [row[f"dev_predicted_{place}"] for place in range(3)] == counts.tolist()
    assert scores["dev_right"].nunique() == scores["train_loss"].nunique() == 3


def rolled_back(made, *groups):
    argv = [*subject(made, "dev"), "--end", made / "epoch_03.safetensors"]
    argv += [word for group in groups for word in ("--group", *group)]
    rollback.main([str(word) for word in [*argv, "--output", made / "rollback.parquet"]])
    return read_frame(made / "rollback.parquet")


LOW, REST = ("low", 0, 0), ("rest", 1, 2)


def test_a_rollback_tells_which_examples_are_right_as_the_scores_do(made, scores):
    """Of the whole model: the last epoch's, example by example. A group put back is another."""
    table = rolled_back(made, LOW, REST)
    names = ["arm", "task", "seed", "group", "layers", "dev_correct", "dev_n", "dev_loss"]
    assert list(table.columns) == [*names, "dev_error", "dev_right"]
    assert table["group"].tolist() == ["none", "low", "rest"]
    assert table["layers"].tolist() == ["", "0-0", "1-2"]
    last = scores.iloc[-1]
    assert table.loc[0, ["dev_right", "dev_error", "dev_loss"]].tolist() == [
        *last[["dev_right", "dev_error", "dev_loss"]]
    ]
    assert table["dev_right"].nunique() == 3
    for row in table.itertuples():
        assert row.dev_right.count("1") == row.dev_correct and len(row.dev_right) == row.dev_n == 30
        assert row.dev_error == pytest.approx(1 - row.dev_correct / 30)


def test_a_group_is_put_back_alone(made):
    """One that stayed at θ0 would make the next group look as if it mattered more."""
    both = rolled_back(made, LOW, REST).set_index("group")
    for group in (LOW, REST):
        alone = rolled_back(made, group).set_index("group")
        pd.testing.assert_frame_equal(alone, both.loc[["none", group[0]]])


# choose_candidate


def tried(folder, errors):
    """Scores files of {candidate: [dev errors of the epochs, of each seed]}, seed by seed."""
    seeds = range(len(next(iter(errors.values()))))
    paths = []
    for seed in seeds:
        for candidate, of_seeds in errors.items():
            path = folder / f"s{seed}/{candidate}/scores.parquet"
            epochs = range(1, len(of_seeds[seed]) + 1)
            table = pd.DataFrame({"epoch": epochs, "dev_error": of_seeds[seed]})
            write_frame(table, path)
            paths.append(path)
    return paths


def chosen(folder, errors):
    argv = ["--scores", *tried(folder, errors), "--output", folder / "chosen.json"]
    choose_candidate.main(list(map(str, argv)))
    return read_json(folder / "chosen.json")


def test_the_lowest_error_at_the_last_epoch_is_chosen(tmp_path):
    """Not the lowest on the way: a run ends where its last epoch does."""
    errors = {"e1_lr1": [[0.3]], "e2_lr1": [[0.1, 0.4]], "e3_lr1": [[0.9, 0.5, 0.2]]}
    assert chosen(tmp_path, errors) == {"candidate": "e3_lr1"}


def test_the_mean_over_seeds_counts(tmp_path, capsys):
    """A candidate that is lucky on one seed, the first or the last, is not the best."""
    errors = {"e1_lr1": [[0.1], [0.5], [0.5]], "e1_lr2": [[0.3], [0.3], [0.3]]}
    errors["e1_lr3"] = [[0.5], [0.5], [0.1]]
    assert chosen(tmp_path, errors) == {"candidate": "e1_lr2"}
    assert capsys.readouterr().out.splitlines() == [
        "e1_lr1: dev error 0.3667",
        "e1_lr2: dev error 0.3000 (chosen)",
        "e1_lr3: dev error 0.3667",
    ]


@pytest.mark.parametrize("first, second", [("e2_lr1", "e3_lr1"), ("e2_lr5", "e2_lr1")])
def test_of_equals_the_first_is_chosen(tmp_path, first, second):
    """They come with fewer epochs first, whatever their names are in the alphabet."""
    errors = {"e1_lr9": [[0.5], [0.5]], first: [[0.25], [0.125]], second: [[0.125], [0.25]]}
    assert chosen(tmp_path, errors) == {"candidate": first}


def test_the_choice_holds_nothing_of_the_candidates_that_lost(tmp_path):
    """All training waits for it: one that is added and loses must train nothing again."""
    errors = {"e1_lr1": [[0.2]], "e2_lr1": [[0.3]]}
    chosen(tmp_path, errors)
    before = (tmp_path / "chosen.json").read_bytes()
    chosen(tmp_path, errors | {"e3_lr1": [[0.9]]})
    assert (tmp_path / "chosen.json").read_bytes() == before


def empty(path):
    write_frame(read_frame(path)[:0], path)


def without_errors(path):
    write_frame(read_frame(path).drop(columns="dev_error"), path)


@pytest.mark.parametrize(
    "spoil, word",
    [
        pytest.param(helpers.cut_short, "no whole table", id="cut short"),
        pytest.param(os.remove, "no such file", id="missing"),
        pytest.param(lambda path: path.write_bytes(b""), "no whole table", id="no bytes"),
        pytest.param(empty, "without a row", id="no epoch"),
        pytest.param(without_errors, "dev_error", id="no dev error"),
    ],
)
def test_scores_that_are_none_are_named_and_nothing_is_chosen(tmp_path, spoil, word):
    """A candidate must not lose, or win, by a file that is broken."""
    paths = tried(tmp_path, {"e1_lr1": [[0.2]], "e2_lr1": [[0.3]]})
    spoil(paths[1])
    argv = ["--scores", *paths, "--output", tmp_path / "chosen.json"]
    line = helpers.error_of(choose_candidate.main, argv)
    assert str(paths[1]) in line and word in line
    assert not (tmp_path / "chosen.json").exists()


# finish_run


@pytest.fixture
def trained(made, scores, tmp_path):
    """The folder of a training of two epochs, with its log and scores."""
    folder = tmp_path / "s3/e2_lr0.001"
    folder.mkdir(parents=True)
    for epoch in (1, 2):
        name = f"epoch_0{epoch}.safetensors"
        (folder / name).write_bytes((made / name).read_bytes())
    write_frame(scores[:2], folder / "scores.parquet")
    log = pd.DataFrame({"step": [1, 2], "epoch": [1.0, 2.0], "loss": [1.5, 0.5]})
    write_frame(log, folder / "log.parquet")
    return folder


def finished(candidate):
    return finish_run.main, ["--candidate", candidate, "--output", candidate.parent]


def test_of_a_run_its_log_scores_and_last_epoch_are_kept(trained):
    main, argv = finished(trained)
    main(list(map(str, argv)))
    kept = trained.parent
    names = {"final.safetensors", "log.parquet", "scores.parquet", "selected.json"}
    assert {path.name for path in kept.iterdir()} - {trained.name} == names
    for name in ("log.parquet", "scores.parquet"):
        pd.testing.assert_frame_equal(read_frame(kept / name), read_frame(trained / name))
    last = trained / "epoch_02.safetensors"
    assert (kept / "final.safetensors").read_bytes() == last.read_bytes()
    assert (kept / "final.safetensors").samefile(last)  # no more disk
    selected = read_json(kept / "selected.json")
    assert selected == {"candidate": trained.name, "epochs": 2, "weights": checksum(last)}
    assert len(selected["weights"]) == 64
    epochs, further = checkpoints.of_run(kept)
    assert epochs == [trained / f"epoch_0{epoch}.safetensors" for epoch in (1, 2)]
    assert further == []


def test_what_is_kept_is_the_same_wherever_it_is_kept_again(trained):
    """So that what follows need not run again."""
    main, argv = finished(trained)
    main(list(map(str, argv)))
    files = [path for path in trained.parent.iterdir() if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    main(list(map(str, argv)))
    assert {path: path.read_bytes() for path in files} == before


@pytest.mark.parametrize(
    "name, spoil, word",
    [
        pytest.param("epoch_02.safetensors", helpers.cut_short, "whole", id="weights cut short"),
        pytest.param("epoch_02.safetensors", os.remove, "epoch_02", id="weights missing"),
        pytest.param(
            "epoch_02.safetensors",
            lambda path: path.write_bytes(b""),
            "as keep_checkpoints: false leaves",
            id="weights deleted",
        ),
        pytest.param("scores.parquet", helpers.cut_short, "no whole table", id="scores cut short"),
        pytest.param("scores.parquet", empty, "without a row", id="no epoch"),
        pytest.param("log.parquet", helpers.cut_short, "no whole table", id="log cut short"),
        pytest.param("log.parquet", os.remove, "no such file", id="log missing"),
    ],
)
def test_a_training_that_is_not_whole_is_named_and_nothing_is_kept(trained, name, spoil, word):
    spoil(trained / name)
    line = helpers.error_of(*finished(trained))
    assert trained.name in line and word in line
    assert [path.name for path in trained.parent.iterdir()] == [trained.name]


def test_a_checkpoint_that_was_damaged_is_not_kept(trained):
    """A flipped bit in a weight: all of the run's surfaces would be of another model."""
    path = trained / "epoch_02.safetensors"
    content = path.read_bytes()
    place = len(content) - 10
    path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
    with pytest.raises(InputError, match=r"epoch_02\.safetensors.*damaged"):
        finish_run.main(list(map(str, finished(trained)[1])))
