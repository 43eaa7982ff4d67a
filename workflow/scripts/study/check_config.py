"""Check a study's config: the schema, then what a schema cannot say. One line for what is wrong."""

import argparse
import difflib
import json
import os
from math import isfinite
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import best_match
from landscape.data import language, sources
from landscape.jobs.command import InputError, one_line, run
from landscape.models import classifiers

SCHEMA = Path(__file__).parents[3] / "config/schema.yaml"

# JSON takes 2.0 for an integer and YAML .inf for a number; neither is meant here
TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda _, value: type(value) is int or (type(value) is float and isfinite(value)),
    }
)
Validator = validators.extend(Draft202012Validator, type_checker=TYPES)


class Loader(yaml.SafeLoader):
    """YAML in which a key is a text and stands once: the config that was written, or none."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            name = key.value
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            line = f"line {key.start_mark.line + 1}"
            if key.tag != "tag:yaml.org,2002:str":
                raise InputError(f"{line}: YAML reads the key {name} as no text; write '{name}'")
            if name in seen:
                raise InputError(f"{line}: the key {name} stands twice; remove one")
            seen.add(name)
        return super().construct_mapping(node, deep)


def load(path):
    """A config file as a dict. Raises InputError for what is no YAML or JSON, or holds no keys."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        try:  # as Snakemake does: not all of JSON is YAML
            config = json.loads(text, object_pairs_hook=without_twins)
        except ValueError:
            config = yaml.load(text, Loader)
    except InputError as error:
        raise InputError(f"{path}: {error}")
    except RecursionError:
        raise InputError(f"{path}: lists or keys within each other without an end")
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: {one_line(error)}")
    if not isinstance(config, dict):
        raise InputError(f"{path}: holds no keys; expected those of config/config.yaml")
    return config


def without_twins(pairs):
    """A JSON object as a dict. Raises InputError for a key that stands twice."""
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"the key {twice[0]} stands twice; remove one")
    return dict(pairs)


MOST_POINTS = 1_000_000  # of one surface: years of a GPU for a BERT
MOST_CHUNKS = 10_000  # of one surface: each is a job
LAYERS = ("num_hidden_layers", "n_layers", "n_layer", "num_layers")  # by architecture


def check(config, name):
    """Raise InputError for the first thing that is wrong in the config of that name."""
    schema = load(SCHEMA)

    def wrong(key, what):
        raise InputError(f"{name}: {key}: {what}")

    if error := best_match(Validator(schema).iter_errors(config)):
        wrong(".".join(map(str, error.absolute_path)) or "top level", said(error))
    tasks = config["tasks"]
    check_results(config["pathvars"]["results"], wrong)
    check_model(config, wrong)
    check_surfaces(config["surfaces"], wrong)
    for task, settings in tasks.items():
        check_source(task, settings, config, wrong)
        if settings["partner"] == task or settings["partner"] not in tasks:
            wrong(
                f"tasks.{task}.partner",
                f"{settings['partner']!r} is not another task of the study ({', '.join(tasks)})",
            )
    figures = config["figures"]
    overfitting = figures["overfitting"]["task"]
    for key in ("tasks", "trajectories", "layer_groups", "overfitting"):
        for task in [overfitting] if key == "overfitting" else figures[key]:
            if task not in tasks:
                wrong(f"figures.{key}", f"{task!r} is no task of the study ({', '.join(tasks)})")
    for key in ("epochs", "learning_rate"):
        if len(tasks[overfitting]["pretrained"][key]) > 1:
            wrong(
                f"tasks.{overfitting}.pretrained.{key}",
                "one value only: Fig. 4 (figures.overfitting) goes on from one known model; for a "
                "choice of several give Fig. 4 a task of its own on the same data",
            )


def said(error):
    """What a schema's error says, with what would be right where that is not in it."""
    kind, value = error.validator, error.validator_value
    if kind == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in known)
        near = difflib.get_close_matches(str(unknown), known, 1) or known
        return f"{unknown!r} is no key here; known: {', '.join(near)}"
    if kind == "pattern":
        return (
            f"{error.instance!r}: expected letters, digits, _ and - (. and / in paths), no - first"
        )
    if kind == "anyOf":
        return f"{error.instance!r}: expected all, or a whole number from 2"
    if kind == "type" and value == "number":
        return f"{error.message} (YAML reads 1e-5 as text; write 1.0e-5)"
    return error.message if len(error.message) < 300 else f"{error.message[:300]} …"


def check_results(results, wrong):
    there = next(path for path in (Path(results), *Path(results).parents) if path.exists())
    if not there.is_dir():
        wrong("pathvars.results", f"{there} is a file; expected a folder, there or yet to be made")
    if Path(results).is_symlink() and not Path(results).exists():
        wrong("pathvars.results", f"{results} is a link to {os.readlink(results)}, which is gone")


def check_surfaces(surfaces, wrong):
    for key, axis in (("surfaces", surfaces), ("surfaces.control", surfaces["control"])):
        low, high = axis["range"]
        points = axis["points"]
        if low >= high:
            wrong(f"{key}.range", f"[{low}, {high}] must go from low to high")
        if points**2 > MOST_POINTS:
            wrong(f"{key}.points", f"{points**2:,} points of a plane; at most {MOST_POINTS:,}")
        if (high - low) / (points - 1) < 1e-6 * max(abs(low), abs(high)):
            wrong(f"{key}.range", f"[{low}, {high}]: float32 does not tell {points} points apart")
    curve, chunk = surfaces["curve_points"], surfaces["points_per_chunk"]
    if curve > MOST_POINTS:
        wrong("surfaces.curve_points", f"{curve:,} points of a curve; at most {MOST_POINTS:,}")
    if (jobs := max(surfaces["points"] ** 2, curve) // chunk) > MOST_CHUNKS:
        wrong(
            "surfaces.points_per_chunk", f"{jobs:,} jobs for one surface; at most {MOST_CHUNKS:,}"
        )


def check_model(config, wrong):
    model = config["model"]
    kinds = [kind for kind in ("pretrain", "hub", "path") if kind in model]
    if len(kinds) != 1:
        wrong("model", "give one of pretrain, hub, path")
    layers = longest = None
    if "pretrain" in model:
        sizes = model["pretrain"]["config"]
        layers = sizes["num_hidden_layers"]
        longest = sizes.get("max_position_embeddings", 512)
        hidden, heads = sizes.get("hidden_size", 768), sizes.get("num_attention_heads", 12)
        if hidden % heads:
            wrong("model.pretrain.config", f"hidden_size {hidden} is no multiple of {heads} heads")
        if "language" not in config:
            wrong("language", "is missing; model.pretrain is trained on it")
    elif "path" in model:
        try:
            folder = classifiers.check_folder(model["path"])
            longest = classifiers.longest_input(model["path"])
        except InputError as error:
            wrong("model.path", error)
        named = next((name for name in LAYERS if name in folder), LAYERS[0])
        layers = folder.get(named)
        if layers is not None and not isinstance(layers, int):
            wrong("model.path", f"{model['path']}/config.json: {named} is {layers!r}")
    if longest is not None and config["max_length"] > longest:
        wrong("max_length", f"{config['max_length']}: the model takes {longest} tokens")
    for group, (first, last) in config["layer_groups"].items():
        if first > last:
            wrong(f"layer_groups.{group}", f"[{first}, {last}] must go from low to high")
        if layers is not None and last >= layers:
            wrong(f"layer_groups.{group}", f"layer {last}: the model has layers 0 to {layers - 1}")


def check_source(task, settings, config, wrong):
    kinds = [kind for kind in ("grammar", "hub", "files") if kind in settings]
    if len(kinds) != 1:
        wrong(f"tasks.{task}", "give one source: grammar, hub or files")
    if settings["label"] in settings["text"]:
        wrong(f"tasks.{task}.text", f"{settings['label']!r} is the label's column too")
    if "grammar" in settings:
        if task not in language.TASKS:
            wrong(
                f"tasks.{task}.grammar", f"the language has the tasks {', '.join(language.TASKS)}"
            )
        if "language" not in config:
            wrong("language", f"is missing; tasks.{task} is made from it")
        if lacking := [name for name in settings["text"] if name not in language.TASKS[task]]:
            there = ", ".join(language.TASKS[task])
            wrong(f"tasks.{task}.text", f"no {lacking[0]!r} in the language's {task}: {there}")
        if settings["label"] != "label":
            wrong(f"tasks.{task}.label", "in the language it is label")
    for split, path in settings.get("files", {}).items():
        key = f"tasks.{task}.files.{split}"
        try:
            columns = sources.columns(path)
        except InputError as error:
            wrong(key, error)
        for column in [*settings["text"], settings["label"]]:
            if column not in columns:
                wrong(key, f"{path}: no column {column!r}; it has {', '.join(columns)}")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    args = parser.parse_args(argv)
    config = load(args.config)
    check(config, args.config)
    print(f"{args.config}: in order")


if __name__ == "__main__":
    run(main)
