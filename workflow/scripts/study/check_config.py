"""Check a study's config: the schema, then what a schema cannot say. One line for what is wrong."""

import argparse
import difflib
import os
from math import isfinite
from pathlib import Path

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import best_match
from landscape.data import language, sources
from landscape.jobs.command import InputError, run
from landscape.jobs.config_file import load
from landscape.models import classifiers
from landscape.planes import known_planes
from landscape.study import Study
from landscape.words import ARMS, CURVE, FULL, OWN, PARTNER, STARTS, line_of

SCHEMA = Path(__file__).parents[3] / "config/schema.yaml"

# JSON takes 2.0 for an integer and YAML .inf for a number; neither is meant here
TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda _, value: type(value) is int or (type(value) is float and isfinite(value)),
    }
)
Validator = validators.extend(Draft202012Validator, type_checker=TYPES)


# keys of configs before 0.1, and where what they said stands now
MOVED = {
    "tflops": "float32 and, for who has it, bfloat16",
    "layer_groups": "groups",
    "pretrained": "runs: {pretrained: …}",
    "scratch": "runs: {scratch: …}",
    "curve_points": "planes: {curve: {points: …}}",
    "control": "planes: {control: …}",
}
TAKEN = {"task", "section", "claim", "measure", "judged", "low", "high", "p", "seeds", "points"}
TAKEN |= {"decides", "verdict", "stands", "reason", "detail"}
OF_KNOWN = {"range", "points", "measures"}  # what may be changed of the paper's planes
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
    check_results(config["pathvars"]["results"], wrong)
    check_arms(config, wrong)
    check_groups(config.get("groups", {}), wrong)
    check_model(config, wrong)
    for task, settings in config["tasks"].items():
        check_source(task, settings, config, wrong)
    check_names(config, wrong)
    study = Study(config)
    check_figures(study, wrong)
    check_planes(study, wrong)
    check_runs(study, wrong)


def said(error):
    """What a schema's error says, with what would be right where that is not in it."""
    kind, value = error.validator, error.validator_value
    if kind == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in known)
        if unknown in MOVED:
            return f"{unknown!r} is no key any more; now {MOVED[unknown]}"
        near = difflib.get_close_matches(str(unknown), known, 1) or known
        return f"{unknown!r} is no key here; known: {', '.join(near)}"
    if kind in ("pattern", "anyOf"):
        return f"{error.instance!r}: expected {error.schema['description']}"
    if kind == "type" and value == "number":
        return f"{error.message} (YAML reads 1e-5 as text; write 1.0e-5)"
    return error.message if len(error.message) < 300 else f"{error.message[:300]} …"


def check_results(results, wrong):
    there = next(path for path in (Path(results), *Path(results).parents) if path.exists())
    if not there.is_dir():
        wrong("pathvars.results", f"{there} is a file; expected a folder, there or yet to be made")
    if Path(results).is_symlink() and not Path(results).exists():
        wrong("pathvars.results", f"{results} is a link to {os.readlink(results)}, which is gone")


def check_arms(config, wrong):
    arms = config.get("arms", ARMS)
    for arm, settings in arms.items():
        if arm in TAKEN:
            wrong(f"arms.{arm}", "is a column of claims.csv; choose another name")
        start = settings["start"]
        if not isinstance(start, dict):
            continue
        if len({"path", "hub"} & set(start)) != 1:
            wrong(f"arms.{arm}.start", "give one of path, hub")
        if arm in STARTS:
            wrong(f"arms.{arm}", "with a start by path or hub, an arm needs another name")
        if "path" in start:
            try:
                classifiers.check_folder(start["path"])
            except InputError as error:
                wrong(f"arms.{arm}.start.path", error)
    for key in ("contrast", "paths"):
        for arm in config.get(key, []):
            if arm not in arms:
                wrong(key, f"{arm!r} is no arm of the study ({', '.join(arms)})")
    names = list(arms)
    for arm in config.get("contrast", [names[-1], names[0]]):
        if not arms[arm].get("shown", True):
            wrong(f"arms.{arm}.shown", "of an arm that claims compare, true")


def check_groups(groups, wrong):
    above = -1
    taken = {*known_planes([]), *map(line_of, groups), "none"}  # tables call the whole model none
    for group, (first, last) in sorted(groups.items(), key=lambda group: group[1]):
        if group in taken:
            wrong(f"groups.{group}", "is the name of a plane, or of no group; choose another")
        if first > last:
            wrong(f"groups.{group}", f"[{first}, {last}] must go from low to high")
        if first <= above:
            wrong(f"groups.{group}", f"layer {first} is in another group too")
        above = last


def check_names(config, wrong):
    """Tasks, arms and groups that tasks and planes name are there."""
    tasks, arms, groups = config["tasks"], config.get("arms", ARMS), config.get("groups", {})
    for task, settings in tasks.items():
        partner = settings.get("partner")
        if partner is not None and (partner == task or partner not in tasks):
            what = f"{partner!r} is not another task of the study ({', '.join(tasks)})"
            wrong(f"tasks.{task}.partner", what)
        for arm in settings["runs"]:
            if arm not in arms:
                wrong(f"tasks.{task}.runs", f"{arm!r} is no arm of the study ({', '.join(arms)})")
    known = known_planes(sorted(groups, key=groups.get))
    for plane, settings in config.get("planes", {}).items():
        if settings is None:
            if plane in (CURVE, FULL):
                wrong(f"planes.{plane}", "cannot be left out: figures and tables are of it")
            continue
        if plane in known and (odd := set(settings) - OF_KNOWN):
            what = (
                f"the axes of this plane are the paper's; give {odd.pop()} to one of another name"
            )
            wrong(f"planes.{plane}", what)
        if "axes" not in settings and plane not in known:
            wrong(f"planes.{plane}", "give its axes, one or two of own, partner, random")
        if (group := settings.get("group")) is not None and group not in groups:
            there = ", ".join(groups) or "none"
            wrong(f"planes.{plane}.group", f"{group!r} is no group of the study ({there})")


def check_figures(study, wrong):
    if study.drawn("groups") and not study.groups:
        wrong("figures.groups", "the study has no groups; leave it out")
    for key in ("tasks", "trajectories", "groups", "overfitting"):
        for task in study.drawn(key):
            if task not in study.tasks:
                there = ", ".join(study.tasks)
                wrong(f"figures.{key}", f"{task!r} is no task of the study ({there})")


def check_planes(study, wrong):
    for name, plane in study.planes.items():
        # what a line about it names: its own key where the config has it there
        own = study.config.get("planes", {}).get(name, {})

        def key(of, own=own, name=name):
            return f"planes.{name}.{of}" if of in own else f"surfaces.{of}"

        if plane.low >= plane.high:
            wrong(key("range"), f"[{plane.low}, {plane.high}] must go from low to high")
        finest = (plane.points - 1) * 2 ** len(plane.finer) + 1  # points on an axis
        if (size := finest ** len(plane.axes)) > MOST_POINTS:
            what = "a curve" if len(plane.axes) == 1 else "a plane"
            of = "surfaces.refine.levels" if plane.finer else key("points")
            wrong(of, f"{size:,} points of {what}; at most {MOST_POINTS:,}")
        if plane.finer and plane.points < 3:
            wrong(key("points"), "2 on an axis; surfaces.refine takes 3 or more")
        step = (plane.high - plane.low) / (finest - 1)
        if step < 1e-6 * max(abs(plane.low), abs(plane.high)):
            wrong(
                key("range"),
                f"[{plane.low}, {plane.high}]: float32 does not tell {finest} points apart",
            )
        if (jobs := plane.size // study.config["surfaces"]["points_per_chunk"]) > MOST_CHUNKS:
            what = f"{jobs:,} jobs for one surface; at most {MOST_CHUNKS:,}"
            wrong("surfaces.points_per_chunk", what)
        if OWN in plane.axes[1:]:
            wrong(f"planes.{name}.axes", "own can be the first axis only")
        if PARTNER in plane.axes and plane.axes != (OWN, PARTNER):
            wrong(f"planes.{name}.axes", "partner is the second axis, beside own")
        if plane.group and plane.anchor != "end":
            wrong(f"planes.{name}.anchor", "end, as the plane moves one group of a trained model")


def check_runs(study, wrong):
    for arm, task, _ in study.trained():
        if arm not in study.tasks[task].recipes:
            wrong(f"tasks.{task}.runs", f"no {arm}, which figures and tables need")
    for arm, task, _ in study.further():
        recipe = study.tasks[task].recipes[arm]
        for key, values in {
            "epochs": recipe.epochs,
            "learning_rate": recipe.learning_rates,
        }.items():
            if len(values) > 1:
                wrong(
                    f"tasks.{task}.runs.{arm}.{key}",
                    "one value only: Fig. 4 (figures.overfitting) goes on from one known model; "
                    "for a choice of several give Fig. 4 a task of its own on the same data",
                )

    check_candidates(study, lambda what: wrong("candidate_seeds", what))


def check_candidates(study, wrong):
    if both := set(study.seeds) & set(study.candidate_seeds):
        wrong(f"{min(both)} is in seeds too; give others: a run chosen for its luck stays lucky")
    for arm, task, _ in study.trained() if not study.candidate_seeds else ():
        if (several := len(study.tasks[task].recipes[arm].candidates)) > 1:
            what = f"is missing: tasks.{task}.runs.{arm} has {several} candidates"
            wrong(f"{what}, which are tried on seeds of their own")


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
    for group, (_, last) in config.get("groups", {}).items():
        if layers is not None and last >= layers:
            wrong(f"groups.{group}", f"layer {last}: the model has layers 0 to {layers - 1}")


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
