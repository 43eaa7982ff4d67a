"""A task whose data are wrong: prepare_task.py says in one line which file, and what."""

import helpers
import pandas as pd
import pytest

import prepare_task

GOOD = pd.DataFrame({"text": ["a b", "b", "a", "c"], "label": [0, 1, 2, 1], "id": range(4)})


def labels(*values):
    return GOOD.assign(label=list(values))


# id: (training table, dev table, what the line must say)
WRONG = {
    "label is text": (labels("yes", "no", "no", "yes"), GOOD, "'yes'"),
    "label is a fraction": (labels(0, 1, 1.5, 2), GOOD, "1.5"),
    "label is -1, as in GLUE's test sets": (GOOD, labels(-1, -1, -1, -1), "-1"),
    "label is missing": (labels(0, 1, None, 2), GOOD, "label"),
    "label is infinite": (labels(0, 1, float("inf"), 2), GOOD, "label"),
    "only one class": (labels(0, 0, 0, 0), GOOD, "two"),
    "dev label that training does not have": (GOOD, labels(0, 1, 2, 7), "7"),
    "label is a number of the example": (labels(10_000_000, 1, 2, 3), GOOD, "10000000"),
    "training split empty": (GOOD[:0], GOOD, "no examples"),
    "dev split empty": (GOOD, GOOD[:0], "no examples"),
    "no text column": (GOOD.drop(columns="text"), GOOD, "'text'"),
    "no label column in dev": (GOOD, GOOD.drop(columns="label"), "'label'"),
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    helpers.tokenizer(["a", "b", "c"]).save_pretrained(folder)
    return folder


def command(folder, tokenizer, suffix="csv", **more):
    options = {"train": folder / f"train.{suffix}", "dev": folder / f"dev.{suffix}"}
    options |= {"text": "text", "label": "label", "tokenizer": tokenizer, "max-length": 16}
    options |= {"output-train": folder / "out/train.parquet"}
    options |= {"output-dev": folder / "out/dev.parquet", **more}
    argv = [str(word) for key, value in options.items() for word in (f"--{key}", value)]
    return prepare_task.main, argv


def write(folder, train=GOOD, dev=GOOD, suffix="csv"):
    for name, table in (("train", train), ("dev", dev)):
        if suffix == "csv":
            table.to_csv(folder / f"{name}.csv", index=False)
        else:
            table.to_parquet(folder / f"{name}.parquet")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("train, dev, word", WRONG.values(), ids=WRONG)
def test_one_line_says_what_is_wrong(tmp_path, tokenizer, train, dev, word, suffix):
    write(tmp_path, train, dev, suffix)
    line = helpers.error_of(*command(tmp_path, tokenizer, suffix))
    assert word in line
    assert ("dev" if train is GOOD else "train") in line


def test_what_was_there_before_is_kept(tmp_path, tokenizer):
    """The data of an earlier good run outlive a bad one, both splits of them."""
    write(tmp_path)
    main, argv = command(tmp_path, tokenizer)
    main(argv)
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert len(before) == 2
    write(tmp_path, GOOD[:2], labels(0, 1, 2, 7))
    helpers.error_of(main, argv)
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\xff\xfe\x01" * 50, id="binary"),
        pytest.param("text,label\nä,0\n".encode("latin-1"), id="not UTF-8"),
        pytest.param(b'text,label\na,0\nb,1,2,3\n"c', id="ragged"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_a_file_of_another_kind(tmp_path, tokenizer, suffix, content):
    (tmp_path / f"train.{suffix}").write_bytes(content)
    line = helpers.error_of(*command(tmp_path, tokenizer, suffix))
    assert f"train.{suffix}" in line


def test_a_file_that_is_missing(tmp_path, tokenizer):
    assert "train.csv: no such file" in helpers.error_of(*command(tmp_path, tokenizer))


def test_a_model_folder_without_a_tokenizer(tmp_path):
    """transformers would make one up whose every word is unknown: a study of nothing."""
    write(tmp_path)
    model = helpers.model_folder(tmp_path / "model")
    line = helpers.error_of(*command(tmp_path, model))
    assert str(model) in line and "tokenizer" in line


def test_a_tokenizer_folder_that_is_missing(tmp_path):
    write(tmp_path)
    assert "nowhere" in helpers.error_of(*command(tmp_path, tmp_path / "nowhere"))


def test_a_tokenizer_that_cannot_pad(tmp_path, tokenizer):
    """As GPT-2's: found now, not in the first batch of training."""
    from transformers import AutoTokenizer

    write(tmp_path)
    made = AutoTokenizer.from_pretrained(tokenizer)
    made.pad_token = None
    made.save_pretrained(tmp_path / "unpadded")
    assert "pad" in helpers.error_of(*command(tmp_path, tmp_path / "unpadded"))


def test_more_tokens_than_the_model_has_positions(tmp_path, tokenizer):
    """max_length of the config beyond the model's: training would die of an index error."""
    write(tmp_path)
    model = helpers.model_folder(tmp_path / "model")  # 140 positions
    helpers.tokenizer(["a", "b", "c"]).save_pretrained(model)
    line = helpers.error_of(*command(tmp_path, model, **{"max-length": 141}))
    assert "140" in line
    main, argv = command(tmp_path, model, **{"max-length": 140})
    main(argv)
