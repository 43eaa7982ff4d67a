"""Pre-training: true and false continuations, and a folder that everything else can load."""

import json

import make_language
import mini_architecture
import numpy as np
import pretrain
import pytest
from landscape.jobs.command import InputError
from landscape.jobs.parquet import read_frame
from landscape.models.state import State

MODEL = {
    "num_hidden_layers": 3,
    "hidden_size": 16,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 32,  # shorter than some pairs
}
RECIPE = {"steps": 10, "batch_size": 8}


@pytest.fixture(scope="module")
def language(tmp_path_factory):
    folder = tmp_path_factory.mktemp("language")
    make_language.main(
        f"text --seed 0 --paragraphs 200 --text {folder}/text.parquet"
        f" --tokenizer {folder}/tokenizer".split()
    )
    return folder


def run(language, output, model=MODEL, recipe=RECIPE):
    architecture = output.with_name("architecture")
    folders = f"--tokenizer {language}/tokenizer --output {architecture}"
    mini_architecture.main([*folders.split(), "--config", json.dumps(model)])
    files = f"--text {language}/text.parquet --tokenizer {language}/tokenizer --output {output}"
    files += f" --architecture {architecture} --seed 1"
    files += f" --state {output.with_name('state')}"
    pretrain.main([*files.split(), "--recipe", json.dumps(recipe)])


def test_text_is_read_as_it_was_written(language):
    documents = pretrain.read_documents(language / "text.parquet")
    assert sum(len(document) for document in documents) == 200
    assert max(len(document) for document in documents) == 4
    lines = [s for document in documents for paragraph in document for s in paragraph]
    assert lines == list(read_frame(language / "text.parquet")["sentence"])


def test_a_paragraph_without_a_second_sentence_is_refused(tmp_path):
    make_language.write_text(tmp_path / "text.parquet", [[["a b .", "c d ."], ["e f ."]]])
    with pytest.raises(InputError, match="e f"):
        pretrain.read_documents(tmp_path / "text.parquet")


@pytest.mark.parametrize("same_document", [0.0, 0.5, 1.0])
def test_only_true_pairs_continue_their_paragraph(same_document):
    """In this text a sentence names its document and paragraph, so that nothing can hide."""
    documents = [[[f"{d} {p} {s}" for s in range(3)] for p in range(4)] for d in range(5)]
    pairs = pretrain.sentence_pairs(documents, same_document, np.random.default_rng(0))
    labels, siblings = [], []
    for _, (first, second, label) in zip(range(2000), pairs, strict=False):
        (d, p, *_), (d2, p2, *_) = first.split(), second.split()
        labels.append(label)
        if label == 0:
            numbers = f"{first} {second}".split()[2::3]
            assert (d, p) == (d2, p2) and numbers == ["0", "1", "2"]
        else:
            assert (d, p) != (d2, p2)
            siblings.append(d == d2)
    assert np.mean(labels) == pytest.approx(0.5, abs=0.05)
    assert np.mean(siblings) == pytest.approx(same_document, abs=0.05)


def test_the_folder_loads_as_a_classifier_and_its_tokenizer(language, tmp_path):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    run(language, tmp_path / "model")
    model, report = AutoModelForSequenceClassification.from_pretrained(
        tmp_path / "model", num_labels=3, output_loading_info=True
    )
    assert set(report["missing_keys"]) == {"classifier.weight", "classifier.bias"}
    assert not report["unexpected_keys"]
    assert model.config.hidden_dropout_prob == 0.1, "fine-tuning has its own dropout"

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    original = AutoTokenizer.from_pretrained(language / "tokenizer")
    assert tokenizer("was .", "it .").data == original("was .", "it .").data
    with torch.no_grad():
        logits = model(**tokenizer("was .", "it .", return_tensors="pt")).logits
    assert logits.shape == (1, 3) and logits.isfinite().all()

    rows = read_frame(tmp_path / "model/pretraining.parquet")
    assert list(rows) == ["step", "mlm_loss", "nsp_loss", "nsp_accuracy"]
    assert list(rows["step"])[-1] == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["architecture", "model"]


def test_the_same_command_writes_the_same_bytes(language, tmp_path):
    for name in ("one", "two"):
        run(language, tmp_path / name)
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_a_pre_training_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    language, tmp_path, monkeypatch
):
    recipe = {"steps": 230, "batch_size": 8}
    run(language, tmp_path / "whole", recipe=recipe)
    save, saved = State.save, []

    def save_and_be_killed(state, model, adam, rows, *more):
        save(state, model, adam, rows, *more)
        saved.append(rows[-1][0])
        if len(saved) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(State, "save", save_and_be_killed)
    with pytest.raises(KeyboardInterrupt):
        run(language, tmp_path / "killed", recipe=recipe)
    run(language, tmp_path / "killed", recipe=recipe)
    assert saved == [100, 200, 230]
    for file in sorted((tmp_path / "whole").iterdir()):
        assert file.read_bytes() == (tmp_path / "killed" / file.name).read_bytes(), file.name


@pytest.mark.parametrize(
    ("model", "recipe", "word"),
    [(MODEL | {"layers": 4}, RECIPE, "layers"), (MODEL, {"step": 10}, "step")],
)
def test_what_cannot_be_meant_is_refused(language, tmp_path, model, recipe, word):
    with pytest.raises(InputError, match=word):
        run(language, tmp_path / "model", model, recipe)
    assert not (tmp_path / "model").exists()
