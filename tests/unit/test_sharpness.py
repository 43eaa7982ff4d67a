"""Sharpness: places in the ball are exact, draws are their seed's, and the way up finds the top."""

import helpers
import numpy as np
import pytest
import torch
from landscape.data.examples import Examples
from landscape.models import classifiers
from landscape.surfaces import sharpness
from landscape.surfaces.evaluation import Evaluator
from safetensors.numpy import save_file

RHO = 0.05


class Numbers(torch.nn.Module):
    """A 'model' whose encoder is two vectors, so that losses of it can be worked out by hand."""

    base_model_prefix = "body"

    def __init__(self, *vectors):
        super().__init__()
        self.body = torch.nn.ParameterList(torch.nn.Parameter(torch.tensor(v)) for v in vectors)
        self.head = torch.nn.Parameter(torch.tensor([9.0]))

    def vector(self):
        return torch.cat(list(self.body))


THETA = [3.0, 0.0, -2.0], [-0.5, 4.0]


@pytest.fixture
def numbers(tmp_path):
    """(model, ball) of `Numbers`."""
    values = {f"encoder.{i}": np.array(v, np.float32) for i, v in enumerate(THETA)}
    save_file(values, tmp_path / "end.safetensors")
    model = Numbers(*THETA)
    return model, sharpness.Ball(model, tmp_path / "end.safetensors")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(classifier with a trained one's signs of life, its checkpoint, an evaluator)."""
    folder = tmp_path_factory.mktemp("sharpness")
    model = helpers.moved(helpers.classifier(), seed=1)
    classifiers.save_checkpoint(model, folder / "end.safetensors")
    path = helpers.write_split(folder / "train.parquet", range(4, 34))
    return model, folder / "end.safetensors", Evaluator(model, {"train": Examples(path)}, 128)


@pytest.fixture
def ball(trained):
    ball = sharpness.Ball(*trained[:2])
    yield ball
    ball.leave()


def test_by_hand(numbers):
    """Each weight moves by a share of its own size, a zero and the head not at all."""
    model, ball = numbers
    ball.place(0.5, [torch.tensor([1.0, 1.0, 1.0]), torch.tensor([-2.0, 0.0])])
    assert model.vector().tolist() == [4.5, 0.0, -1.0, -1.0, 4.0]
    assert model.head.item() == 9.0


def test_nothing_drifts_and_the_end_comes_back_bit_for_bit(ball, trained):
    before = helpers.bits(trained[0])
    for draw in range(1, 4):
        ball.place(RHO, sharpness.normal(ball, 0, draw))
    there = helpers.bits(trained[0])
    ball.leave()
    assert helpers.bits(trained[0]) == before != there
    ball.place(RHO, sharpness.normal(ball, 0, 3))
    assert helpers.bits(trained[0]) == there
    assert all(there[name] == before[name] for name in before if name.startswith("head."))


def flat(tensors):
    return torch.cat([tensor.flatten() for tensor in tensors])


def test_draws_are_normal_and_a_function_of_seed_and_number(ball):
    first = flat(sharpness.normal(ball, 0, 1))
    assert abs(first.mean()) < 4 / len(first) ** 0.5
    assert abs(first.std() - 1) < 4 / len(first) ** 0.5
    assert torch.equal(flat(sharpness.normal(ball, 0, 1)), first)
    for seed, draw in ((0, 2), (1, 1), (1, 0)):
        other = flat(sharpness.normal(ball, seed, draw))
        assert abs(torch.corrcoef(torch.stack([first, other]))[0, 1]) < 4 / len(first) ** 0.5


def test_the_average_rise_of_a_quadratic(numbers):
    """Of ½ Σ c (θ − m)² it is ½ ρ² Σ c θ1², wherever its minimum m is."""
    model, ball = numbers
    c, m = torch.tensor([1.0, 5.0, 2.0, 4.0, 0.5]), torch.tensor([2.0, 1.0, -2.5, 0.0, 4.0])

    def loss():
        return 0.5 * (c * (model.vector() - m) ** 2).sum().item()

    end, rises = loss(), []
    for draw in range(1, 3001):
        ball.place(RHO, sharpness.normal(ball, 0, draw))
        rises.append(loss() - end)
    want = 0.5 * RHO**2 * (c * flat(ball.end) ** 2).sum().item()
    assert np.mean(rises) == pytest.approx(want, abs=4 * np.std(rises) / len(rises) ** 0.5)


def climbed(model, ball, loss, rho=RHO, steps=20):
    """The highest loss on the way up."""
    return max(loss().item() for _ in sharpness.ascend(ball, rho, steps, lambda: loss().backward()))


def test_the_way_up_ends_in_the_corner_that_is_highest(numbers):
    """½ Σ (θ − m)² is highest in the box where each θ is as far from m as it can be."""
    model, ball = numbers
    m = torch.tensor([2.0, 1.0, -2.5, 0.0, 4.1])
    theta = flat(ball.end)
    want = 0.5 * (((theta - m).abs() + RHO * theta.abs()) ** 2).sum().item()
    got = climbed(model, ball, lambda: 0.5 * ((model.vector() - m) ** 2).sum())
    assert got == pytest.approx(want, rel=1e-5)


def test_the_way_up_finds_a_top_within_the_ball(numbers):
    """Steps that do not become smaller would jump from side to side of it."""
    model, ball = numbers
    top = flat(ball.end) * (1 + RHO * torch.tensor([0.31, 0.0, -0.77, 0.5, -0.13]))

    def loss():
        return -((model.vector() - top) ** 2).sum()

    start, found = loss().item(), climbed(model, ball, loss)
    assert start < 0 and found >= 0.05 * start


def test_the_way_up_stays_within_the_ball_and_moves_the_encoder_alone(ball, trained):
    model, _, evaluate = trained
    head = {n: b for n, b in helpers.bits(model).items() if n.startswith("head.")}
    theta, edge = flat(ball.end), []
    for _ in sharpness.ascend(ball, RHO, 4, lambda: evaluate.add_gradient("train", 2048)):
        moved = (flat(ball.moving).detach() - theta).abs()
        rounding = 1.2e-7 * theta.abs()  # of the sum, to float32
        assert (moved <= RHO * theta.abs() + rounding).all()
        edge.append((moved >= RHO * theta.abs() - rounding)[theta != 0].float().mean().item())
        assert {n: b for n, b in helpers.bits(model).items() if n in head} == head
    # all are at its edge then but embeddings of what never occurs, which have no gradient
    assert len(edge) == 4 and edge[0] > 0.5


def test_the_way_up_gets_higher_than_any_random_corner(ball, trained):
    evaluate = trained[2]
    end = evaluate("train")["loss"]
    up = sharpness.ascend(ball, RHO, 5, lambda: evaluate.add_gradient("train", 2048))
    worst = max(evaluate("train")["loss"] for _ in up)
    corners = []
    for draw in range(1, 31):
        ball.place(RHO, (share.sign() for share in sharpness.normal(ball, 0, draw)))
        corners.append(evaluate("train")["loss"])
    assert worst - end > 3 * (max(corners) - end) > 0


def test_the_way_up_begins_at_the_end_and_has_always_the_same_bits(ball, trained):
    model, _, evaluate = trained
    found = []
    for draw in (1, 2):  # wherever the model was before
        ball.place(RHO, sharpness.normal(ball, 0, draw))
        up = sharpness.ascend(ball, RHO, 2, lambda: evaluate.add_gradient("train", 2048))
        found.append([helpers.bits(model) for _ in up])
    assert found[0] == found[1] and found[0][0] != found[0][1]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_way_up_ends_where_a_gradient_is_not_finite(numbers, capsys, value):
    model, ball = numbers
    factors = iter([1.0, 1.0, value])
    up = sharpness.ascend(ball, RHO, 9, lambda: (next(factors) * model.vector()).sum().backward())
    assert list(up) == [1, 2]
    assert "step 3: the gradient is not finite" in capsys.readouterr().out
