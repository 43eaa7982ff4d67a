"""Stages of the library: data flows down, and imports never run up."""

import ast
import re

import pytest
from helpers import ROOT, SCRIPTS
from landscape.jobs import code

LIBRARY = SCRIPTS / "landscape"
# each may import those before it; `jobs`, `planes` and `study` stand beside them
BESIDE = ["jobs", "words", "names", "planes", "study"]
STAGES = [*BESIDE, "data", "models", "runs", "directions", "surfaces", "claims", "figures", "plan"]
# so that work on metrics, packing and plots never trains anything again
NOT_FOR_TRAINING = (
    "landscape.surfaces",
    "landscape.claims",
    "landscape.figures",
    "landscape.planes",
    "landscape.study",
)
NOT_FOR_TRAINING += ("matplotlib",)


def stage(path):
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", list(LIBRARY.rglob("*.py")), ids=lambda path: str(path.name))
def test_imports_go_down_the_table_of_stages(path):
    if path.name == "__init__.py":
        return
    for other in code.imported_files(path, SCRIPTS):
        assert STAGES.index(stage(other)) <= STAGES.index(stage(path)), f"{path} imports {other}"


def test_no_module_imports_itself_by_a_detour():
    for path in LIBRARY.rglob("*.py"):
        for first in code.imported_files(path, SCRIPTS):
            assert path not in code.behind(first, SCRIPTS), f"{path} through {first}"


@pytest.mark.parametrize("command", ["train.py", "launch.py"])
def test_training_knows_nothing_of_what_comes_after_it(command):
    files = code.behind(SCRIPTS / "runs" / command, SCRIPTS)
    names = {name for file in files for name in code.imports(file)}
    assert not [name for name in names if name.startswith(NOT_FOR_TRAINING)]


def test_relative_imports_would_hide_the_stage():
    for path in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.ImportFrom) or not node.level, path


@pytest.mark.parametrize("folder", ["data", "directions", "surfaces"])
def test_what_is_measured_does_not_hang_on_how_a_config_is_read(folder):
    """A new key of configs must not have all surfaces measured again."""
    for command in (SCRIPTS / folder).glob("*.py"):
        files = code.behind(command, SCRIPTS)
        names = {name for file in files for name in code.imports(file)}
        assert not [
            name for name in names if name.startswith(("landscape.study", "landscape.planes"))
        ], command


# the paper's arms, groups, planes and kinds of axes are data: defaults in `words`, and what the
# check says of keys that moved
STUDY = {"pretrained", "scratch", "middle", "full", "curve", "way", "basin", "control"}
STUDY |= {"own", "partner", "random"}


def test_the_study_is_no_strings_in_the_code():
    found = {}
    for path in SCRIPTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in STUDY:
                name = str(path.relative_to(SCRIPTS))
                found[name] = found.get(name, 0) + 1
    assert found == {"landscape/words.py": 12, "landscape/study.py": 1, "study/check_config.py": 4}
    for path in (SCRIPTS.parents[1] / "rules").glob("*.smk"):
        quoted = re.findall(r"""["'](\w+)["']""", path.read_text(encoding="utf-8"))
        assert not STUDY & set(quoted), path


@pytest.mark.parametrize("path", list((ROOT / "rules").glob("*.smk")), ids=lambda path: path.name)
def test_a_rules_command_stands_alone(path):
    """Python takes the place of the shell: what stood after it would not run."""
    for command in re.findall(r"shell:\n((?: +['\"].*\n)+)", path.read_text()):
        assert not re.search(r"&& |; |\|\|? ", command), command
