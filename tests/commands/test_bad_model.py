"""Models, checkpoints and directions that are not what they should be: one line, nothing lost."""

import json
import shutil
import socket

import direction
import download_model
import download_task
import evaluate_surface
import gather_surface
import helpers
import initial_model
import measure_sharpness
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import rollback
import train
import yaml
from landscape.data import tokenised
from landscape.jobs import locks
from landscape.models import classifiers
from safetensors.numpy import load_file, save_file


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """θ0, θ1, δ1, δ2 and data of one tiny run."""
    folder = tmp_path_factory.mktemp("made")
    helpers.model_folder(folder / "s0")
    for seed, name in ((1, "final"), (2, "other")):
        model = helpers.moved(classifiers.load_classifier(folder / "s0", 3), seed)
        classifiers.save_checkpoint(model, folder / f"{name}.safetensors")
        take(folder, f"{name}.safetensors", f"delta_{name}.safetensors")
    for split in ("train", "dev"):
        helpers.write_split(folder / f"{split}.parquet", [6, 9, 12, 7])
    return folder


@pytest.fixture
def run(made, tmp_path):
    """A copy to spoil."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def argv(options):
    return [str(word) for key, value in options.items() for word in (f"--{key}", *listed(value))]


def listed(value):
    return value if isinstance(value, tuple) else (value,)


def take(folder, end, output):
    options = {"start": folder / "s0/model.safetensors", "end": folder / end}
    direction.main(argv(options | {"output": folder / output}))


def surface(folder, plane=(), planes=None, **more):
    """One plane with other values at some keys, or `planes`, texts as --plane takes them."""
    full = {"name": "full", "axes": [["own"], ["partner", str(folder / SECOND)]]}
    full |= {"range": [-1, 1], "points": 2} | dict(plane)
    options = {"start": folder / "s0", "end": folder / "final.safetensors"}
    options |= {split: folder / f"{split}.parquet" for split in ("train", "dev")}
    options |= {"labels": ("scratch", "mine", 0), "batch-tokens": 100}
    options |= {"state": folder / "state", "output": folder / "surface.parquet"} | more
    given = [word for text in planes or [json.dumps(full)] for word in ("--plane", text)]
    return evaluate_surface.main, argv(options) + given


def rolled_back(folder, **more):
    options = {"start": folder / "s0", "end": folder / "final.safetensors"}
    options |= {"dev": folder / "dev.parquet", "labels": ("scratch", "mine", 0)}
    options |= {"group": ("low", 0, 0), "batch-tokens": 100, "output": folder / "rollback.csv"}
    return rollback.main, argv(options | more)


def sharp(folder, **more):
    options = {"start": folder / "s0", "end": folder / "final.safetensors"}
    options |= {"train": folder / "train.parquet", "labels": ("scratch", "mine", 0)}
    options |= {"average": 0.1, "worst": 0.01, "draws": 1, "steps": 1}
    options |= {"batch-tokens": 100, "output": folder / "sharpness.csv"}
    return measure_sharpness.main, argv(options | more)


def directed(folder, **more):
    options = {"start": folder / "s0/model.safetensors", "end": folder / "final.safetensors"}
    options |= {"output": folder / "delta.safetensors"}
    return direction.main, argv(options | more)


def initial(folder, **more):
    options = {"model": folder / "s0", "seed": 0, "output": folder / "new"}
    return initial_model.main, argv(options | more)


def trained(folder, **more):
    recipe = '{"epochs": 1, "batch_size": 2, "learning_rate": 0.001, "weight_decay": 0.0, '
    recipe += '"warmup": 0.1, "max_grad_norm": 1.0, "precision": "float32"}'
    options = {"start": folder / "s0", "labels": ("scratch", "mine", 0), "recipe": recipe}
    options |= {"train": folder / "train.parquet", "state": folder / "state"}
    options |= {"output": folder / "run"}
    return train.main, argv(options | more)


def cut(name):
    return lambda folder: helpers.cut_short(folder / name)


def gone(name):
    return lambda folder: (folder / name).unlink()


def spoilt(name, tensor, value):
    def spoil(folder):
        tensors = load_file(folder / name)
        tensors[tensor] = np.full_like(tensors[tensor], value)
        save_file(tensors, folder / name)

    return spoil


def text(name):
    return lambda folder: (folder / name).write_text("not this\n")


def rewritten(name, column, values):
    """A tokenised split with other values in a column, and as many rows as these are."""

    def spoil(folder):
        table, facts = tokenised.read(folder / name)
        table = table.slice(0, len(values))
        place = table.column_names.index(column)
        values_as = pa.array(values, table.schema.field(column).type)
        tokenised.write(table.set_column(place, column, values_as), facts, folder / name)

    return spoil


def nothing(folder):
    pass


WEIGHT = "encoder.layer.1.output.dense.weight"
START, END, SECOND = "s0/model.safetensors", "final.safetensors", "delta_other.safetensors"
CURVE = '{"name": "curve", "axes": [["own"]], "range": [-1, 1], "points": 2}'

# id: (command, what is spoilt, other options, what the line must say)
WRONG = {
    "surface: checkpoint cut short": (surface, cut(END), {}, END),
    "surface: checkpoint missing": (surface, gone(END), {}, END),
    "surface: start cut short": (surface, cut(START), {}, "s0"),
    "surface: start missing": (surface, gone(START), {}, "s0"),
    "surface: start without config.json": (surface, gone("s0/config.json"), {}, "s0"),
    "surface: direction cut short": (surface, cut(SECOND), {}, SECOND),
    "surface: direction missing": (surface, gone(SECOND), {}, SECOND),
    "surface: direction not finite": (surface, spoilt(SECOND, WEIGHT, np.nan), {}, WEIGHT),
    "surface: start not finite": (surface, spoilt(START, WEIGHT, np.inf), {}, WEIGHT),
    "surface: data cut short": (surface, cut("dev.parquet"), {}, "dev.parquet"),
    "surface: data not tokenised": (surface, text("train.parquet"), {}, "train.parquet"),
    "surface: no examples": (surface, rewritten("train.parquet", "label", []), {}, "no examples"),
    "surface: a label below 0": (surface, rewritten("dev.parquet", "label", [0, -1]), {}, "-1"),
    "surface: a label too high": (surface, rewritten("dev.parquet", "label", [0, 3]), {}, "0 to 2"),
    "surface: a token that the model lacks": (
        surface,
        rewritten("train.parquet", "input_ids", [[5, 6, 70], [7, 8]]),
        {},
        "token 70",
    ),
    "surface: no such layers": (
        surface,
        nothing,
        {"plane": {"name": "high", "layers": [2, 3], "anchor": "end"}},
        "0 to 2",
    ),
    "surface: a plane that is no JSON": (surface, nothing, {"planes": ["full"]}, "--plane full: "),
    "surface: a plane that is a list": (surface, nothing, {"planes": ["[1]"]}, "--plane [1]: "),
    "surface: a plane without its points": (
        surface,
        nothing,
        {"planes": ['{"name": "full", "axes": [["own"]], "range": [-1, 1]}']},
        "'points'",
    ),
    "surface: an unknown key": (surface, nothing, {"plane": {"anker": "end"}}, "'anker'"),
    "surface: an unknown measure": (
        surface,
        nothing,
        {"plane": {"measures": ["train_loss", "dev_loss"]}},
        "--plane full: no measure dev_loss; there are train_loss, dev_error",
    ),
    "surface: an anchor between start and end": (
        surface,
        nothing,
        {"plane": {"anchor": "middle"}},
        "--plane full: anchor middle; start or end",
    ),
    "surface: δ1 as the second axis": (
        surface,
        nothing,
        {"plane": {"axes": [["own"], ["own"]]}},
        "--plane full: one axis or two, of which only the first can be own",
    ),
    "surface: three axes": (
        surface,
        nothing,
        {"plane": {"axes": [["own"], ["random", "x"], ["random", "x"]]}},
        "--plane full: one axis or two",
    ),
    "surface: no axis": (surface, nothing, {"plane": {"axes": []}}, "one axis or two"),
    "surface: an axis without its file": (
        surface,
        nothing,
        {"plane": {"axes": [["random"]]}},
        "--plane full: axis random: one of own, partner FILE, random FILE",
    ),
    "surface: a file for δ1": (
        surface,
        nothing,
        {"plane": {"axes": [["own", "x"]]}},
        "--plane full: axis own: one of own, ",
    ),
    "surface: an unknown axis": (
        surface,
        nothing,
        {"plane": {"axes": [["hessian", "x"]]}},
        "--plane full: axis hessian: one of own, ",
    ),
    "surface: a bad plane behind a good one": (
        surface,
        nothing,
        {"planes": [CURVE, CURVE.replace("curve", "way").replace("own", "hessian")]},
        "--plane way: axis hessian",
    ),
    "surface: fewer files than planes": (
        surface,
        nothing,
        {"planes": [CURVE, CURVE.replace("curve", "way")]},
        "--output: 1 files for 2 planes",
    ),
    "surface: more files than planes": (
        surface,
        nothing,
        {"output": ("a.parquet", "b.parquet")},
        "--output: 2 files for 1 planes",
    ),
    "rollback: checkpoint cut short": (rolled_back, cut(END), {}, END),
    "rollback: no such layers": (rolled_back, nothing, {"group": ("high", 2, 3)}, "0 to 2"),
    "sharpness: checkpoint cut short": (sharp, cut(END), {}, END),
    "sharpness: not finite": (sharp, spoilt(END, f"encoder.{WEIGHT}", np.inf), {}, WEIGHT),
    "sharpness: data not tokenised": (sharp, text("train.parquet"), {}, "train.parquet"),
    "direction: checkpoint cut short": (directed, cut(END), {}, END),
    "direction: start cut short": (directed, cut(START), {}, START),
    "direction: start missing": (directed, gone(START), {}, START),
    "direction: not finite": (directed, spoilt(END, f"encoder.{WEIGHT}", np.nan), {}, WEIGHT),
    "initial: folder missing": (initial, nothing, {"model": "nowhere"}, "nowhere"),
    "initial: no weights": (initial, gone(START), {}, "safetensors"),
    "initial: no config.json": (initial, gone("s0/config.json"), {}, "config.json"),
    "initial: weights cut short": (initial, cut(START), {}, "s0"),
    "initial: config.json not JSON": (initial, text("s0/config.json"), {}, "s0"),
    "initial: no such layers": (initial, nothing, {"layers": (0, 1, 2, 3)}, "0 to 2"),
    "train: start cut short": (trained, cut(START), {}, "s0"),
    "train: checkpoint cut short": (trained, cut(END), {"checkpoint": "{folder}/" + END}, END),
    "train: a token that the model lacks": (
        trained,
        rewritten("train.parquet", "input_ids", [[5, 6, 70], [7, 8]]),
        {},
        "token 70",
    ),
    "train: data cut short": (trained, cut("train.parquet"), {}, "train.parquet"),
}


@pytest.mark.parametrize("command, spoil, more, word", WRONG.values(), ids=WRONG)
def test_one_line_says_what_is_wrong(run, command, spoil, more, word):
    spoil(run)
    more = {k: v.format(folder=run) if isinstance(v, str) else v for k, v in more.items()}
    before = contents(run)
    assert word in helpers.error_of(*command(run, **more))
    assert contents(run) == before  # no result, and no half of one


def contents(folder):
    """All files but what a step may keep for going on."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "state" not in path.relative_to(folder).parts
    }


@pytest.mark.parametrize(
    "command, spoil",
    [
        pytest.param(surface, cut(END), id="surface"),
        pytest.param(rolled_back, cut(END), id="rollback"),
        pytest.param(sharp, cut(END), id="sharpness"),
        pytest.param(directed, spoilt(END, f"encoder.{WEIGHT}", np.nan), id="direction"),
        pytest.param(initial, cut(START), id="initial model"),
        pytest.param(trained, cut("train.parquet"), id="train"),
    ],
)
def test_the_results_of_an_earlier_run_are_kept(run, command, spoil):
    main, words = command(run)
    main(words)
    spoil(run)
    before = contents(run)
    helpers.error_of(main, words)
    assert contents(run) == before


def test_chunks_of_different_inputs_do_not_make_one_surface(run):
    for number, end in enumerate((END, "other.safetensors")):
        main, words = surface(
            run,
            end=run / end,
            chunk=(number, 2),
            output=run / f"chunk_{number}.parquet",
        )
        main(words)
    chunks = tuple(run / f"chunk_{number}.parquet" for number in (0, 1))
    line = helpers.error_of(
        gather_surface.main, argv({"chunks": chunks, "output": run / "s.parquet"})
    )
    assert "chunk_1.parquet" in line and "different inputs" in line
    assert not (run / "s.parquet").exists()


def test_a_chunk_cut_short_is_named(run):
    main, words = surface(run, output=run / "chunk.parquet")
    main(words)
    helpers.cut_short(run / "chunk.parquet")
    options = {"chunks": run / "chunk.parquet", "output": run / "s.parquet"}
    assert "chunk.parquet" in helpers.error_of(gather_surface.main, argv(options))


@pytest.fixture
def no_network(monkeypatch):
    """The Hub where nothing answers, and no other host at all."""

    def refuse(*args, **kwargs):
        raise OSError("no network in this test")

    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize(
    "main, options, word",
    [
        pytest.param(
            download_model.main,
            {"id": "google-bert/bert-base-cased", "revision": "main"},
            "path:",
            id="model",
        ),
        pytest.param(
            download_task.main,
            {"path": "nyu-mll/glue", "name": "rte", "revision": "main"}
            | {"splits": ("train", "validation")},
            "local folder",
            id="task",
        ),
    ],
)
def test_a_hub_that_cannot_be_reached(tmp_path, no_network, main, options, word):
    """The way out is said: a local folder."""
    line = helpers.error_of(main, argv(options | outputs(tmp_path)))
    assert next(iter(options.values())) in line and word in line
    # no result, and no commit that was never told
    assert [path.name for path in tmp_path.rglob("*.*")] == [".pins.json.lock"]


def outputs(folder):
    """What the commands that ask the Hub write."""
    return {"pins": folder / "pins.json", "output": folder / "out"}


TASK = {"path": "nyu-mll/glue", "name": "rte", "splits": ("train", "validation")}
MODEL = {"id": "google-bert/bert-base-cased", "revision": "main"}


@pytest.mark.parametrize("content", ["not this", "[]", '{"models/a@main": "main"}'])
@pytest.mark.parametrize(
    "main, options", [(download_model.main, MODEL), (download_task.main, TASK)]
)
def test_a_file_of_commits_that_is_none_is_named(tmp_path, no_network, main, options, content):
    """A person may edit it. It is not the Hub that fails: the way out is another."""
    (tmp_path / "pins.json").write_text(content)
    line = helpers.error_of(main, argv(options | outputs(tmp_path)))
    assert "pins.json: " in line and "mend or delete it" in line and "the Hub" not in line
    assert (tmp_path / "pins.json").read_text() == content
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("main", [download_model.main, download_task.main])
def test_the_file_of_commits_must_be_named(tmp_path, main, capsys):
    """Left out by a rule, each machine would take its own commit of a branch, without a word."""
    options = MODEL if main is download_model.main else TASK
    with pytest.raises(SystemExit):
        main(argv(options | {"output": tmp_path / "out"}))
    assert "--pins" in capsys.readouterr().err


def test_a_model_is_of_the_commit_that_was_asked_first(made, tmp_path, no_network, monkeypatch):
    """The Hub's branch may have moved on since; so nothing is asked where the commit is known."""
    taken = []

    def download(name, revision, allow_patterns, local_dir):
        taken.append((name, revision))
        shutil.copytree(made / "s0", local_dir)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    commit = "0123456789" * 4
    (tmp_path / "pins.json").write_text(json.dumps({f"models/{MODEL['id']}@main": commit}))
    download_model.main(argv(MODEL | outputs(tmp_path)))
    assert taken == [(MODEL["id"], commit)]
    source = json.loads((tmp_path / "out/source.json").read_text())
    assert (source["revision"], source["commit"]) == ("main", commit)


def task_folder(folder):
    """A data set in the Hub's layout: its README names each configuration's files."""
    (folder / "mine").mkdir(parents=True)
    splits = ("train", "validation")
    files = [{"split": split, "path": f"mine/{split}-*"} for split in splits]
    header = yaml.safe_dump({"configs": [{"config_name": "mine", "data_files": files}]})
    (folder / "README.md").write_text(f"---\n{header}---\n")
    table = pd.DataFrame({"text": ["a", "b"], "label": [0, 1]})
    for split in splits:
        table.to_parquet(folder / f"mine/{split}-00000-of-00001.parquet")
    return folder


def test_a_local_folder_in_the_hubs_layout_needs_no_hub(tmp_path, no_network):
    options = {"path": task_folder(tmp_path / "data"), "name": "mine"}
    options |= {"revision": "main", "splits": ("train", "validation")}
    download_task.main(argv(options | outputs(tmp_path)))
    assert (tmp_path / "out/dev.parquet").stat().st_size > 0
    assert not list(tmp_path.glob("*pins*"))  # nor a commit of it


@pytest.mark.parametrize(
    "change, word",
    [
        pytest.param({"splits": ("train", "dev")}, "dev", id="split"),
        pytest.param({"name": "yours"}, "yours", id="name"),
    ],
)
def test_a_local_folder_without_what_is_asked(tmp_path, no_network, change, word):
    options = {"path": task_folder(tmp_path / "data"), "name": "mine"}
    options |= {"revision": "main", "splits": ("train", "validation")} | change
    line = helpers.error_of(download_task.main, argv(options | outputs(tmp_path)))
    assert word in line and not (tmp_path / "out").exists()


def test_a_second_training_of_the_same_run_is_refused(run):
    """Of another clone, say, that shares the results: both would write one state."""
    with locks.hold(run / "state/lock"):
        assert "state/lock: another process is at work" in helpers.error_of(*trained(run))


def test_as_a_command_it_exits_with_1(run):
    """stderr is what ends in the log of a rule: the line is the last there, with no traceback."""
    helpers.cut_short(run / END)
    done = helpers.call("evaluate_surface.py", *surface(run)[1])
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert lines == done.stderr.splitlines()[-1:]
    assert "Traceback" not in done.stdout + done.stderr
