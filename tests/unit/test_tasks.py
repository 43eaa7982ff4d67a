"""From tables of any source to tokenised Parquet: the same whatever the format."""

import csv
import json

import helpers
import numpy as np
import pandas as pd
import prepare_task
import pytest
from landscape.data import sources, tasks, tokenised
from landscape.data.examples import Examples

# what formats disagree about: quotes, commas, "NA" and numbers that are text, accents, no text
TEXTS = ['a "b" c', "a, b, a", "NA", "1.50", "é b", "", "a b c a b c a b"]
TABLE = pd.DataFrame({"one": TEXTS, "two": TEXTS[::-1], "label": [0, 1, 2, 0, 1, 2, 1]})


def write_csv(path):
    TABLE.to_csv(path, index=False)


def write_tsv(path):
    """As GLUE's own files: no quoting at all."""
    rows = [TABLE.columns, *TABLE.itertuples(index=False)]
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))


def write_jsonl(path):
    path.write_text("".join(json.dumps(row) + "\n" for row in TABLE.to_dict("records")))


WRITERS = {
    "csv": write_csv,
    "tsv": write_tsv,
    "jsonl": write_jsonl,
    "parquet": TABLE.to_parquet,
}


@pytest.fixture(scope="module")
def tokenizer():
    return helpers.tokenizer(["a", "b", "c", "é", ",", "NA", "1.50"])


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_format_gives_the_same_texts_and_labels(tmp_path, suffix):
    path = tmp_path / f"train.{suffix}"
    WRITERS[suffix](path)
    texts, labels = sources.read(path, ["one", "two"], "label")
    assert texts == [TEXTS, TEXTS[::-1]]
    assert labels == TABLE["label"].tolist()
    assert sources.columns(path) == ["one", "two", "label"]


# as spreadsheets and pandas write them: quotes, doubled within, tabs and line breaks in a text
AS_WRITTEN = {
    "what needs quotes": {},
    "all in quotes": {"quoting": csv.QUOTE_ALL},
    "of Windows": {"encoding": "utf-8-sig", "lineterminator": "\r\n"},
}


@pytest.mark.parametrize("more", [["a\tb"], ["a\nb"], []], ids=["tab", "line break", "neither"])
@pytest.mark.parametrize("style", AS_WRITTEN.values(), ids=AS_WRITTEN)
def test_a_tsv_with_quotes_gives_the_texts_that_were_written(tmp_path, style, more):
    texts = ['w1 "w2" w3', "w4", *more]
    table = pd.DataFrame({"text": texts, "label": range(len(texts))})
    table.to_csv(tmp_path / "train.TSV", sep="\t", index=False, **style)
    assert sources.columns(tmp_path / "train.TSV") == ["text", "label"]
    assert sources.read(tmp_path / "train.TSV", ["text"], "label") == (
        [texts],
        [*range(len(texts))],
    )


def test_quotes_of_a_raw_tsv_are_part_of_its_texts(tmp_path):
    """As GLUE's: whole sentences in quotes, quotes that are never closed."""
    texts = ['"a b c"', '"a', 'b"', '"a" b', 'a "b" c', '"']
    lines = ["text\tlabel", *(f"{text}\t{i}" for i, text in enumerate(texts))]
    (tmp_path / "train.tsv").write_text("\n".join(lines) + "\n")
    assert sources.read(tmp_path / "train.tsv", ["text"], "label")[0] == [texts]


def write_texts(path, tokenizer, texts, labels=(0, 1, 2), max_length=64):
    labels = np.array(labels)
    classes = range(labels.max() + 1)
    tokenised.write(*tasks.tokenise(tokenizer, texts, labels, classes, max_length, "t.csv"), path)
    return tokenised.read(path)


def test_pairs_are_as_the_tokenizer_makes_them(tmp_path, tokenizer):
    table, _ = write_texts(tmp_path / "t.parquet", tokenizer, [["a b", "a", "c"], ["c", "b b", ""]])
    want = tokenizer(["a b", "a", "c"], ["c", "b b", ""])
    assert table["input_ids"].to_pylist() == want["input_ids"]
    assert table["token_type_ids"].to_pylist() == want["token_type_ids"]
    assert 1 in table["token_type_ids"][0].as_py()  # the second sentence is told from the first
    assert table["label"].to_pylist() == [0, 1, 2]


def test_long_examples_are_cut_and_counted(tmp_path, tokenizer):
    texts = [["a " * 30, "b", "c " * 8], ["b " * 30, "c", "a " * 5]]
    table, facts = write_texts(tmp_path / "t.parquet", tokenizer, texts, max_length=16)
    lengths = [len(ids) for ids in table["input_ids"].to_pylist()]
    assert lengths == [16, 5, 16]  # 8 + 5 + 3 special tokens just fit
    assert facts["truncated"] == 1
    # both sentences keep their part of what is left
    assert table["token_type_ids"][0].as_py().count(1) >= 6
    # training and surfaces read the file by way of Examples
    assert Examples(tmp_path / "t.parquet").lengths.tolist() == lengths


def test_a_slice_of_a_table_is_read_from_its_own_start(tmp_path, tokenizer):
    """`take` and slices leave Arrow lists whose offsets do not begin at 0."""
    table, facts = write_texts(tmp_path / "t.parquet", tokenizer, [["a", "b b", "c c c"]])
    tokenised.write(table.slice(1), facts, tmp_path / "rest.parquet")
    whole, rest = Examples(tmp_path / "t.parquet"), Examples(tmp_path / "rest.parquet")
    for i in range(2):
        ids = [
            e.batch(np.array([k]), "cpu")["input_ids"].tolist()
            for e, k in ((whole, i + 1), (rest, i))
        ]
        assert ids[0] == ids[1]


@pytest.fixture
def hundred(tmp_path, tokenizer):
    texts = [[f"{'a ' * (1 + i % 5)}" for i in range(100)]]
    return write_texts(
        tmp_path / "t.parquet", tokenizer, texts, labels=[i % 2 for i in range(100)]
    )[0]


def test_a_sample_is_seeded_and_without_replacement(hundred):
    chosen = tokenised.sample(hundred, 30, seed=0)
    rows = chosen["row"].to_pylist()
    assert len(set(rows)) == 30 and rows == sorted(rows)
    assert tokenised.sample(hundred, 30, seed=0).equals(chosen)
    assert tokenised.sample(hundred, 30, seed=1)["row"].to_pylist() != rows
    # rows keep their own tokens and label
    assert chosen["label"].to_pylist() == [row % 2 for row in rows]
    assert [len(ids) for ids in chosen["input_ids"].to_pylist()] == [3 + row % 5 for row in rows]


def test_a_sample_is_not_just_the_first_rows(hundred):
    """Data sets are often sorted by label or source."""
    rows = np.array(tokenised.sample(hundred, 50, seed=0)["row"].to_pylist())
    assert 10 < (rows >= 50).sum() < 40


@pytest.mark.parametrize("size", [None, 100, 101])
def test_a_sample_of_all_is_all(hundred, size):
    assert tokenised.sample(hundred, size, seed=0).equals(hundred)


def test_classes_are_those_that_occur_in_training(tmp_path, tokenizer):
    """Stars from 1 to 5, or AG News's 1 to 4: no dead class 0."""
    table = pd.DataFrame({"text": ["a", "b", "c", "a"], "label": [4, 1, 2, 4]})
    for split in ("train", "dev"):
        table.to_csv(tmp_path / f"{split}.csv", index=False)
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    argv = ["--text", "text", "--label", "label", "--tokenizer", tmp_path / "tokenizer"]
    argv += ["--max-length", 8]
    for split in ("train", "dev"):
        argv += [f"--{split}", tmp_path / f"{split}.csv"]
        argv += [f"--output-{split}", tmp_path / f"{split}.parquet"]
    prepare_task.main(list(map(str, argv)))
    made, facts = tokenised.read(tmp_path / "dev.parquet")
    assert made["label"].to_pylist() == [2, 0, 1, 2]
    assert (facts["labels"], facts["classes"]) == (3, [1, 2, 4])
    assert facts["label_counts"] == [1, 1, 2]
