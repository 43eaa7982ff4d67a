"""Config files in YAML or JSON, read as they were written or not at all."""

import json
from pathlib import Path

import yaml
from landscape.jobs.command import InputError, one_line


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
