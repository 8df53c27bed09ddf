"""Temperature, top-k and top-p against a plain reference, and settings that are out of range."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gptlineage.inference.sampling import Sampling, choose, distribution
from tests.tiny import complaint

# Quarters, all different: no ties, whose order nothing prescribes.
QUARTERS = st.lists(st.integers(-30, 30), min_size=1, max_size=12, unique=True)
LOGITS = QUARTERS.map(lambda values: [value / 4 for value in values])


def plain(logits: list[float], temperature: float, top_k: int, top_p: float) -> tuple[list[float], list[float]]:
    """The probabilities, and the sums at which top-p decides."""
    order = sorted(range(len(logits)), key=lambda i: -logits[i])
    order = order[:top_k] if top_k else order
    weights = [math.exp((logits[i] - logits[order[0]]) / temperature) for i in order]
    shares = [weight / sum(weights) for weight in weights]
    kept, sums = {}, [0.0]
    for i, share in zip(order, shares, strict=True):
        if sums[-1] < top_p or top_p == 1:
            kept[i] = share
        sums.append(sums[-1] + share)
    return [kept.get(i, 0.0) / sum(kept.values()) for i in range(len(logits))], sums


@settings(max_examples=300, deadline=None)
@given(LOGITS, st.floats(0.1, 5.0), st.integers(0, 14), st.floats(0.05, 1.0) | st.just(1.0))
def test_the_distribution_equals_the_plain_one(logits, temperature, top_k, top_p):
    expected, sums = plain(logits, temperature, top_k, top_p)
    # On the very border float32 and float64 may disagree.
    assume(top_p == 1 or all(abs(total - top_p) > 1e-4 for total in sums))
    found = distribution(torch.tensor([logits]), Sampling(temperature=temperature, top_k=top_k, top_p=top_p))[0]
    assert found.tolist() == pytest.approx(expected, abs=1e-5)
    assert [p > 0 for p in expected] == [p > 0 for p in found.tolist()] or min(p for p in expected if p) < 1e-30


@settings(max_examples=100, deadline=None)
@given(LOGITS, st.integers(0, 14), st.floats(0.05, 1.0))
def test_a_temperature_towards_zero_is_greedy(logits, top_k, top_p):
    row = torch.tensor([logits])
    greedy = distribution(row, Sampling(temperature=0.0, top_k=top_k, top_p=top_p))
    assert greedy[0].argmax() == row.argmax()
    assert torch.equal(distribution(row, Sampling(temperature=1e-6, top_k=top_k, top_p=top_p)), greedy)
    cold = Sampling(temperature=1e-6, seed=3)
    assert choose(row, cold, cold.generator()) == row.argmax()
    assert choose(row, Sampling(temperature=0.0), cold.generator()) == row.argmax()


def test_draws_follow_the_distribution():
    sampling = Sampling(temperature=1.3, top_k=4, top_p=0.9, seed=0)
    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0, 0.5, 1.5]])
    draws = choose(logits.expand(40_000, -1), sampling, sampling.generator())
    shares = torch.bincount(draws, minlength=6) / 40_000
    assert (shares - distribution(logits, sampling)[0]).abs().max() < 0.01
    assert (shares[distribution(logits, sampling)[0] == 0] == 0).all()


def test_seeds():
    def drawn(seed: int | None) -> list[int]:
        sampling = Sampling(temperature=1.0, top_k=0, seed=seed)
        return choose(torch.zeros(50, 100), sampling, sampling.generator()).tolist()

    assert drawn(7) == drawn(7) != drawn(8)
    assert drawn(None) != drawn(None)


@pytest.mark.parametrize(
    "wrong",
    [
        dict(temperature=-0.1),
        dict(temperature=5.1),
        dict(temperature=math.nan),
        dict(temperature=math.inf),
        dict(top_k=-1),
        dict(top_p=0.0),
        dict(top_p=-0.5),
        dict(top_p=1.01),
        dict(top_p=math.nan),
        dict(seed=2**63),
        dict(seed=-(2**63) - 1),
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with complaint("out of range; choose"):
        Sampling(**wrong)


@pytest.mark.parametrize("seed", [0, -1, 2**63 - 1, -(2**63)])
def test_the_largest_seeds_work(seed):
    assert Sampling(seed=seed).generator() is not None
