"""Muon and AdamW against other implementations, which parameters decay, and the schedules worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from gptlineage.training import Recipe
from gptlineage.training.muon import Muon, orthogonalize
from gptlineage.training.optimizer import lr_share, make_optimizers, set_lr
from tests.tiny import complaint, tiny_model

SHAPES = [(16, 40), (40, 16), (16, 16), (16, 64), (8, 8)]


def updated(make, starts: list[torch.Tensor], gradients: list[list[torch.Tensor]]) -> list[torch.Tensor]:
    """The parameters after the steps that `gradients` ask for."""
    parameters = [nn.Parameter(start.clone()) for start in starts]
    optimizer = make(parameters)
    for step in gradients:
        for parameter, gradient in zip(parameters, step, strict=True):
            parameter.grad = gradient.clone()
        optimizer.step()
    return [parameter.detach() for parameter in parameters]


def theirs(parameters, weight_decay=0.0):
    return torch.optim.Muon(parameters, lr=0.02, momentum=0.95, weight_decay=weight_decay)


def ours(parameters, weight_decay=0.0):
    return Muon(parameters, lr=0.02, momentum=0.95, weight_decay=weight_decay)


def random_problem(shapes, n_steps=4):
    torch.manual_seed(0)
    starts = [torch.randn(shape) for shape in shapes]
    return starts, [[torch.randn(shape) * 0.1 for shape in shapes] for _ in range(n_steps)]


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_muon_equals_torchs_when_that_iterates_in_float32(weight_decay, monkeypatch):
    """Wide, tall and square matrices at once; with bfloat16 switched off in torch's there is nothing left to differ."""
    starts, gradients = random_problem(SHAPES)
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor)
    expected = updated(lambda p: theirs(p, weight_decay), starts, gradients)
    for left, right in zip(updated(lambda p: ours(p, weight_decay), starts, gradients), expected, strict=True):
        assert torch.allclose(left, right, atol=2e-5)


def test_muon_points_where_torchs_does():
    starts, gradients = random_problem(SHAPES, n_steps=1)
    for start, left, right in zip(
        starts, updated(ours, starts, gradients), updated(theirs, starts, gradients), strict=True
    ):
        assert torch.cosine_similarity((left - start).flatten(), (right - start).flatten(), dim=0) > 0.99


def test_a_fused_qkv_map_is_updated_as_the_three_matrices_it_is(monkeypatch):
    starts, gradients = random_problem([(48, 16)])
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor)
    parts = updated(theirs, list(starts[0].chunk(3)), [list(step[0].chunk(3)) for step in gradients])
    assert torch.allclose(updated(ours, starts, gradients)[0], torch.cat(parts), atol=2e-5)


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 8, 40)])
def test_orthogonalized_matrices_have_singular_values_about_one(shape):
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalize(torch.randn(shape)))
    assert values.max() < 1.3
    assert values.median() > 0.6


def test_a_zero_gradient_is_no_accident():
    starts, _ = random_problem([(16, 16)])
    assert torch.equal(updated(ours, starts, [[torch.zeros(16, 16)]])[0], starts[0])


def test_adamw_equals_the_formula():
    """Three steps in float64: decoupled decay on the matrix, none on the vector (Loshchilov & Hutter, algorithm 2)."""
    torch.manual_seed(0)
    module = nn.Linear(5, 3)
    recipe = Recipe(steps=9, batch_size=1, lr=0.01, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
    (optimizer,) = make_optimizers(module, recipe)
    for parameter, decay in ((module.weight, 0.1), (module.bias, 0.0)):
        torch.manual_seed(1)
        value = parameter.detach().double()
        first, second = torch.zeros_like(value), torch.zeros_like(value)
        gradients = [torch.randn(parameter.shape) for _ in range(3)]
        for step, gradient in enumerate(gradients, 1):
            g = gradient.double()
            first, second = 0.9 * first + 0.1 * g, 0.95 * second + 0.05 * g * g
            value = value * (1 - 0.01 * decay)
            value = value - 0.01 * (first / (1 - 0.9**step)) / ((second / (1 - 0.95**step)).sqrt() + 1e-8)
        module.zero_grad(set_to_none=True)
        for gradient in gradients:
            parameter.grad = gradient.clone()
            optimizer.step()
        assert torch.allclose(parameter.detach().double(), value, atol=1e-6)


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_only_matrices_decay_and_every_parameter_has_one_optimizer(kind):
    model = tiny_model()
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    optimizers = make_optimizers(model, Recipe(steps=1, batch_size=1, optimizer=kind, weight_decay=0.1))
    owned = [names[id(p)] for o in optimizers for g in o.param_groups for p in g["params"]]
    assert sorted(owned) == sorted(names.values())
    decaying, not_decaying = optimizers[0].param_groups
    assert decaying["weight_decay"] == 0.1
    assert all(p.dim() >= 2 for p in decaying["params"])
    assert not_decaying["weight_decay"] == 0.0
    assert all(p.dim() < 2 for p in not_decaying["params"])
    hidden = {names[id(p)] for o in optimizers[1:] for g in o.param_groups for p in g["params"]}
    expected = {name for name, p in model.named_parameters() if name.startswith("blocks.") and p.dim() == 2}
    assert hidden == (expected if kind == "muon" else set())


def schedule(kind: str, final_lr: float, warmup: float = 0.1) -> Recipe:
    return Recipe(steps=100, batch_size=1, schedule=kind, final_lr=final_lr, warmup=warmup)


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (schedule("cosine", 0.1), {0: 0.1, 4: 0.5, 9: 1.0, 10: 1.0, 55: 0.55, 32.5: 0.1 + 0.45 * (1 + math.sqrt(0.5))}),
        (schedule("cosine", 0.0), {55: 0.5, 99: 0.5 * (1 + math.cos(math.pi * 89 / 90))}),
        (schedule("flat", 0.0), {0: 0.1, 10: 1.0, 64: 1.0, 82: 0.5, 99: 1 / 36}),
        (schedule("flat", 0.2), {64: 1.0, 82: 0.6, 91: 0.4}),
        (schedule("cosine", 0.1, warmup=0.0), {0: 1.0, 1: 1.0}),
    ],
)
def test_learning_rates_worked_out_by_hand(recipe, expected):
    for step, share in expected.items():
        assert lr_share(recipe, step) == pytest.approx(share)


def test_the_share_applies_to_each_groups_own_peak():
    recipe = Recipe(steps=1, batch_size=1, optimizer="muon", lr=0.004, matrix_lr=0.02)
    optimizers = make_optimizers(tiny_model(), recipe)
    set_lr(optimizers, 0.25)
    set_lr(optimizers, 0.5)  # of the peak, not of the last value
    assert [g["lr"] for o in optimizers for g in o.param_groups] == [0.002, 0.002, 0.01]


@pytest.mark.parametrize(
    "wrong",
    [dict(steps=0), dict(batch_size=0), dict(accumulation=3), dict(optimizer="sgd"), dict(schedule="triangle")],
)
def test_impossible_recipes_are_refused(wrong):
    with complaint("cannot run|Unknown optimizer"):
        Recipe(**{**dict(steps=1, batch_size=4), **wrong})


def test_a_recipe_survives_its_file():
    recipe = Recipe(steps=3, batch_size=2, betas=(0.9, 0.99))
    assert Recipe(**recipe.to_dict()) == recipe
