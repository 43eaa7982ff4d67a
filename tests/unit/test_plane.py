"""θ(α, β): the ends are met bit for bit, nothing drifts, and only what may move does."""

import helpers
import numpy as np
import pytest
import random_directions
import torch
from landscape import planes
from landscape.jobs.command import InputError
from landscape.models import classifiers
from landscape.study import Group
from landscape.surfaces import plane
from landscape.words import OWN, PARTNER, RANDOM
from safetensors.numpy import load_file, save_file


class Two(torch.nn.Module):
    """A 'model' whose encoder has two numbers in each of two layers: its plane is done by hand."""

    base_model_prefix = "body"

    def __init__(self, end):
        super().__init__()
        self.body = torch.nn.Module()
        self.body.layer = torch.nn.ModuleList(torch.nn.Module() for _ in end)
        for layer, values in zip(self.body.layer, end):
            layer.w = torch.nn.Parameter(torch.tensor(values))
        self.head = torch.nn.Parameter(torch.tensor([9.0]))

    def numbers(self):
        return [layer.w.tolist() for layer in self.body.layer]


def two_file(path, *layers, prefix=""):
    tensors = {f"{prefix}layer.{i}.w": np.array(w, np.float32) for i, w in enumerate(layers)}
    save_file(tensors, path)
    return path


def two_ends(folder):
    """Files of θ0 = 0 and of the θ1 that all cases of `Two` have: ‖δ1‖ is 3 and 4, so 5."""
    end = two_file(folder / "end", [3.0, 0.0], [0.0, 4.0], prefix="encoder.")
    return two_file(folder / "start", [0.0, 0.0], [0.0, 0.0]), end


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(folder of θ0, checkpoint of θ1, a direction δ2): tiny BERT, all parameters moved."""
    folder = tmp_path_factory.mktemp("plane")
    start = helpers.model_folder(folder / "start")
    model = helpers.moved(classifiers.load_classifier(start, 3), seed=1)
    classifiers.save_checkpoint(model, folder / "end.safetensors")
    rng = np.random.default_rng(2)
    second = {
        name: rng.standard_normal(value.shape).astype(np.float32)
        for name, value in load_file(start / "model.safetensors").items()
    }
    save_file(second, folder / "second.safetensors")
    return start, folder / "end.safetensors", folder / "second.safetensors"


@pytest.fixture
def model(trained):
    start, end, _ = trained
    return classifiers.load_final(start, end, 3, "cpu")


def through_ends(model, start, end, second=None, layers=None):
    """The plane of δ1, and of δ2 if there is one; of a group, from θ1."""
    axes = [(OWN, None)] + [(PARTNER, second)] * (second is not None)
    return plane.Plane(model, start, end, axes, "end" if layers else "start", layers)


def full(model, trained, **more):
    start, end, second = trained
    return through_ends(model, start / "model.safetensors", end, second, **more)


def encoder_bits(model):
    return {n: b for n, b in helpers.bits(model).items() if n.startswith("encoder.")}


def start_bits(trained):
    tensors = load_file(trained[0] / "model.safetensors")
    return {f"encoder.{name}": value.tobytes() for name, value in tensors.items()}


def test_by_hand(tmp_path):
    """‖δ1‖ = 5 over both layers, δ2 = 2 × its length: halved, then added."""
    model = Two([[3.0, 0.0], [0.0, 4.0]])
    second = two_file(tmp_path / "second", [0.0, 8.0], [-6.0, 0.0])
    through_ends(model, *two_ends(tmp_path), second).place(2.0, 1.0)
    assert model.numbers() == [[6.0, 4.0], [-3.0, 8.0]]
    assert model.head.item() == 9.0


def test_group_by_hand(tmp_path):
    """Only layer 1 moves, from θ1; δ2 is re-scaled to ‖δ1‖ = 4 of that layer alone."""
    model = Two([[3.0, 0.0], [0.0, 4.0]])
    second = two_file(tmp_path / "second", [0.0, 8.0], [-2.0, 0.0])
    through_ends(model, *two_ends(tmp_path), second, layers=(1, 1)).place(0.5, 1.0)
    assert model.numbers() == [[3.0, 0.0], [-4.0, 6.0]]


def test_the_line_of_a_group_by_hand(tmp_path):
    """From θ1 along δ1 of layer 1 alone: at −1 that layer is rolled back and the rest is θ1."""
    model = Two([[3.0, 0.0], [0.0, 4.0]])
    through = through_ends(model, *two_ends(tmp_path), layers=(1, 1))
    for alpha, moved in [(-1.0, [0.0, 0.0]), (0.0, [0.0, 4.0]), (0.5, [0.0, 6.0])]:
        through.place(alpha, 0.0)
        assert model.numbers() == [[3.0, 0.0], moved]


def test_quadratic_loss_along_a_curve(tmp_path):
    """A loss ‖θ − θ1‖² is (1 − α)² ‖δ1‖² along δ1, whatever the place visited before."""
    model = Two([[3.0, 0.0], [0.0, 4.0]])
    end = np.array(model.numbers())
    through = through_ends(model, *two_ends(tmp_path))
    for alpha in (-4.0, 3.5, 0.25, 1.0, 0.0):
        through.place(alpha, 0.0)
        loss = np.square(np.array(model.numbers()) - end).sum()
        assert loss == pytest.approx((1 - alpha) ** 2 * 25.0, rel=1e-6)


def test_a_full_plane_meets_both_ends_bit_for_bit(model, trained):
    before = helpers.bits(model)
    through = full(model, trained)
    through.place(0.3, -2.0)
    through.place(0.0, 0.0)
    assert encoder_bits(model) == start_bits(trained)
    through.place(1.0, 0.0)
    assert helpers.bits(model) == before  # the head with it


@pytest.mark.parametrize("layers", [(0, 0), (1, 2), (0, 2)])
def test_a_group_meets_both_ends_and_leaves_the_rest(model, trained, layers):
    end, start = helpers.bits(model), start_bits(trained)
    through = full(model, trained, layers=layers)
    inside = {
        name for name in start if classifiers.layer_of(name) in range(layers[0], layers[1] + 1)
    }
    through.place(-1.0, 0.0)
    assert helpers.bits(model) == end | {name: start[name] for name in inside}
    through.place(2.5, -1.5)
    now = helpers.bits(model)
    assert {name for name in now if now[name] != end[name]} == inside
    through.place(0.0, 0.0)
    assert helpers.bits(model) == end


def test_nothing_drifts(model, trained):
    through = full(model, trained)
    through.place(-1.7, 0.9)
    first = helpers.bits(model)
    for alpha, beta in np.random.default_rng(0).uniform(-4, 4, (1000, 2)):
        through.place(alpha, beta)
    through.place(-1.7, 0.9)
    assert helpers.bits(model) == first


@pytest.mark.parametrize("layers", [None, (1, 1)])
def test_against_the_plain_formula(model, trained, layers):
    """In float64 from the files; also that ‖βδ2‖ = |β| ‖δ1‖ over what moves."""
    start, end, second = (
        load_file(path) for path in (trained[0] / "model.safetensors", *trained[1:])
    )
    names = [n for n in start if layers is None or classifiers.layer_of(n) == 1]
    delta1 = {n: end[f"encoder.{n}"].astype(float) - start[n] for n in names}
    length1 = np.sqrt(sum(np.square(d).sum() for d in delta1.values()))
    length2 = np.sqrt(sum(np.square(second[n].astype(float)).sum() for n in names))
    through = full(model, trained, layers=layers)
    for alpha, beta in [(-4.0, -4.0), (-1.3, 2.2), (0.0, 1.0), (0.6, 0.0), (4.0, 3.0)]:
        through.place(alpha, beta)
        now = classifiers.parameters(model)
        for n in names:
            anchor = start[n].astype(float) if layers is None else end[f"encoder.{n}"]
            want = anchor + alpha * delta1[n] + beta * second[n] * length1 / length2
            np.testing.assert_allclose(now[f"encoder.{n}"].detach().numpy(), want, atol=2e-5)


def spoil(path, name, value):
    """A copy of a safetensors file in which one tensor is replaced, or missing (None)."""
    tensors = load_file(path)
    tensors |= {name: value}
    if value is None:
        del tensors[name]
    save_file(tensors, spoilt := path.with_name("spoilt.safetensors"))
    return spoilt


NAME = "encoder.layer.1.attention.self.query.weight"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="missing"),
        pytest.param(np.zeros((16, 8), np.float32), id="shape"),
        pytest.param(np.full((16, 16), np.nan, np.float32), id="nan"),
        pytest.param(np.full((16, 16), np.inf, np.float32), id="inf"),
    ],
)
def test_a_direction_that_does_not_fit_is_named(model, trained, value):
    start, end, second = trained
    spoilt = spoil(second, NAME, value)
    with pytest.raises(InputError, match=f"{spoilt}.*{NAME}"):
        through_ends(model, start / "model.safetensors", end, spoilt)


def test_a_start_of_another_model_is_named(model, trained):
    spoilt = spoil(trained[0] / "model.safetensors", NAME, np.zeros((3, 3), np.float32))
    with pytest.raises(InputError, match=f"{spoilt}.*{NAME}"):
        through_ends(model, spoilt, trained[1])


def test_a_direction_that_is_zero_in_the_group_is_refused(model, trained):
    """It could not be re-scaled: NaN parameters would be drawn as if they were a result."""
    start, end, second = trained
    tensors = load_file(second)
    tensors |= {n: np.zeros_like(t) for n, t in tensors.items() if classifiers.layer_of(n) == 1}
    save_file(tensors, zero := second.with_name("zero.safetensors"))
    through_ends(model, start / "model.safetensors", end, zero, layers=(0, 0))
    with pytest.raises(InputError, match="zero"):
        through_ends(model, start / "model.safetensors", end, zero, layers=(1, 1))


def test_the_grid_meets_its_ends():
    assert plane.grid(-4.0, 4.0, 5) == [-4.0, -2.0, 0.0, 2.0, 4.0]
    values = plane.grid(-0.3, 0.3, 7)
    assert values == [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3]  # not 0.09999999999999998


@pytest.mark.parametrize(
    "axes, anchor, group, places",
    [
        ([OWN], "start", False, [(0.0, 0.0, "start"), (1.0, 0.0, "end")]),
        ([OWN], "end", True, [(0.0, 0.0, "end"), (-1.0, 0.0, "rollback")]),
        ([OWN, PARTNER], "start", False, [(0.0, 0.0, "start"), (1.0, 0.0, "end")]),
        ([OWN, PARTNER], "end", True, [(0.0, 0.0, "end"), (-1.0, 0.0, "rollback")]),
        ([OWN, RANDOM], "end", False, [(0.0, 0.0, "end"), (-1.0, 0.0, "start")]),
        ([RANDOM, RANDOM], "end", False, [(0.0, 0.0, "end")]),
    ],
)
def test_landmarks_are_where_files_of_parameters_lie(axes, anchor, group, places):
    assert plane.landmarks(axes, anchor, group) == places
    values = [-1.0, 0.0, 0.5]
    got = plane.points(places, values, len(axes))
    assert [point[:3] for point in got[: len(places)]] == places
    grid = {(a, b) for a in values for b in (values if len(axes) == 2 else [0.0])}
    assert {point[:2] for point in got[len(places) :]} == grid
    assert {point[2] for point in got[len(places) :]} == {None}


def test_landmarks_are_in_float32_and_once_more_as_the_grid():
    places = plane.landmarks([OWN, PARTNER], "start", False)
    got = plane.points(places, [0.0, 1.0], 2, "bfloat16")
    float32, bfloat16 = ("start", "float32"), ("start", "bfloat16")
    assert [p[2:] for p in got[:4]] == [
        float32,
        ("end", "float32"),
        bfloat16,
        ("end", "bfloat16"),
    ]
    assert {p[2:] for p in got[4:]} == {(None, "bfloat16")} and len(got) == 8
    assert {p[3] for p in plane.points(places, [0.0, 1.0], 2)} == {"float32"}


def test_a_model_in_bfloat16_gets_theta_rounded_once(model, trained):
    """Computed in float32: an α of 0.3 in bfloat16 arithmetic would be off by a per cent of δ1."""
    through = full(model, trained)
    through.place(0.3, -1.2)
    want = {n: p.detach().bfloat16() for n, p in classifiers.parameters(model).items()}
    model.bfloat16()
    through.place(2.0, 1.0)
    through.place(0.3, -1.2)
    assert all(torch.equal(p, want[n]) for n, p in classifiers.parameters(model).items())


def defined(groups, given=None):
    """The planes of a study with these groups, one layer each, and what its config says."""
    made = {name: Group(name, layer, layer) for layer, name in enumerate(groups)}
    config = {"surfaces": {"range": [-4.0, 4.0], "points": 5}, "planes": given or {}}
    return planes.planes(config, made)


PAPERS = ["curve", "full", "way", "basin", "control"]


@pytest.mark.parametrize(
    "groups, of_groups",
    [
        ([], []),
        (["all"], ["all"]),  # a line compares the lowest with the highest
        (["low", "high"], ["low", "high", "low_line", "high_line"]),
        (["low", "middle", "high"], ["low", "middle", "high", "low_line", "high_line"]),
    ],
)
def test_planes_known_by_default(groups, of_groups):
    """The paper's and where verdicts look, one a group, and lines of the outermost two."""
    assert list(planes.known_planes(groups)) == PAPERS + of_groups
    made = defined(groups)
    assert list(made) == PAPERS + of_groups
    for name in of_groups:
        assert made[name].group.name == name.removesuffix("_line") and made[name].anchor == "end"
        assert made[name].axes == ((OWN,) if name.endswith("_line") else (OWN, PARTNER))
    assert all(made[name].group is None for name in PAPERS)


def test_where_verdicts_look_does_not_hang_on_the_pictures_grid():
    """A study with a coarse grid must not judge by its five points between start and end."""
    made = defined(["low", "high"])
    both, loss = ("train_loss", "dev_error"), ("train_loss",)
    told = {name: (p.anchor, p.axes, p.range, p.size, p.measures) for name, p in made.items()}
    assert told == {
        "curve": ("start", (OWN,), (-4.0, 4.0), 5, loss),
        "full": ("start", (OWN, PARTNER), (-4.0, 4.0), 25, both),
        "way": ("start", (OWN,), (0.0, 1.0), 41, loss),
        "basin": ("end", (OWN, PARTNER), (-1.0, 1.0), 81, both),
        "control": ("end", (RANDOM, RANDOM), (-1.0, 1.0), 25, loss),
        "low": ("end", (OWN, PARTNER), (-4.0, 4.0), 25, loss),
        "high": ("end", (OWN, PARTNER), (-4.0, 4.0), 25, loss),
        "low_line": ("end", (OWN,), (-4.0, 4.0), 41, loss),
        "high_line": ("end", (OWN,), (-4.0, 4.0), 41, loss),
    }


def test_a_config_changes_leaves_out_and_adds_planes():
    given = {"way": {"points": 7}, "low": None, "high_line": {"range": [-1.0, 0.0]}}
    given |= {"mine": {"axes": [OWN, RANDOM], "points": 3, "measures": ["dev_error"]}}
    made, before = defined(["low", "high"], given), defined(["low", "high"])
    assert list(made) == [name for name in before if name != "low"] + ["mine"]
    assert (made["way"].points, made["way"].range) == (7, (0.0, 1.0))
    assert (made["high_line"].points, made["high_line"].range) == (41, (-1.0, 0.0))
    mine = made["mine"]
    assert (mine.anchor, mine.axes, mine.size, mine.splits) == ("start", (OWN, RANDOM), 9, ["dev"])
    unchanged = set(before) - {"way", "low", "high_line"}
    assert all(made[name] == before[name] for name in unchanged)


@pytest.fixture
def random(trained, tmp_path):
    """seed → files of two random directions."""

    def drawn(seed):
        files = [tmp_path / f"s{seed}_{number}.safetensors" for number in (1, 2)]
        argv = ["--like", trained[0] / "model.safetensors", "--seed", seed, "--output", *files]
        random_directions.main(list(map(str, argv)))
        return files

    return drawn


def lengths(moved):
    """Of each filter of each matrix of the encoder."""
    return {name: change.flatten(1).norm(dim=1) for name, change in moved.items()}


def moved_by(model, through, alpha, beta):
    """How far (α, β) lies from the model as it is, by matrix of the encoder; nothing else moves."""
    before = {name: p.detach().clone() for name, p in classifiers.parameters(model).items()}
    through.place(alpha, beta)
    moved = {}
    for name, parameter in classifiers.parameters(model).items():
        if name.startswith(classifiers.ENCODER) and parameter.ndim > 1:
            moved[name] = parameter.detach() - before[name]
        else:
            assert torch.equal(parameter, before[name])
    return moved


def control(model, trained, files):
    start, end, _ = trained
    axes = [(RANDOM, path) for path in files]
    return plane.Plane(model, start / "model.safetensors", end, axes, "end")


def test_a_random_plane_starts_at_the_end_and_moves_each_filter_by_its_own_length(
    model, trained, random
):
    through, ends = control(model, trained, random(0)), encoder_bits(model)
    parameters = classifiers.parameters(model)
    of_end = {name: p.detach().clone() for name, p in parameters.items() if p.ndim > 1}
    for name, found in lengths(moved_by(model, through, 1.0, 0.0)).items():
        wanted = of_end[name].flatten(1).norm(dim=1)
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    through.place(0.3, -0.7)
    through.place(0.0, 0.0)
    assert encoder_bits(model) == ends


def test_its_two_directions_are_almost_orthogonal(model, trained, random):
    through = control(model, trained, random(0))
    one = moved_by(model, through, 1.0, 0.0)
    through.place(0.0, 0.0)
    two = moved_by(model, through, 0.0, 1.0)
    one, two = (torch.cat([m.flatten() for m in moved.values()]) for moved in (one, two))
    assert abs(torch.nn.functional.cosine_similarity(one, two, dim=0)) < 0.1


def test_a_random_plane_is_its_seed_s_alone(model, trained, random):
    def at(seed):
        control(model, trained, random(seed)).place(0.5, 0.5)
        return encoder_bits(model)

    first = at(1)
    assert at(2) != first
    assert at(1) == first


def test_beside_δ1_a_random_direction_is_as_long_as_it(model, trained, random):
    """The second axis of a task without a partner: normalised by filter, then scaled as one."""
    start, end, _ = trained
    files = random(0)
    axes = [(OWN, None), (RANDOM, files[0])]
    through = plane.Plane(model, start / "model.safetensors", end, axes)
    alone = moved_by(model, control(model, trained, files), 1.0, 0.0)
    through.place(1.0, 0.0)
    moved = moved_by(model, through, 1.0, 1.0)
    delta = load_file(start / "model.safetensors")
    ends = load_file(end)
    length = np.sqrt(sum(np.square(ends[f"encoder.{n}"] - v).sum() for n, v in delta.items()))
    found = torch.cat([change.flatten() for change in moved.values()])
    assert found.norm().item() == pytest.approx(length, rel=1e-4)
    expected = torch.cat([change.flatten() for change in alone.values()])
    torch.testing.assert_close(found / found.norm(), expected / expected.norm(), atol=1e-4, rtol=0)
