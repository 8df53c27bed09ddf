"""What preference training gained and cost, by the world's judge, of whom training hears only through a labeler.

The control is always plain fine-tuning, read more coolly: most of a naive gain is sharpening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, log
from statistics import mean
from typing import Any

import numpy as np

from ..inference import LanguageModel, Sampling
from ..text.chat import Message
from ..world import Dialogue, Verdict, judge
from ..world.chance import stream
from ..world.labeler import Labeler
from .exam.conversation import replies
from .results import wilson_interval

BINS = 5


@dataclass(frozen=True)
class Arm:
    """A model and how boldly it is read; what a row of the table is about.

    `examples` are turns that stand before the prompt, for a base model that is told by them what is wanted.
    """

    name: str
    lm: LanguageModel
    temperature: float
    examples: tuple[Message, ...] = ()
    mend: Callable[[str], str] = str  # what is done to a reply before it is judged

    def verdicts(self, dialogues: Sequence[Dialogue], seed: int = 0) -> list[Verdict]:
        sampling = Sampling(temperature=self.temperature, top_k=0, seed=seed)
        asked = [replace(d, messages=(*self.examples, *d.messages)) for d in dialogues]
        said = replies(self.lm, asked, sampling)
        return [judge(d, self.mend(reply)) for d, reply in zip(dialogues, said, strict=True)]


def arm_rows(arm: Arm, dialogues: Sequence[Dialogue], verdicts: Sequence[Verdict], seed: int) -> list[dict[str, Any]]:
    """Share right, mean score and mean content: for each kind of instruction, for each language, and over all."""
    groups = {"all": list(range(len(dialogues)))}
    for i, dialogue in enumerate(dialogues):
        groups.setdefault(dialogue.kind, []).append(i)
        groups.setdefault(f"language {dialogue.language}", []).append(i)
    rows = []
    for task, members in groups.items():
        own = [verdicts[i] for i in members]
        base = {"model": arm.name, "temperature": arm.temperature, "task": task, "n": len(own), "seed": seed}
        low, high = wilson_interval(sum(v.right for v in own), len(own))
        rows += [
            {**base, "metric": "right", "value": mean(v.right for v in own), "low": low, "high": high},
            {**base, "metric": "score", "value": mean(v.score for v in own)},
            {**base, "metric": "content", "value": mean(v.content for v in own)},
        ]
    return rows


def win_rate(ours: Sequence[Verdict], theirs: Sequence[Verdict]) -> float:
    """How often the judge scores our reply higher than theirs to the same prompt; a tie is half a win."""
    return mean((a.score > b.score) + 0.5 * (a.score == b.score) for a, b in zip(ours, theirs, strict=True))


def clear_wins(ours: Sequence[Verdict], theirs: Sequence[Verdict]) -> float | None:
    """Of the pairs that the judge tells apart, the share in which he scores our reply higher; None without any."""
    wins = [a.score > b.score for a, b in zip(ours, theirs, strict=True) if a.score != b.score]
    return mean(wins) if wins else None


def against(
    verdicts: Mapping[tuple[str, float], Sequence[Verdict]], rivals: Sequence[str], seed: int
) -> list[dict[str, Any]]:
    """How often each arm, a name and a temperature, wins against each rival read greedily."""
    rows = []
    for rival in rivals:
        theirs = verdicts[rival, 0.0]
        for (model, temperature), ours in verdicts.items():
            base = {"model": model, "temperature": temperature, "task": f"against {rival}", "seed": seed}
            told_apart = sum(a.score != b.score for a, b in zip(ours, theirs, strict=True))
            rows.append({**base, "metric": "win rate", "value": win_rate(ours, theirs), "n": len(ours)})
            if (value := clear_wins(ours, theirs)) is not None:
                rows.append({**base, "metric": "clear wins", "value": value, "n": told_apart})
    return rows


# ---------------------------------------------------------------- the reward model


def agreement_with_judge(
    dialogues: Sequence[Dialogue], replies: Sequence[Sequence[str]], scores: Sequence[Sequence[float]]
) -> tuple[float, int]:
    """Of the pairs that the judge scores differently, the share that `scores` orders as the judge; and how many."""
    hits = []
    for dialogue, group, own in zip(dialogues, replies, scores, strict=True):
        truth = [judge(dialogue, reply).score for reply in group]
        for i, j in combinations(range(len(group)), 2):
            if truth[i] != truth[j]:
                hits.append((truth[i] > truth[j]) == (own[i] > own[j]))
    return mean(hits), len(hits)


def labeler_agreement(
    labeler: Labeler, dialogues: Sequence[Dialogue], replies: Sequence[Sequence[str]], seed: int = 0
) -> tuple[float, float]:
    """How often two labelers order a pair alike, and how often one of them orders it as the judge."""
    rng = stream(seed, "labelers")
    asked = list(zip(dialogues, replies, strict=True))
    opinions = [[[labeler.utility(d, reply, rng) for reply in group] for d, group in asked] for _ in range(2)]
    alike = [
        (one[i] > one[j]) == (other[i] > other[j])
        for one, other in zip(*opinions, strict=True)
        for i, j in combinations(range(len(one)), 2)
    ]
    return mean(alike), agreement_with_judge(dialogues, replies, opinions[0])[0]


def best_of(n: int, proxy: Sequence[float], gold: Sequence[float]) -> tuple[float, float]:
    """Expected proxy and gold score of the best of `n` by proxy, from all of N samples without bias.

    The reply of rank i (from 1, by proxy) is the best of n in C(i - 1, n - 1) of the C(N, n) choices.
    """
    order = np.argsort(proxy, kind="stable")
    weights = np.array([comb(i, n - 1) for i in range(len(order))], dtype=np.float64) / comb(len(order), n)
    return float(weights @ np.asarray(proxy)[order]), float(weights @ np.asarray(gold)[order])


def best_of_kl(n: int) -> float:
    """KL between the best of n and the policy, in nats: log n - (n - 1) / n; less where samples repeat."""
    return log(n) - (n - 1) / n


def fit_gold(distances: Sequence[float], gains: Sequence[float], kind: str) -> tuple[float, float]:
    """alpha and beta of d (alpha - beta d) for "best of n", of d (alpha - beta log d) for "ppo"; d is the root of KL.

    By least squares over the points that have moved (Gao et al. 2022, section 3.1).
    """
    d, gain = np.asarray(distances), np.asarray(gains)
    keep = d > 0
    d, gain = d[keep], gain[keep]
    bent = -d * (d if kind == "best of n" else np.log(d))
    (alpha, beta), *_ = np.linalg.lstsq(np.stack([d, bent], axis=1), gain, rcond=None)
    return float(alpha), float(beta)
