"""What a model and a task's data cannot do together: said in one line before any training."""

import json

import helpers
import pytest
import try_model
from landscape.jobs import gpu
from landscape.jobs.command import InputError
from landscape.jobs.sealed import write_json
from landscape.models import classifiers


def command(tmp_path, kind="bert", lengths=(6, 9, 30), **more):
    """The command on θ0 of a random model and on two splits."""
    for split in ("train", "dev"):
        helpers.write_split(tmp_path / f"{split}.parquet", lengths, classes=2, types=False)
    if kind == "gpt2":
        from transformers import AutoConfig

        sizes = {"n_embd": 16, "n_layer": 3, "n_head": 2, "vocab_size": 50, "n_positions": 32}
        made = AutoConfig.for_model(kind, **sizes, bos_token_id=0, eos_token_id=0, **more)
    else:
        made = helpers.config(kind, **more)
    made.save_pretrained(tmp_path / "model")
    encoder, _ = classifiers.initial_encoder(tmp_path / "model", 0, random=True)
    classifiers.save_encoder(encoder, tmp_path / "s0")
    options = {"start": tmp_path / "s0", "output": tmp_path / "tried.json"}
    options |= {split: tmp_path / f"{split}.parquet" for split in ("train", "dev")}
    return try_model.main, [str(word) for key, v in options.items() for word in (f"--{key}", v)]


@pytest.mark.parametrize(
    "case, word",
    [
        pytest.param({"kind": "gpt2"}, "pad_token_id", id="no padding token in config.json"),
        pytest.param(
            {"kind": "gpt2", "pad_token_id": 0, "lengths": (6, 9, 40)},
            "longest example",
            id="more tokens than positions",
        ),
        pytest.param({"max_position_embeddings": 20}, "longest example", id="BERT's positions"),
        pytest.param({"vocab_size": 20}, "vocabulary has 20", id="vocabulary"),
        pytest.param({"kind": "roberta", "max_position_embeddings": 31}, "longest", id="offset"),
    ],
)
def test_one_line_says_what_cannot_be(tmp_path, case, word):
    line = helpers.error_of(*command(tmp_path, **case))
    assert word in line and "train.parquet" in line
    assert not (tmp_path / "tried.json").exists()


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"kind": "gpt2", "pad_token_id": 0},
        {"kind": "roberta", "max_position_embeddings": 32},
        {"kind": "fnet"},
    ],
    ids=str,
)
def test_what_works_is_let_through(tmp_path, case):
    main, argv = command(tmp_path, **case)
    main(argv)
    assert json.loads((tmp_path / "tried.json").read_text())["dtype"] == "float32"


def decided(folder, dtype):
    write_json({"dtype": dtype}, folder / "tried.json")
    return folder / "tried.json"


def test_auto_is_what_was_decided_wherever_a_chunk_runs(tmp_path, monkeypatch):
    """Nodes of two kinds made a surface of two dtypes: it could not be put together."""
    for native in ("bfloat16", "float32"):
        monkeypatch.setattr(gpu, "best_dtype", lambda wanted, native=native: native)
        assert gpu.dtype_of("auto", decided(tmp_path, "float32")) == "float32"
    with pytest.raises(InputError, match=r"tried\.json.*nodes of one kind"):
        gpu.dtype_of("auto", decided(tmp_path, "bfloat16"))
    monkeypatch.setattr(gpu, "best_dtype", lambda wanted: "bfloat16")
    assert gpu.dtype_of("auto", decided(tmp_path, "bfloat16")) == "bfloat16"
