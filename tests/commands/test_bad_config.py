"""A config with something wrong: one line that names the key, before any rule runs."""

import copy
import json
import shutil

import check_config
import helpers
import pandas as pd
import pytest
import yaml

TINY = yaml.safe_load((helpers.ROOT / "tests/tiny.yaml").read_text())
GONE = object()
# planes of which the tiny study says how many points they have: known only beside its groups
NO_LINES = {"planes.low_line": GONE, "planes.high_line": GONE}

FILES = {"train": "{folder}/train.csv", "dev": "{folder}/dev.csv"}
SHORT = {"epochs": [1], "batch_size": 8, "learning_rate": [1.0e-3]}
# an arm beside the paper's that is trained for its path alone
THIRD = {
    "arms": {
        "scratch": {"start": "random"},
        "pretrained": {"start": "pretrained"},
        "mine": {"start": "random", "shown": False},
    },
    "contrast": ["pretrained", "scratch"],
    "paths": ["pretrained", "mine"],
    "tasks.mnli.runs.mine": SHORT,
    "tasks.sst2.runs.mine": SHORT,
}

# id: ({key: value in place of the good one}, what the line must say). {folder} holds good files.
WRONG = {
    # keys
    "unknown key": ({"treads": 4}, "treads"),
    "unknown nested key": ({"training.momentum": 0.9}, "momentum"),
    "unknown key of a task": ({"tasks.mnli.lable": "label"}, "lable"),
    "missing key": ({"surfaces": GONE}, "surfaces"),
    "missing nested key": ({"tasks.sst2.runs.scratch.batch_size": GONE}, "batch_size"),
    # types
    "learning rate as YAML text": ({"tasks.mnli.runs.scratch.learning_rate": ["1e-5"]}, "1.0e-5"),
    "seeds not a list": ({"seeds": 0}, "seeds"),
    "threads as text": ({"threads": "two"}, "threads"),
    "number of points a fraction": ({"surfaces.points": 5.5}, "surfaces.points"),
    "whole number written as 2.0": ({"tasks.mnli.runs.scratch.epochs": [2.0]}, "epochs"),
    "seed written as 1.0": ({"seeds": [1.0]}, "seeds"),
    "text as one word": ({"tasks.sst2.text": "sentence"}, "tasks.sst2.text"),
    "tasks empty": ({"tasks": None}, "tasks"),
    # values
    "no seeds": ({"seeds": []}, "seeds"),
    "negative seed": ({"seeds": [-1]}, "seeds"),
    "the same seed twice": ({"seeds": [1, 1]}, "seeds"),
    "candidates without seeds of their own": (
        {"candidate_seeds": GONE},
        "candidate_seeds: is missing: tasks.mnli.runs.pretrained has 2 candidates",
    ),
    "candidates by their rates without seeds of their own": (
        {"candidate_seeds": GONE, "tasks.mnli.runs.pretrained.epochs": [2]}
        | {"tasks.mnli.runs.scratch.learning_rate": [1.0e-3, 2.0e-3]},
        "candidate_seeds: is missing: tasks.mnli.runs.scratch has 2 candidates",
    ),
    "candidates tried on a seed of the study": (
        {"seeds": [0, 7, 3], "candidate_seeds": [9, 7, 3]},
        "candidate_seeds: 3 is in seeds too",
    ),
    "a seed of the study, where there are no candidates": (
        {"candidate_seeds": [0], "tasks.mnli.runs.pretrained.epochs": [2]},
        "candidate_seeds: 0 is in seeds too",
    ),
    "no candidate seeds": ({"candidate_seeds": []}, "candidate_seeds"),
    "the same candidate seed twice": ({"candidate_seeds": [7, 7]}, "candidate_seeds"),
    "candidate seed beyond 32 bits": ({"candidate_seeds": [2**32]}, "candidate_seeds"),
    "no epochs": ({"tasks.mnli.runs.pretrained.epochs": []}, "tasks.mnli.runs.pretrained.epochs"),
    "zero epochs from scratch": (
        {"tasks.mnli.runs.scratch.epochs": [0]},
        "tasks.mnli.runs.scratch.epochs",
    ),
    "batch size 0": ({"tasks.mnli.runs.scratch.batch_size": 0}, "batch_size"),
    "learning rate 0": ({"tasks.mnli.runs.scratch.learning_rate": [0.0]}, "learning_rate"),
    "learning rate not a number": (
        {"tasks.mnli.runs.scratch.learning_rate": [float("nan")]},
        "learning_rate",
    ),
    "threads 0": ({"threads": 0}, "threads"),
    "three text columns": ({"tasks.mnli.text": ["a", "b", "c"]}, "tasks.mnli.text"),
    "precision": ({"training.precision": "float16"}, "training.precision"),
    "warmup in percent": ({"training.warmup": 10}, "training.warmup"),
    "results nowhere": ({"pathvars.results": ""}, "pathvars.results"),
    "task name with a slash": ({"tasks.glue/mnli": TINY["tasks"]["mnli"]}, "glue/mnli"),
    # what something later could not take
    "seed beyond 32 bits": ({"seeds": [2**32]}, "seeds"),
    "language's seed beyond 32 bits": ({"language.seed": 2**40}, "language.seed"),
    "seed of pre-training below 0": ({"model.pretrain.seed": -1}, "model.pretrain.seed"),
    "learning rate that float32 loses": (
        {"tasks.mnli.runs.scratch.learning_rate": [1e-320]},
        "learning_rate",
    ),
    "learning rate of a thousand": (
        {"tasks.mnli.runs.scratch.learning_rate": [1e3]},
        "learning_rate",
    ),
    "the same learning rate twice": (
        {"tasks.mnli.runs.scratch.learning_rate": [1e-3, 0.001]},
        "learning_rate",
    ),
    "more epochs than two digits": ({"tasks.mnli.runs.scratch.epochs": [100]}, "epochs"),
    "more further epochs than two digits": (
        {"figures.overfitting.further_epochs": 200},
        "further_epochs",
    ),
    "batch of all texts there are": ({"tasks.mnli.runs.scratch.batch_size": 10**9}, "batch_size"),
    "max_length below special tokens": ({"max_length": 2}, "max_length"),
    "max_length as text": ({"max_length": "128"}, "max_length"),
    "text column that is empty": ({"tasks.sst2.text": [""]}, "tasks.sst2.text"),
    "text column twice": ({"tasks.mnli.text": ["a", "a"]}, "tasks.mnli.text"),
    "label column that is a number": ({"tasks.mnli.label": 3}, "tasks.mnli.label"),
    "task name with a dash first": ({"tasks.-x": TINY["tasks"]["mnli"]}, "-x"),
    "task name with a dot": ({"tasks": {"a.b": TINY["tasks"]["mnli"]}}, "a.b"),
    "results with a dash first": ({"pathvars.results": "-r"}, "pathvars.results"),
    "results with a space": ({"pathvars.results": "my results"}, "pathvars.results"),
    "threads of a cluster": ({"threads": 10**6}, "threads"),
    "GPUs of a cluster": ({"gpus_per_run": 1000}, "gpus_per_run"),
    "no operations": ({"hardware.float32": 0}, "hardware.float32"),
    "used in per cent": ({"hardware.utilisation": 30}, "hardware.utilisation"),
    "seed of 400 digits": ({"seeds": [10**400]}, "seeds"),
    "learning rate of 400 digits": (
        {"tasks.mnli.runs.scratch.learning_rate": [10**400]},
        "learning",
    ),
    "paragraphs without end": ({"language.paragraphs": 10**12}, "language.paragraphs"),
    "examples without end": ({"tasks.sst2.grammar.train": 10**12}, "sst2.grammar.train"),
    "steps without end": ({"model.pretrain.recipe.steps": 10**15}, "recipe.steps"),
    "results that is a file": ({"pathvars.results": "README.md"}, "README.md is a file"),
    "results within a file": ({"pathvars.results": "README.md/tiny"}, "README.md is a file"),
    "results with a line break": ({"pathvars.results": "results\n"}, "pathvars.results"),
    "task name with a line break": ({"tasks.a\n": TINY["tasks"]["mnli"]}, "a"),
    "max_length beyond the mini BERT": ({"max_length": 600}, "max_length: 600"),
    "max_length beyond the model folder's": (
        {"model": {"path": "{folder}/model"}, "max_length": 150},
        "the model takes 140 tokens",
    ),
    "a layer beyond a DistilBERT": (
        {"model": {"path": "{folder}/distilbert"}, "groups.high": [2, 3]},
        "layers 0 to 2",
    ),
    # surfaces
    "a million jobs": (
        {"surfaces.points": 1000, "surfaces.points_per_chunk": 1},
        "1,000,000 jobs",
    ),
    "range narrower than float32": ({"surfaces.range": [1.0, 1.0000001]}, "float32"),
    "grid of 20,000 × 20,000": ({"surfaces.points": 20_000}, "400,000,000 points"),
    "control of 5,000 × 5,000": (
        {"planes.control.points": 5_000},
        "planes.control.points: 25,000,000 points",
    ),
    "curve of ten millions": ({"planes.curve.points": 10**7}, "10,000,000 points"),
    "range beyond float32": ({"surfaces.range": [-1e300, 1e300]}, "surfaces.range"),
    "range as text": ({"surfaces.range": ["-4", "4"]}, "surfaces.range"),
    "control upside down": ({"planes.control.range": [1.0, -1.0]}, "planes.control.range"),
    "levels without their points": ({"surfaces.refine": {"levels": 2}}, "'points' is a required"),
    "no level": ({"surfaces.refine": {"levels": 0, "points": 100}}, "surfaces.refine.levels"),
    "fewer points than the cells of landmarks have": (
        {"surfaces.refine": {"levels": 1, "points": 31}},
        "surfaces.refine.points",
    ),
    "a lattice of 65,537 × 65,537": (
        {"surfaces.refine": {"levels": 6, "points": 100}, "surfaces.points": 1025},
        "surfaces.refine.levels: 4,295,098,369 points of a plane",
    ),
    "levels on a grid of two points": (
        {"surfaces.refine": {"levels": 1, "points": 32}, "surfaces.points": 2},
        "surfaces.points: 2 on an axis; surfaces.refine takes 3 or more",
    ),
    "train_examples of one": ({"surfaces.train_examples": 1}, "surfaces.train_examples"),
    "no tokens in a batch": ({"surfaces.batch_tokens": 0}, "surfaces.batch_tokens"),
    "chunks of no points": ({"surfaces.points_per_chunk": 0}, "surfaces.points_per_chunk"),
    "grid of one point": ({"surfaces.points": 1}, "surfaces.points"),
    "curve of one point": ({"planes.curve.points": 1}, "planes.curve.points"),
    "range upside down": ({"surfaces.range": [4.0, -4.0]}, "surfaces.range"),
    "range of no width": ({"surfaces.range": [1.0, 1.0]}, "surfaces.range"),
    "range of one end": ({"surfaces.range": [4.0]}, "surfaces.range"),
    "range without an end": ({"surfaces.range": [-4.0, float("inf")]}, "surfaces.range"),
    "range not a number": ({"surfaces.range": [float("nan"), 4.0]}, "surfaces.range"),
    "train_examples misspelt": ({"surfaces.train_examples": "al"}, "surfaces.train_examples"),
    "dtype of half the precision": ({"surfaces.dtype": "float16"}, "surfaces.dtype"),
    "tolerance in per cent": ({"surfaces.tolerance": 1}, "surfaces.tolerance"),
    "tolerance of dev errors in per cent": (
        {"surfaces.dev_tolerance": 1},
        "surfaces.dev_tolerance",
    ),
    "tolerance below 0": ({"surfaces.tolerance": -0.01}, "surfaces.tolerance"),
    "sharpness without a radius": ({"surfaces.sharpness.worst": GONE}, "worst"),
    "radius in per cent": ({"surfaces.sharpness.average": 20}, "surfaces.sharpness.average"),
    "radius 0": ({"surfaces.sharpness.worst": 0.0}, "surfaces.sharpness.worst"),
    "no draws": ({"surfaces.sharpness.draws": 0}, "surfaces.sharpness.draws"),
    "half a step": ({"surfaces.sharpness.steps": 2.5}, "surfaces.sharpness.steps"),
    "memory below 0": ({"surfaces.keep_gb": -1}, "surfaces.keep_gb"),
    "rainbow colour map": ({"figures.colour_map": "jet"}, "figures.colour_map"),
    # model and layers
    "hidden size as text": ({"model.pretrain.config.hidden_size": "64"}, "config.hidden_size"),
    "hidden size below 0": ({"model.pretrain.config.hidden_size": -8}, "config.hidden_size"),
    "no heads": ({"model.pretrain.config.num_attention_heads": 0}, "num_attention_heads"),
    "heads that do not divide": (
        {"model.pretrain.config.num_attention_heads": 5},
        "hidden_size 32 is no multiple of 5 heads",
    ),
    "no layers": ({"model.pretrain.config.num_hidden_layers": 0}, "num_hidden_layers"),
    "layers as text": ({"model.pretrain.config.num_hidden_layers": "3"}, "num_hidden_layers"),
    "unknown activation": ({"model.pretrain.config.hidden_act": "geglu"}, "geglu"),
    "a vocabulary beside the tokenizer's": ({"model.pretrain.config.vocab_size": 9}, "vocab_size"),
    "a padding beside the tokenizer's": ({"model.pretrain.config.pad_token_id": 3}, "pad_token_id"),
    "one type of token for pairs": (
        {"model.pretrain.config.type_vocab_size": 1},
        "type_vocab_size",
    ),
    "no steps of pre-training": ({"model.pretrain.recipe.steps": 0}, "recipe.steps"),
    "all words masked": ({"model.pretrain.recipe.mask_probability": 1.0}, "mask_probability"),
    "an unknown word in the recipe": ({"model.pretrain.recipe.stpes": 3}, "known: steps"),
    "layer numbers as text": ({"groups.low": ["0", "1"]}, "groups.low"),
    "layer number below 0": ({"groups.low": [-1, 0]}, "groups.low"),
    "model folder of weights of torch.save": ({"model": {"path": "{folder}/pickled"}}, "pickled"),
    "model folder that is quantised": ({"model": {"path": "{folder}/quantised"}}, "quantization"),
    "model folder whose config.json is a list": (
        {"model": {"path": "{folder}/listed"}},
        "listed/config.json",
    ),
    "model folder whose layers are a text": (
        {"model": {"path": "{folder}/texted"}},
        "num_hidden_layers",
    ),
    "model folder that is a file": ({"model": {"path": "{folder}/train.csv"}}, "train.csv"),
    "model folder that lacks a shard": ({"model": {"path": "{folder}/sharded"}}, "b.safetensors"),
    "two models": ({"model.hub": "google-bert/bert-base-cased"}, "model"),
    "no model": ({"model": {}}, "model"),
    "layer beyond the model": ({"groups.high": [2, 3]}, "layers 0 to 2"),
    "layers reversed": ({"groups.high": [2, 1]}, "groups.high"),
    "layers in two groups": ({"groups.middle": [0, 1]}, "layer 0 is in another group"),
    "group named as a plane": ({"groups": {"full": [0, 1]}}, "groups.full"),
    "group named as the way": ({"groups": {"way": [0, 1]}}, "groups.way: is the name of a plane"),
    "group named as the basin": ({"groups": {"basin": [0, 1]}}, "groups.basin"),
    "group named as the line of the lowest": (
        {"groups": {"low": [0, 0], "low_line": [1, 1], "high": [2, 2]}},
        "groups.low_line",
    ),
    "group named as the line of the highest": (
        {"groups": {"high_line": [0, 0], "middle": [1, 1], "high": [2, 2]}}
        | {"planes.low_line": GONE},
        "groups.high_line",
    ),
    "group named as Table 1 calls the whole model": ({"groups": {"none": [0, 1]}}, "groups.none"),
    "group name with a dash first": ({"groups": {"-x": [0, 1]}}, "-x"),
    "layer group of one number": ({"groups.low": [0]}, "groups.low"),
    "model folder missing": ({"model": {"path": "{folder}/none"}}, "none"),
    "model folder without weights": ({"model": {"path": "{folder}/weightless"}}, "safetensors"),
    "model folder without config.json": ({"model": {"path": "{folder}/bare"}}, "config.json"),
    "model folder with a broken config.json": (
        {"model": {"path": "{folder}/broken"}},
        "broken/config.json",
    ),
    "layer beyond the model folder's": (
        {"model": {"path": "{folder}/model"}, "groups.high": [2, 3]},
        "layers 0 to 2",
    ),
    "language missing": ({"language": GONE}, "language"),
    # sources
    "no source": ({"tasks.sst2.grammar": GONE}, "tasks.sst2"),
    "two sources": ({"tasks.sst2.hub": {"path": "glue", "splits": ["a", "b"]}}, "tasks.sst2"),
    "no such grammar task": ({"tasks.qnli": TINY["tasks"]["mnli"]}, "tasks.qnli.grammar"),
    "hub with a split that is empty": (
        {"tasks.sst2.grammar": GONE, "tasks.sst2.hub": {"path": "glue", "splits": ["train", ""]}},
        "splits",
    ),
    "a column that the language lacks": ({"tasks.sst2.text": ["text"]}, "tasks.sst2.text"),
    "a label that the language lacks": ({"tasks.sst2.label": "y"}, "tasks.sst2.label"),
    "the label as a text too": ({"tasks.sst2.text": ["sentence", "label"]}, "tasks.sst2.text"),
    "hub with one split": (
        {"tasks.sst2.grammar": GONE, "tasks.sst2.hub": {"path": "glue", "splits": ["train"]}},
        "splits",
    ),
    "file missing": ({"tasks.sst2.files": FILES | {"dev": "{folder}/none.csv"}}, "none.csv"),
    "file of unknown suffix": (
        {"tasks.sst2.files": FILES | {"dev": "{folder}/dev.xls"}},
        "dev.xls",
    ),
    "file without the column": ({"tasks.sst2.files": FILES, "tasks.sst2.label": "y"}, "'y'"),
    "file that is empty": ({"tasks.sst2.files": FILES | {"dev": "{folder}/empty.csv"}}, "empty"),
    "folder in place of a file": ({"tasks.sst2.files": FILES | {"dev": "{folder}/model"}}, "model"),
    "parquet that is none": (
        {"tasks.sst2.files": FILES | {"dev": "{folder}/a.parquet"}},
        "a.parquet",
    ),
    "jsonl that is none": ({"tasks.sst2.files": FILES | {"dev": "{folder}/a.jsonl"}}, "a.jsonl"),
    "jsonl of lists": ({"tasks.sst2.files": FILES | {"dev": "{folder}/b.jsonl"}}, "b.jsonl"),
    "csv that is not UTF-8": ({"tasks.sst2.files": FILES | {"dev": "{folder}/l.csv"}}, "l.csv"),
    "csv with a column twice": (
        {"tasks.sst2.files": FILES | {"dev": "{folder}/twice.csv"}},
        "twice",
    ),
    "hub that is empty": (
        {"tasks.sst2.grammar": GONE, "tasks.sst2.hub": {"path": "", "splits": ["a", "b"]}},
        "tasks.sst2.hub.path",
    ),
    "files without a dev split": ({"tasks.sst2.files": {"train": "{folder}/train.csv"}}, "dev"),
    # partners and figures
    "partner not in the study": ({"tasks.sst2.partner": "rte"}, "tasks.sst2.partner"),
    "partner itself": ({"tasks.sst2.partner": "sst2"}, "tasks.sst2.partner"),
    # arms, planes, keys that moved
    "arm without a start": ({"arms": {"mine": {"label": "mine"}}}, "start"),
    "start of no kind": (
        {"arms": {"mine": {"start": "warm"}}},
        "arms.mine.start: 'warm': expected pretrained, random, {path: …} or {hub: …}",
    ),
    "start by path and hub": (
        {"arms": {"mine": {"start": {"path": "a", "hub": "b"}}}},
        "one of path",
    ),
    "start from a folder that is none": (
        {"arms": {"mine": {"start": {"path": "{folder}/none"}}}},
        "arms.mine.start.path",
    ),
    "arm named as a start": (
        {"arms": {"random": {"start": {"path": "{folder}/model"}}}},
        "arms.random",
    ),
    "arm named as a column": ({"arms": {"judged": {"start": "random"}}}, "arms.judged"),
    "arm with a key of a recipe": (
        {"arms": {"mine": {"start": "random", "epochs": [1]}}},
        "epochs",
    ),
    "label that is a formula": (
        {"arms": {"mine": {"start": "random", "label": "$\\frac"}}},
        "arms.mine.label: '$\\\\frac': expected a line",
    ),
    "no arms": ({"arms": {}}, "arms"),
    "contrast with no such arm": ({"contrast": ["pretrained", "mine"]}, "contrast"),
    "contrast of one": ({"contrast": ["pretrained"]}, "contrast"),
    "contrast with itself": ({"contrast": ["scratch", "scratch"]}, "contrast"),
    "paths of no such arm": (
        {"paths": ["pretrained", "mine"]},
        "paths: 'mine' is no arm of the study (scratch, pretrained)",
    ),
    "paths of one": ({"paths": ["pretrained"]}, "paths"),
    "paths of an arm with itself": ({"paths": ["scratch", "scratch"]}, "paths"),
    "paths of an arm that a task does not train": (
        {key: value for key, value in THIRD.items() if key != "tasks.sst2.runs.mine"},
        "tasks.sst2.runs: no mine, which figures and tables need",
    ),
    "an arm of the contrast that is not shown": (
        THIRD | {"arms.scratch.shown": False},
        "arms.scratch.shown: of an arm that claims compare, true",
    ),
    "an arm of the contrast by default that is not shown": (
        {"arms": {"scratch": {"start": "random", "shown": False}}},
        "arms.scratch.shown",
    ),
    "shown as a text": (THIRD | {"arms.mine.shown": "no"}, "arms.mine.shown"),
    "runs of no such arm": (
        {"tasks.mnli.runs.mine": SHORT},
        "tasks.mnli.runs",
    ),
    "a run that figures need is missing": ({"tasks.mnli.runs.scratch": GONE}, "no scratch"),
    "a run that a partner needs is missing": (
        {"figures.tasks": ["sst2"], "figures.trajectories": GONE, "figures.groups": GONE}
        | {"tasks.mnli.runs.scratch": GONE},
        "tasks.mnli.runs: no scratch",
    ),
    "plane without axes": ({"planes.mine": {"points": 5}}, "planes.mine"),
    "plane of three axes": ({"planes.mine": {"axes": ["own", "random", "random"]}}, "axes"),
    "axis of no kind": ({"planes.mine": {"axes": ["hessian"]}}, "hessian"),
    "own as the second axis": ({"planes.mine": {"axes": ["random", "own"]}}, "planes.mine.axes"),
    "partner as the first axis": ({"planes.mine": {"axes": ["partner"]}}, "planes.mine.axes"),
    "plane of no such group": ({"planes.mine": {"axes": ["own"], "group": "top"}}, "top"),
    "plane of a group from the start": (
        {"planes.mine": {"axes": ["own"], "group": "low"}},
        "planes.mine.anchor",
    ),
    "plane that measures nothing": ({"planes.mine": {"axes": ["own"], "measures": []}}, "measures"),
    "other axes for the paper's plane": ({"planes.full": {"axes": ["own"]}}, "planes.full"),
    "no plane of δ1 and δ2": ({"planes.full": None}, "planes.full"),
    "figure of groups without groups": ({"groups": {}} | NO_LINES, "figures.groups"),
    "line of a group that is gone": (
        {"groups": {}, "figures.groups": GONE},
        "planes.low_line: give its axes",
    ),
    "line of a group between two others": (
        {"planes.middle_line": {"points": 5}},
        "planes.middle_line: give its axes",
    ),
    "other axes for the line of a group": (
        {"planes.low_line": {"axes": ["random"]}},
        "planes.low_line: the axes of this plane are the paper's",
    ),
    "other axes for the way": ({"planes.way.axes": ["random"]}, "planes.way"),
    "another anchor for the basin": ({"planes.basin.anchor": "start"}, "planes.basin"),
    "layer_groups, as it was called": ({"layer_groups": {"low": [0, 0]}}, "now groups"),
    "curve_points, as it was called": ({"surfaces.curve_points": 9}, "now planes: {curve"),
    "control, where it was": ({"surfaces.control": {"points": 3}}, "now planes: {control"),
    "a run, where it was": (
        {"tasks.mnli.scratch": TINY["tasks"]["mnli"]["runs"]["scratch"]},
        "now runs: {scratch",
    ),
    "no tasks in figures": ({"figures.tasks": []}, "figures.tasks"),
    "figure of an unknown task": ({"figures.trajectories": ["rte"]}, "figures.trajectories"),
    "overfitting of an unknown task": ({"figures.overfitting.task": "rte"}, "figures.overfitting"),
    "overfitting after two epochs": (
        {"tasks.sst2.runs.pretrained.epochs": [2, 3]},
        "tasks.sst2.runs.pretrained.epochs",
    ),
    "overfitting after two rates": (
        {"tasks.sst2.runs.pretrained.learning_rate": [1.0e-3, 2.0e-3]},
        "tasks.sst2.runs.pretrained.learning_rate",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Good files for each source, and some bad ones."""
    folder = tmp_path_factory.mktemp("config")
    table = pd.DataFrame({"sentence": ["é"] * 4, "label": [0, 1, 0, 1]})
    for name in ("train.csv", "dev.csv", "dev.xls"):
        table.to_csv(folder / name, index=False)
    table.to_csv(folder / "l.csv", index=False, header=["säntence", "label"], encoding="latin-1")
    (folder / "empty.csv").touch()
    (folder / "a.parquet").write_text("sentence,label\n")
    (folder / "a.jsonl").write_text("sentence,label\n")
    (folder / "b.jsonl").write_text("[1, 2]\n")
    helpers.model_folder(folder / "model")
    helpers.model_folder(folder / "distilbert", "distilbert")
    for name, missing in {"weightless": "model.safetensors", "bare": "config.json"}.items():
        helpers.model_folder(folder / name)
        (folder / name / missing).unlink()
    helpers.model_folder(folder / "broken")
    (folder / "broken/config.json").write_text('{"model_type": "bert", ')
    (folder / "twice.csv").write_text("sentence,label,label\na,0,0\n")
    config = json.loads((folder / "model/config.json").read_text())
    others = {
        "quantised": config | {"quantization_config": {"bits": 4}},
        "listed": [config],
        "texted": config | {"num_hidden_layers": "three"},
        "pickled": config,
        "sharded": config,
    }
    for name, written in others.items():
        shutil.copytree(folder / "model", folder / name)
        (folder / name / "config.json").write_text(json.dumps(written))
    for name in ("pickled", "sharded"):
        weights = folder / name / "model.safetensors"
        weights.rename(weights.with_name("pytorch_model.bin"))
    index = {"weight_map": {"a": "b.safetensors"}}
    (folder / "sharded/model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def config(folder, changes):
    """The tiny study with other values at some keys."""
    made = json.loads(json.dumps(TINY))
    for key, value in changes.items():
        *path, last = key.split(".")
        place = made
        for name in path:
            place = place[name]
        if value is GONE:
            del place[last]
        else:
            place[last] = copy.deepcopy(value)  # further changes may be within it
        if last == "files":
            place.pop("grammar", None)
    text = yaml.safe_dump(made, sort_keys=False).replace("{folder}", str(folder))
    (folder / "study.yaml").write_text(text)
    return folder / "study.yaml"


# one arm and one task, without a partner
ONE_ARM = {
    "arms": {"pretrained": {"start": "pretrained"}},
    "tasks.mnli.runs.scratch": GONE,
    "tasks.sst2": GONE,
    "tasks.mnli.partner": GONE,
    "figures": {"tasks": ["mnli"], "colour_map": "viridis"},
}


def check(path):
    return check_config.main, [path]


@pytest.mark.parametrize("changes, word", WRONG.values(), ids=WRONG)
def test_one_line_says_what_is_wrong(folder, changes, word):
    path = config(folder, changes)
    line = helpers.error_of(*check(path))
    assert word in line.removeprefix(f"error: {path}")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="as it is"),
        pytest.param({"tasks.sst2.files": FILES}, id="files"),
        pytest.param({"model": {"path": "{folder}/model"}}, id="model folder"),
        pytest.param({"surfaces.train_examples": "all"}, id="all examples"),
        pytest.param(ONE_ARM, id="one arm"),
        pytest.param({"tasks.mnli.partner": GONE}, id="no partner"),
        pytest.param({"groups": {}, "figures.groups": GONE} | NO_LINES, id="no groups"),
        pytest.param({"groups": {"all": [0, 2]}} | NO_LINES, id="one group"),
        pytest.param(THIRD, id="an arm for its path alone"),
        pytest.param(
            {key: value for key, value in THIRD.items() if key != "contrast"}
            | {"arms": {name: THIRD["arms"][name] for name in ("scratch", "mine", "pretrained")}},
            id="an arm for its path alone beside the contrast by default",
        ),
        pytest.param(
            {"candidate_seeds": GONE, "tasks.mnli.runs.pretrained.epochs": [2]},
            id="no candidates",
        ),
        pytest.param({"planes.way": None, "planes.basin": None}, id="no way and no basin"),
        pytest.param(
            {"planes.low_line": None, "planes.middle": None}, id="no line and plane of a group"
        ),
        pytest.param({"planes.control": None, "surfaces.sharpness": GONE}, id="no control"),
        pytest.param({"figures.overfitting": GONE, "figures.trajectories": GONE}, id="few figures"),
        pytest.param({"planes.mine": {"axes": ["own", "random"]}}, id="a plane of one's own"),
        pytest.param({"tasks.sst2.runs.pretrained.learning_rate": [1]}, id="whole learning rate"),
    ],
)
def test_the_good_ones_are_let_through(folder, changes):
    """The table above would also be passed by a check that refuses everything."""
    main, argv = check(config(folder, changes))
    main(list(map(str, argv)))


def test_json_with_tabs_is_read_as_snakemake_reads_it(tmp_path):
    (tmp_path / "study.json").write_text(json.dumps(TINY, indent="\t"))
    main, argv = check(tmp_path / "study.json")
    main(list(map(str, argv)))


def test_a_link_to_results_that_are_gone_is_named(folder):
    (folder / "linked").symlink_to(folder / "gone")
    changes = {"pathvars.results": f"{folder}/linked"}
    assert "linked is a link to" in helpers.error_of(*check(config(folder, changes)))


@pytest.mark.parametrize("name", ["config", "base", "paper"])
def test_our_own_studies_are_in_order(name):
    main, argv = check(helpers.ROOT / f"config/{name}.yaml")
    main(list(map(str, argv)))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="no such file"),
        pytest.param(b"tasks: [unclosed\nseeds: {", id="not YAML"),
        pytest.param(b"", id="empty"),
        pytest.param(b"- a\n- b\n", id="a list"),
        pytest.param("results: é".encode("latin-1"), id="not UTF-8"),
        pytest.param(b"\x00\x01\x02", id="binary"),
        pytest.param(b"all of it", id="a text"),
        pytest.param(b"[" * 100_000, id="lists without an end"),
        pytest.param(b'{"a": ' * 100_000, id="keys without an end"),
        pytest.param(b'{"seeds": [0], "seeds": [1]}', id="JSON with a key twice"),
    ],
)
def test_a_file_that_is_no_config(tmp_path, content):
    path = tmp_path / "study.yaml"
    if content is not None:
        path.write_bytes(content)
    assert "study.yaml" in helpers.error_of(*check(path))


TEXT = (helpers.ROOT / "tests/tiny.yaml").read_text()


@pytest.mark.parametrize(
    "old, new, word",
    [
        ("seeds: [0]", "seeds: [0]\nseeds: [1]", "line 7: the key seeds stands twice"),
        ("  points: 5\n", "  points: 5\n  points: 7\n", "the key points stands twice"),
        ("  sst2:\n", "  mnli:\n", "the key mnli stands twice"),
        ("  sst2:\n", "  2024:\n", "'2024'"),
        ("  sst2:\n", "  on:\n", "'on'"),
        ("  sst2:\n", "  1e3:\n", "1e3"),
        ("  sst2:\n", "  1.5:\n", "'1.5'"),
        ("  sst2:\n", "  ~:\n", "'~'"),
        ("  sst2:\n", "  [a, b]:\n", "line"),
        ("  sst2:\n", "  2024-01-01:\n", "'2024-01-01'"),
    ],
)
def test_keys_that_are_not_what_was_written(tmp_path, old, new, word):
    path = tmp_path / "study.yaml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1))
    assert word in helpers.error_of(*check(path))


def test_anchors_and_merges_of_yaml_work(tmp_path):
    text = TEXT.replace("    pretrained: {epochs: [2]", "    pretrained: &run {epochs: [2]", 1)
    text = text.replace("    scratch: {epochs: [2]", "    scratch: {<<: *run, epochs: [3]", 2)
    text = text.replace("<<: *run, ", "", 1)  # before the anchor is known
    (tmp_path / "study.yaml").write_text(text)
    main, argv = check(tmp_path / "study.yaml")
    main(list(map(str, argv)))


def test_as_a_command_it_exits_with_1(folder):
    """All others are called in this process: quicker, but it is the command that people see."""
    path = config(folder, {"seeds": []})
    done = helpers.call("check_config.py", path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {path}: seeds: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
