"""Ratings from votes between two: the Bradley-Terry model, on chess players' scale, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..training.votes import Ballot

SCALE = 400 / math.log(10)  # 400 points are odds of ten to one, as in chess
CENTRE = 1000.0
PRIOR = 0.5  # half a win each way between every two, so that an unbeaten model has a finite rating
STEPS = 50
SHARES: dict[int | str, float] = {0: 1.0, 1: 0.0}  # of a win for the first; a tie or two bad replies are half of one


@dataclass(frozen=True)
class Rating:
    """A model's strength in points, its 95 % interval, and how many votes it stood in."""

    model: str
    value: float
    low: float
    high: float
    votes: int


def ratings(ballots: Sequence[Ballot]) -> list[Rating]:
    """Every model that stood in a vote, the best first.

    P(a beats b) = 1 / (1 + exp(-(s_a - s_b))), fitted by Newton's method with mean strength 0; a tie, and two bad
    replies, count as half a win for each. The intervals come from the curvature at the maximum.
    """
    models = sorted({model for ballot in ballots for model in ballot.models})
    place = {model: i for i, model in enumerate(models)}
    wins = np.full((len(models), len(models)), PRIOR) - PRIOR * np.eye(len(models))
    for ballot in ballots:
        first, second = (place[model] for model in ballot.models)
        if first != second:
            share = SHARES.get(ballot.vote, 0.5)
            wins[first, second] += share
            wins[second, first] += 1 - share
    games, strength = wins + wins.T, np.zeros(len(models))
    for _ in range(STEPS):
        expected = games / (1 + np.exp(strength[None, :] - strength[:, None]))
        share = expected / np.where(games > 0, games, 1)
        weights = games * share * (1 - share)
        curvature = np.diag(weights.sum(1)) - weights + 1 / len(models)  # the last term fixes the mean
        strength += np.clip(np.linalg.solve(curvature, (wins - expected).sum(1)), -1, 1)
        strength -= strength.mean()
    spread = 1.96 * np.sqrt(np.maximum(np.diag(np.linalg.inv(curvature)) - 1 / len(models), 0))
    found = [
        Rating(
            model,
            CENTRE + SCALE * strength[i],
            CENTRE + SCALE * (strength[i] - spread[i]),
            CENTRE + SCALE * (strength[i] + spread[i]),
            sum(model in ballot.models for ballot in ballots),
        )
        for model, i in place.items()
    ]
    return sorted(found, key=lambda rating: -rating.value)
