"""Ratings against odds that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gptlineage.evaluation.ratings import CENTRE, SCALE, ratings
from gptlineage.training.votes import Ballot


def votes(first: str, second: str, won: int, lost: int, ties: int = 0) -> list[Ballot]:
    cast = [0] * won + [1] * lost + ["tie"] * ties
    return [Ballot((), (first, second), ("a", "b"), vote) for vote in cast]


def test_odds_of_ten_to_one_are_400_points():
    strong, weak = ratings(votes("strong", "weak", 10_000, 1_000))
    assert (strong.model, weak.model, strong.votes) == ("strong", "weak", 11_000)
    assert strong.value - weak.value == pytest.approx(400, abs=1)
    assert (strong.value + weak.value) / 2 == pytest.approx(CENTRE)


def test_who_stands_left_does_not_matter_and_ties_draw_together():
    assert ratings(votes("a", "b", 8, 3)) == ratings(votes("b", "a", 3, 8))
    apart, near = (ratings(votes("a", "b", 8, 0, ties)) for ties in (0, 30))
    assert near[0].value - near[1].value < apart[0].value - apart[1].value


def test_the_unbeaten_are_finite_and_few_votes_leave_wide_intervals():
    few, many = ratings(votes("a", "b", 2, 0)), ratings(votes("a", "b", 200, 100))
    assert math.isfinite(few[0].value) and few[0].low < few[1].high
    assert many[0].low > many[1].high
    assert few[0].high - few[0].low > 3 * (many[0].high - many[0].low)


def test_three_models_come_out_as_strong_as_they_were():
    rng, strength = np.random.default_rng(0), {"x": 0.8, "y": 0.0, "z": -0.8}
    cast = []
    for _ in range(3000):
        a, b = rng.choice(list(strength), 2, replace=False)
        first = rng.random() < 1 / (1 + math.exp(strength[b] - strength[a]))
        cast.append(Ballot((), (a, b), ("1", "2"), 0 if first else 1))
    for rating in ratings(cast):
        assert rating.low < CENTRE + SCALE * strength[rating.model] < rating.high


def test_a_model_against_itself_says_nothing():
    (only,) = ratings(votes("a", "a", 5, 0))
    assert only.value == pytest.approx(CENTRE) and only.votes == 5
