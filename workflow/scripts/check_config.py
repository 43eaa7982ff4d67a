"""Check a study's config: the schema, then what a schema cannot say. One line for what is wrong."""

import argparse
import json
import math
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import best_match
from landscape import models, sources
from landscape.command import InputError, run

# JSON takes 2.0 for an integer and YAML .inf for a number; neither is meant here
TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda _, value: type(value) in (int, float) and math.isfinite(value),
    }
)
Validator = validators.extend(Draft202012Validator, type_checker=TYPES)

GRAMMAR_TASKS = ("mnli", "rte", "sst2", "mrpc")


def check(config, schema, name):
    """Raise InputError for the first thing that is wrong in the config of that name."""

    def wrong(key, what):
        raise InputError(f"{name}: {key}: {what}")

    if error := best_match(Validator(schema).iter_errors(config)):
        hint = (
            " (YAML reads 1e-5 as text; write 1.0e-5)" if error.validator_value == "number" else ""
        )
        wrong(".".join(map(str, error.absolute_path)) or "top level", error.message + hint)
    tasks = config["tasks"]
    check_model(config, wrong)
    surfaces = config["surfaces"]
    for key, axis in (("surfaces", surfaces), ("surfaces.control", surfaces["control"])):
        low, high = axis["range"]
        if low >= high:
            wrong(f"{key}.range", f"[{low}, {high}] must go from low to high")
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


def check_model(config, wrong):
    model = config["model"]
    kinds = [kind for kind in ("pretrain", "hub", "path") if kind in model]
    if len(kinds) != 1:
        wrong("model", "give one of pretrain, hub, path")
    layers = None
    if "pretrain" in model:
        layers = model["pretrain"]["config"]["num_hidden_layers"]
        if "language" not in config:
            wrong("language", "is missing; model.pretrain is trained on it")
    elif "path" in model:
        try:
            models.check_folder(model["path"])
        except InputError as error:
            wrong("model.path", error)
        description = Path(model["path"]) / "config.json"
        try:
            layers = json.loads(description.read_text()).get("num_hidden_layers")
        except (ValueError, AttributeError) as error:
            wrong("model.path", f"{description}: not a model's configuration ({error})")
    for group, (first, last) in config["layer_groups"].items():
        if first > last:
            wrong(f"layer_groups.{group}", f"[{first}, {last}] must go from low to high")
        if layers is not None and last >= layers:
            wrong(f"layer_groups.{group}", f"layer {last}: the model has layers 0 to {layers - 1}")


def check_source(task, settings, config, wrong):
    kinds = [kind for kind in ("grammar", "hub", "files") if kind in settings]
    if len(kinds) != 1:
        wrong(f"tasks.{task}", "give one source: grammar, hub or files")
    if "grammar" in settings and task not in GRAMMAR_TASKS:
        wrong(f"tasks.{task}.grammar", f"the language has the tasks {', '.join(GRAMMAR_TASKS)}")
    if "grammar" in settings and "language" not in config:
        wrong("language", f"is missing; tasks.{task} is made from it")
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
    parser.add_argument("--schema", type=Path, default=Path("config/schema.yaml"))
    args = parser.parse_args(argv)
    try:
        config = yaml.safe_load(args.config.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{args.config}: {' '.join(str(error).split())}")
    check(config, yaml.safe_load(args.schema.read_text()), args.config)
    print(f"{args.config}: in order")


if __name__ == "__main__":
    run(main)
