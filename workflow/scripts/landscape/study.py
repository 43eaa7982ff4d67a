"""What a study is: its config as one object that never changes and answers for all of it.

Nothing else reads a config; what a config need not say stands here and in `words`. Runs are named
by (arm, task, seed) throughout.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

from landscape.planes import known_planes, planes
from landscape.words import (
    ARMS,
    BASIN,
    CURVE,
    ERROR,
    FROM_SEED,
    FULL,
    PARTNER,
    RANDOM,
    WAY,
    line_of,
)


@dataclass(frozen=True)
class Arm:
    """A way of training: what it starts from, and the settings of `training` that it has."""

    name: str
    label: str
    start: str  # the folder of its θ0 among the models
    source: str | dict  # "pretrained", "random", or another model by `path` or `hub`
    training: dict
    shown: bool  # else it is trained for `paths` alone

    @property
    def from_random(self):
        return self.source == FROM_SEED


@dataclass(frozen=True)
class Group:
    """A range of layers, both ends included, from 0."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Recipe:
    """How an arm is trained on a task: each combination of lists is a candidate."""

    epochs: tuple[int, ...]
    learning_rates: tuple[float, ...]
    batch_size: int

    @property
    def candidates(self):
        """{name of the folder: (epochs, learning rate)}, those of fewer epochs first."""
        return {
            f"e{epochs}_lr{rate_name(rate)}": (epochs, rate)
            for epochs, rate in product(sorted(self.epochs), self.learning_rates)
        }


@dataclass(frozen=True)
class Task:
    """A task and how each arm that runs it is trained."""

    name: str
    partner: str | None  # whose direction is δ2; None: a random one is
    recipes: dict  # {arm: Recipe}


class Study:
    """A config that `check_config` has found in order."""

    def __init__(self, config):
        self.config = config
        self.seeds = tuple(config["seeds"])
        self.candidate_seeds = tuple(config.get("candidate_seeds", ()))
        self.first_seed = self.seeds[0]  # figures show it; Fig. 2 and the tables all of them
        self.arms = {
            name: arm(name, settings, config["training"])
            for name, settings in config.get("arms", ARMS).items()
        }
        names = list(self.arms)
        self.first_start = self.arms[names[0]].start  # any will do where one stands for all
        # the two that claims compare, or the only one; what is shown of one arm is of the first
        self.contrast = tuple(config.get("contrast", dict.fromkeys([names[-1], names[0]])))
        self.shown = self.contrast[0]
        # the two whose trajectories are compared, as only trainings of the same length can be
        self.paths = tuple(config.get("paths", self.contrast))
        groups = sorted(config.get("groups", {}).items(), key=lambda group: group[1])
        self.groups = {name: Group(name, *layers) for name, layers in groups}
        self.planes = planes(config, self.groups)
        self.tasks = {
            name: Task(name, settings.get("partner"), recipes(settings["runs"]))
            for name, settings in config["tasks"].items()
        }

    # which figures and tables there are, and of what

    @cached_property
    def figures(self):
        """The numbers of the paper's figures for which the config names what is in them."""
        drawn = self.config["figures"]
        errors = ERROR in self.planes[FULL].measures
        left_out = {
            3: "trajectories" not in drawn,
            4: "overfitting" not in drawn or not errors,
            6: not errors,
            7: "groups" not in drawn or not self.group_planes,
        }
        return [number for number in range(1, 8) if not left_out.get(number)]

    def drawn(self, key):
        """The tasks of a key of `figures`, in the config's order; none where it is not given."""
        tasks = self.config["figures"].get(key, [])
        return [tasks["task"]] if isinstance(tasks, dict) else tasks

    @property
    def further_epochs(self):
        """Of Fig. 4."""
        return self.config["figures"]["overfitting"]["further_epochs"]

    # which runs each step is needed of, for figures and tables

    def runs(self, key="tasks", arms=None, seeds=None):
        """The runs of the tasks of a key of `figures`: of all arms and seeds, or of these."""
        return [
            (arm, task, seed)
            for task in self.drawn(key)
            for seed in seeds or self.seeds
            for arm in arms or self.shown_arms
        ]

    @property
    def shown_arms(self):
        """{name: label} of those that figures show, in this order."""
        return {arm.name: arm.label for arm in self.arms.values() if arm.shown}

    def shown_runs(self, key="tasks", arms=None):
        return self.runs(key, arms, [self.first_seed])

    def further(self):
        """The runs that go on from their end for Fig. 4, which shows the first."""
        return self.runs("overfitting", [self.shown]) if 4 in self.figures else []

    def trajectories(self):
        """Runs whose epochs are drawn on their plane, with the losses there."""
        return unique(self.shown_runs() + self.shown_runs("trajectories"))

    def projections(self):
        """Runs whose epochs are projected on their plane."""
        return unique(self.trajectories() + self.judged())

    def judged(self):
        """Runs that claims are judged by: those of `paths` too, by their trajectories alone."""
        return unique(self.runs() + self.runs(arms=self.paths))

    def surfaces(self, plane):
        """Runs of which that plane is measured."""
        plane = self.planes[plane]
        if plane.group:
            seeds = self.seeds if plane.name in self.lines else [self.first_seed]
            return self.runs("groups", [self.shown], seeds)
        if plane.name in (CURVE, WAY, BASIN):
            return self.runs()
        if plane.name == FULL:
            return unique(self.trajectories() + self.further()[:1])
        return self.shown_runs()

    def rolled_back(self):
        return self.runs(arms=[self.shown]) if self.groups else []

    def sharpness(self):
        return self.runs() if "sharpness" in self.config["surfaces"] else []

    @property
    def group_planes(self):
        """Names of the planes of groups, from the lowest; a config may leave some out."""
        return [name for name in self.groups if name in self.planes]

    @property
    def lines(self):
        """Names of the lines of the lowest and the highest group, which claims compare."""
        known = known_planes(self.groups)
        return [name for name in map(line_of, self.groups) if name in known and name in self.planes]

    @property
    def together(self):
        """{name of the step: planes}: small ones of the same runs, which one process measures."""
        most = self.config["surfaces"]["points_per_chunk"]
        sets = {"curves": [CURVE, WAY, BASIN], "group_lines": self.lines}
        small = {
            step: [
                name for name in planes if name in self.planes and self.planes[name].size <= most
            ]
            for step, planes in sets.items()
        }
        return {step: planes for step, planes in small.items() if planes}

    @property
    def in_chunks(self):
        """Names of the planes that are measured in jobs of their own, chunk by chunk."""
        small = {name for planes in self.together.values() for name in planes}
        return [name for name in self.planes if name not in small]

    @property
    def own_planes(self):
        """Names of the config's own planes of two axes."""
        known = known_planes(self.groups)
        return [
            name for name, plane in self.planes.items() if name not in known and len(plane.axes) > 1
        ]

    def partner(self, run):
        """The run whose direction is the second axis of a run's planes; None: a random one is."""
        arm, task, seed = run
        return (arm, self.tasks[task].partner, seed) if self.tasks[task].partner else None

    def kind(self, axis, run):
        """Of an axis on a run's planes: a random one stands for that of a partner it has not."""
        return RANDOM if axis == PARTNER and not self.partner(run) else axis

    def _on_planes(self):
        """(kind of an axis, run) for all planes that are measured or projected on."""
        found = [
            (axis, run)
            for name, plane in self.planes.items()
            for axis in plane.axes
            for run in self.surfaces(name)
        ]
        found += [(PARTNER, run) for run in self.projections() + self.further()]
        return [(self.kind(axis, run), run) for axis, run in found]

    def directions(self):
        """Runs whose δ = θ1 − θ0 is needed: to be told, or projected on, or as a partner's."""
        partners = [self.partner(run) for kind, run in self._on_planes() if kind == PARTNER]
        return unique([*self.judged(), *self.projections(), *self.further(), *partners])

    def random_seeds(self):
        """Seeds of which random directions are needed."""
        return sorted({seed for kind, (*_, seed) in self._on_planes() if kind == RANDOM})

    def trained(self):
        """Runs that are trained: those that are drawn or judged, and their partners."""
        of_planes = [run for name in self.planes for run in self.surfaces(name)]
        return unique(self.judged() + of_planes + self.directions() + self.rolled_back())

    def tried(self):
        """Runs in which candidates are tried, where an arm has several for a task."""
        several = {
            (arm, task): None
            for arm, task, _ in self.trained()
            if len(self.tasks[task].recipes[arm].candidates) > 1
        }
        return [(*both, seed) for both in several for seed in self.candidate_seeds]


def arm(name, settings, training):
    start = settings["start"]
    folder = start if isinstance(start, str) else name
    own = training | settings.get("training", {})
    return Arm(name, settings.get("label", name), folder, start, own, settings.get("shown", True))


def recipes(runs):
    return {
        arm: Recipe(tuple(run["epochs"]), tuple(run["learning_rate"]), run["batch_size"])
        for arm, run in runs.items()
    }


def rate_name(rate):
    """A learning rate in a path: six digits where they are all of it, as in 1e-05."""
    short = f"{rate:g}"
    return short if float(short) == rate else repr(rate)


def unique(runs):
    return list(dict.fromkeys(runs))
