"""Which planes a study has: the paper's, where verdicts look, those of groups, its config's own."""

from dataclasses import dataclass

from landscape.words import (
    BASIN,
    CONTROL,
    CURVE,
    ERROR,
    FULL,
    LOSS,
    OWN,
    PARTNER,
    RANDOM,
    WAY,
    line_of,
)

# what a config need not say
PLANES = {
    CURVE: {"axes": [OWN]},
    FULL: {"axes": [OWN, PARTNER], "measures": [LOSS, ERROR]},
    # where verdicts look: a fine line, and the end's surroundings
    WAY: {"axes": [OWN], "range": [0.0, 1.0], "points": 41},
    BASIN: {
        "anchor": "end",
        "axes": [OWN, PARTNER],
        "range": [-1.0, 1.0],
        "points": 9,
        "measures": [LOSS, ERROR],
    },
    CONTROL: {"anchor": "end", "axes": [RANDOM, RANDOM], "range": [-1.0, 1.0]},
}
OF_GROUP = {"anchor": "end", "axes": [OWN, PARTNER]}
LINE = {"anchor": "end", "axes": [OWN], "points": 41}


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
    group: object | None = None  # None: all layers move
    finer: tuple[int, ...] = ()  # points that each further level measures

    @property
    def range(self):
        return self.low, self.high

    @property
    def size(self):
        """Points of the grid."""
        return self.points ** len(self.axes)

    @property
    def levels(self):
        """Points that each level measures, the grid's first."""
        return self.size, *self.finer

    @property
    def splits(self):
        """What the measures are of."""
        return [measure.partition("_")[0] for measure in self.measures]


def known_planes(groups):
    """{name: settings}: the paper's planes and lines, with those of groups, from the lowest."""
    groups = list(groups)
    lines = [groups[0], groups[-1]] if len(groups) > 1 else []
    return (
        PLANES
        | {name: OF_GROUP | {"group": name} for name in groups}
        | {line_of(name): LINE | {"group": name} for name in lines}
    )


def planes(config, groups):
    """{name: Plane}: the paper's, those of the groups and the config's own, as it changes them."""
    defaults = known_planes(groups)
    given = config.get("planes", {})
    made = {}
    for name in [*defaults, *(name for name in given if name not in defaults)]:
        if (changes := given.get(name, {})) is None:
            continue  # left out by the config
        plane = defaults.get(name, {}) | changes
        points = plane.get("points", config["surfaces"]["points"])
        measures = tuple(plane.get("measures", [LOSS]))
        drawn = len(plane["axes"]) == 2 and "range" not in plane and LOSS in measures
        low, high = plane.get("range", config["surfaces"]["range"])
        made[name] = Plane(
            name,
            plane.get("anchor", "start"),
            tuple(plane["axes"]),
            low,
            high,
            points,
            measures,
            groups[plane["group"]] if "group" in plane else None,
            finer(points, **config["surfaces"].get("refine", {})) if drawn else (),
        )
    return made


def finer(size, levels=0, points=0):
    """Points that each further level of a plane measures, of so many on an axis of its grid.

    At most those of its lattice that are left.
    """
    numbers = [size**2]
    for level in range(1, levels + 1):
        lattice = ((size - 1) * 2**level + 1) ** 2
        numbers.append(min(points, lattice - sum(numbers)))
    return tuple(numbers[1:])
