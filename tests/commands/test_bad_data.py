"""A task whose data are wrong: prepare_task.py says in one line which file, and what."""

import helpers
import pandas as pd
import prepare_task
import pytest
from tokenizers import processors

GOOD = pd.DataFrame({"text": ["a b", "b", "a", "c"], "label": [0, 1, 2, 1], "id": range(4)})


def labels(*values):
    return GOOD.assign(label=list(values))


def texts(*values):
    return GOOD.assign(text=list(values))


# id: (training table, dev table, what the line must say)
WRONG = {
    "label is text": (labels("yes", "no", "no", "yes"), GOOD, "row 1: 'label' is 'yes'"),
    "label is a fraction": (labels(0, 1, 1.5, 2), GOOD, "row 3: 'label' is"),
    "label is -1, as in GLUE's test sets": (GOOD, labels(-1, -1, -1, -1), "-1"),
    "label is missing": (labels(0, 1, None, 2), GOOD, "row 3: 'label'"),
    "label is infinite": (labels(0, 1, float("inf"), 2), GOOD, "label"),
    "label beyond 64 bits": (labels(0, 1, 1, float(2**64)), GOOD, "row 4: 'label'"),
    "only one class": (labels(3, 3, 3, 3), GOOD, "3 in all 4 examples"),
    "dev label that training does not have": (GOOD, labels(0, 1, 2, 7), "row 4: 'label' is 7"),
    "label is a number of the example": (labels(10_000_000, 1, 2, 3), GOOD, "1 to 10000000"),
    "training split empty": (GOOD[:0], GOOD, "no examples"),
    "dev split empty": (GOOD, GOOD[:0], "no examples"),
    "no text column": (GOOD.drop(columns="text"), GOOD, "'text'; it has label, id"),
    "no label column in dev": (GOOD, GOOD.drop(columns="label"), "'label'"),
}

# what CSV cannot hold
WRONG_PARQUET = {
    "a list of tokens": (texts(*[["a", "b"]] * 4), GOOD, "row 1: 'text' is a list"),
    "a number for a text": (texts(1, 2, 3, 4), GOOD, "row 1: 'text' is a int"),
    "bytes for a text": (texts(*[b"a"] * 4), GOOD, "row 1: 'text' is a bytes"),
    "a text that is missing": (GOOD, texts("a", None, "b", None), "row 2: 'text' is missing"),
    "a structure for a label": (labels(*[{"id": 1}] * 4), GOOD, "row 1: 'label' is {'id': 1}"),
}
CSV = "text,label\na b,0\nb,1\n"
JSON = '{"text": "a b", "label": 0}\n{"text": "b", "label": 1}\n'

# id: (suffix, content of train, what the line must say)
WRONG_TEXT = {
    "a column twice": ("csv", "text,label,text\na,0,b\nb,1,a\n", "'text' stands twice"),
    "a column twice in a TSV": ("tsv", "label\tlabel\n0\t0\n", "'label' stands twice"),
    "a cell too many": ("csv", CSV + "a,b,1\n", "row 3 has 3 cells, its header 2"),
    "a cell too many in all rows": ("csv", "text,label\na,0,x\nb,1,x\n", "row 1 has 3 cells"),
    "a cell too few": ("csv", CSV + "a\n", "row 3 has 1 cells"),
    "a cell too many in a TSV": ("tsv", "text\tlabel\na\t0\t1\n", "row 1 has 3 cells"),
    "a quote that is never closed": ("csv", CSV + '"a,1\n', "unexpected end"),
    "semicolons": ("csv", CSV.replace(",", ";"), "it has text;label"),
    "a key twice": ("jsonl", JSON + '{"text": "a", "text": "b", "label": 0}\n', "line 3"),
    "a row without a label": ("jsonl", JSON + '{"text": "a"}\n', "line 3 has no 'label'"),
    "an array": ("jsonl", "[" + JSON.replace("\n", ",")[:-1] + "]", "line 1"),
    "broken in the middle": ("jsonl", JSON + '{"text": "a\n', "line 3"),
    "half of a character": (
        "jsonl",
        JSON + '{"text": "\\ud83d", "label": 0}\n',
        "row 3: 'text' is a half of a character",
    ),
    "no text": ("jsonl", '{"text": null, "label": 0}\n' + JSON, "row 1: 'text' is missing"),
    "tokens": ("jsonl", '{"text": ["a", "b"], "label": 0}\n' + JSON, "row 1: 'text' is a list"),
    "a label in words": ("csv", CSV.replace(",1", ",entailment"), "'entailment'"),
    "a label with a unit": ("csv", CSV.replace(",1", ",1 star"), "'1 star'"),
    "an empty label": ("csv", CSV.replace(",1", ","), "row 2: 'label' is ''"),
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


@pytest.mark.parametrize(
    "suffix, train, dev, word",
    [
        *(pytest.param("csv", *row, id=f"CSV: {name}") for name, row in WRONG.items()),
        *(
            pytest.param("parquet", *row, id=f"Parquet: {name}")
            for name, row in (WRONG | WRONG_PARQUET).items()
        ),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path, tokenizer, train, dev, word, suffix):
    write(tmp_path, train, dev, suffix)
    line = helpers.error_of(*command(tmp_path, tokenizer, suffix))
    assert word in line
    assert f"{'dev' if train is GOOD else 'train'}.{suffix}" in line


def test_a_dev_label_in_a_gap_of_trainings_is_refused(tmp_path, tokenizer):
    write(tmp_path, train=labels(0, 1, 3, 3))
    line = helpers.error_of(*command(tmp_path, tokenizer))
    assert "dev.csv: row 3: 'label' is 2; training has the classes 0, 1, 3" in line


@pytest.mark.parametrize("suffix, content, word", WRONG_TEXT.values(), ids=WRONG_TEXT)
def test_one_line_says_where_a_file_is_broken(tmp_path, tokenizer, suffix, content, word):
    for split in ("train", "dev"):
        (tmp_path / f"{split}.{suffix}").write_text(content)
    line = helpers.error_of(*command(tmp_path, tokenizer, suffix))
    assert word in line and f"train.{suffix}" in line


def test_an_example_without_a_token_is_named(tmp_path):
    """A tokenizer without special tokens, as GPT-2's, makes nothing of an empty text."""
    plain = helpers.tokenizer(["a", "b", "c"])
    plain.backend_tokenizer.post_processor = processors.Sequence([])
    plain.save_pretrained(tmp_path / "plain")
    write(tmp_path, dev=texts("a", "b", "", "c"))
    line = helpers.error_of(*command(tmp_path, tmp_path / "plain"))
    assert "dev.csv: row 3" in line and "no token" in line
    assert not (tmp_path / "out/train.parquet").exists()


@pytest.mark.parametrize("name", ["-text", "--label", "a b", "{x}", "*", "'"])
def test_a_column_may_have_any_name(tmp_path, tokenizer, name):
    table = GOOD.rename(columns={"text": name})
    write(tmp_path, table, table)
    main, argv = command(tmp_path, tokenizer)
    place = argv.index("--text")
    main([*argv[:place], f"--text={name}", *argv[place + 2 :]])
    assert (tmp_path / "out/train.parquet").exists()


def test_an_empty_text_is_a_text(tmp_path, tokenizer):
    write(tmp_path, dev=texts("a", "b", "", "c"))
    main, argv = command(tmp_path, tokenizer)
    main(argv)


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
    line = helpers.error_of(*command(tmp_path, model, **{"max-length": 2}))
    assert "max_length: 2 leaves no token" in line
