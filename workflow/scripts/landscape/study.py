"""What a study is: its config as one object that never changes and answers for all of it.

Nothing else reads a config; what a config need not say stands here and in `words`. Runs are named
by (arm, task, seed) throughout.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

from landscape.words import (
    ARMS,
    CONTROL,
    CURVE,
    ERROR,
    FROM_SEED,
    FULL,
    LOSS,
    OWN,
    PARTNER,
    RANDOM,
)

# what a config need not say
PLANES = {
    CURVE: {"axes": [OWN]},
    FULL: {"axes": [OWN, PARTNER], "measures": [LOSS, ERROR]},
    CONTROL: {"anchor": "end", "axes": [RANDOM, RANDOM], "range": [-1.0, 1.0]},
}
OF_GROUP = {"anchor": "end", "axes": [OWN, PARTNER]}


@dataclass(frozen=True)
class Arm:
    """A way of training: what it starts from, and the settings of `training` that it has."""

    name: str
    label: str
    start: str  # the folder of its θ0 among the models
    source: str | dict  # "pretrained", "random", or another model by `path` or `hub`
    training: dict

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
class Plane:
    """An anchor, one axis or two, what they move, the points on them and what is measured there."""

    name: str
    anchor: str  # the start or the end of a run
    axes: tuple[str, ...]
    low: float
    high: float
    points: int  # on an axis
    measures: tuple[str, ...]  # off the landmarks, which have all
    group: Group | None = None  # None: all layers move

    @property
    def range(self):
        return self.low, self.high

    @property
    def size(self):
        """Points of the grid."""
        return self.points ** len(self.axes)

    @property
    def splits(self):
        """What the measures are of."""
        return [measure.partition("_")[0] for measure in self.measures]


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
            for arm in arms or self.arms
        ]

    def shown_runs(self, key="tasks", arms=None):
        return self.runs(key, arms, [self.first_seed])

    def further(self):
        """The run of Fig. 4, which goes on from its end."""
        return self.shown_runs("overfitting", [self.shown]) if 4 in self.figures else []

    def trajectories(self):
        """Runs whose epochs are drawn on their plane, with the losses there."""
        return unique(self.shown_runs() + self.shown_runs("trajectories"))

    def projections(self):
        """Runs whose epochs are projected on their plane."""
        return unique(self.trajectories() + self.runs())

    def surfaces(self, plane):
        """Runs of which that plane is measured."""
        plane = self.planes[plane]
        if plane.group:
            return self.shown_runs("groups", [self.shown])
        if plane.name == CURVE:
            return self.runs()
        if plane.name == FULL:
            return unique(self.trajectories() + self.further())
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
    def own_planes(self):
        """Names of the config's own planes of two axes."""
        known = {*PLANES, *self.groups}
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
        return unique([*self.runs(), *self.projections(), *self.further(), *partners])

    def random_seeds(self):
        """Seeds of which random directions are needed."""
        return sorted({seed for kind, (*_, seed) in self._on_planes() if kind == RANDOM})

    def trained(self):
        """Runs that are trained: those that are drawn or judged, and their partners."""
        of_planes = [run for name in self.planes for run in self.surfaces(name)]
        return unique(self.runs() + of_planes + self.directions() + self.rolled_back())


def arm(name, settings, training):
    start = settings["start"]
    folder = start if isinstance(start, str) else name
    own = training | settings.get("training", {})
    return Arm(name, settings.get("label", name), folder, start, own)


def planes(config, groups):
    """{name: Plane}: the paper's, those of the groups and the config's own, as it changes them."""
    defaults = PLANES | {name: OF_GROUP | {"group": name} for name in groups}
    given = config.get("planes", {})
    made = {}
    for name in [*defaults, *(name for name in given if name not in defaults)]:
        if (changes := given.get(name, {})) is None:
            continue  # left out by the config
        plane = defaults.get(name, {}) | changes
        low, high = plane.get("range", config["surfaces"]["range"])
        made[name] = Plane(
            name,
            plane.get("anchor", "start"),
            tuple(plane["axes"]),
            low,
            high,
            plane.get("points", config["surfaces"]["points"]),
            tuple(plane.get("measures", [LOSS])),
            groups[plane["group"]] if "group" in plane else None,
        )
    return made


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
