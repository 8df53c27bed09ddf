"""What a run will cost: measured on its own steps, and counted."""

from __future__ import annotations

import math
import time

import pytest
import torch

from gptlineage.training import estimate
from gptlineage.training.estimate import PROGRAM, held, kept_for_backward, measure
from gptlineage.training.optimizer import make_optimizers
from tests.tiny import BYTES, tiny_model
from tests.training.runs import objective, recipe


@pytest.fixture
def slow(monkeypatch):
    """Let every pass take at least this long for a row."""

    def set_pace(seconds_a_row: float, rows: int = 4) -> None:
        real = estimate.kept_for_backward

        def kept(model):
            time.sleep(seconds_a_row * rows)
            return real(model)

        monkeypatch.setattr(estimate, "kept_for_backward", kept)

    return set_pace


def test_whole_steps_are_measured_where_they_are_short(tmp_path):
    found = measure(tiny_model(), objective(tmp_path), recipe(), patience=5.0)
    assert found.whole and 0 < found.fastest <= found.slowest < 5.0
    assert found.evaluation > 0
    assert found.loss == pytest.approx(math.log(BYTES.vocab_size), rel=0.1)
    assert found.precision == "float32"


def test_a_step_too_long_to_wait_for_is_measured_by_its_rows(tmp_path, slow):
    slow(0.05)
    began = time.perf_counter()
    found = measure(tiny_model(), objective(tmp_path), recipe(), patience=0.1)
    assert not found.whole
    assert found.fastest >= 4 * 0.05
    assert time.perf_counter() - began < 2.0


def test_memory_is_weights_gradients_averages_and_what_is_kept(tmp_path):
    model = tiny_model()
    plain = measure(model, objective(tmp_path), recipe(), patience=5.0).memory - PROGRAM
    weights = sum(p.numel() for p in model.parameters()) * 4
    assert plain > 4 * weights
    halved = measure(tiny_model(), objective(tmp_path), recipe(accumulation=2), patience=5.0).memory - PROGRAM
    assert weights * 4 < halved < plain
    assert (plain - 4 * weights) / (halved - 4 * weights) == pytest.approx(2, rel=0.2)


def test_what_the_optimizer_keeps_is_counted():
    model = tiny_model()
    weights = sum(p.numel() for p in model.parameters()) * 4
    optimizers = make_optimizers(model, recipe(optimizer="muon"))
    assert held(model, optimizers) == 2 * weights
    model(torch.zeros(1, 4, dtype=torch.long)).sum().backward()
    for optimizer in optimizers:
        optimizer.step()
    assert 3 * weights <= held(model, optimizers) <= 4.1 * weights  # Muon keeps one average, AdamW two


def test_weights_are_not_counted_twice():
    linear = torch.nn.Linear(64, 64, bias=False)
    x = torch.randn(8, 64)
    with kept_for_backward(linear) as kept:
        loss = linear(x).relu().sum()
        inside = kept()
    loss.backward()
    assert inside == 2 * 8 * 64 * 4  # the input and the result of relu, not the weight


def test_free_memory_is_told_or_not(monkeypatch):
    free = estimate.free_memory()
    assert free is None or free > 1 << 20
