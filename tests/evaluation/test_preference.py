"""The measures of preference training against plain counting."""

from __future__ import annotations

import random
from itertools import combinations, islice
from math import log
from statistics import mean

import numpy as np
import pytest
import torch

from gptlineage.evaluation.preference import (
    Arm,
    against,
    agreement_with_judge,
    arm_rows,
    best_of,
    best_of_kl,
    fit_gold,
    labeler_agreement,
    win_rate,
)
from gptlineage.model import Scorer
from gptlineage.training.reward import encode_reply, score_replies
from gptlineage.world import Verdict, World, judge
from gptlineage.world.labeler import Labeler
from tests.tiny import BYTES, load_tiny, tiny_model


@pytest.fixture(scope="module")
def dialogues():
    return list(islice(World().dialogues(seed=5, kinds=["fact", "sum"]), 12))


def verdict(score: float, content: float = 0.0) -> Verdict:
    return Verdict(score == 1.0, score, (), content)


def test_the_best_of_n_counts_every_choice():
    rng = random.Random(0)
    proxy, gold = ([rng.random() for _ in range(7)] for _ in range(2))
    for n in (1, 2, 3, 7):
        choices = [max(chosen, key=lambda i: proxy[i]) for chosen in combinations(range(7), n)]
        expected = mean(proxy[i] for i in choices), mean(gold[i] for i in choices)
        assert best_of(n, proxy, gold) == pytest.approx(expected)
    assert best_of_kl(1) == 0 and best_of_kl(4) == pytest.approx(log(4) - 0.75)


def test_the_fits_find_what_made_the_points():
    d = np.linspace(0.2, 4, 9)
    assert fit_gold(d, d * (0.7 - 0.1 * d), "best of n") == pytest.approx((0.7, 0.1))
    assert fit_gold(d, d * (0.7 - 0.1 * np.log(d)), "ppo") == pytest.approx((0.7, 0.1))
    assert fit_gold([0, *d], [5, *(d * 0.5)], "ppo") == pytest.approx((0.5, 0.0), abs=1e-9)  # the start says nothing


def test_a_tie_is_half_a_win():
    assert win_rate([verdict(1), verdict(0.4), verdict(0.2)], [verdict(0.5), verdict(0.4), verdict(1)]) == 0.5


def test_what_the_judge_does_not_tell_apart_is_left_out_of_the_clear_wins():
    ours, theirs = [verdict(1), verdict(0.4), verdict(0.2)], [verdict(0.5), verdict(0.4), verdict(0.1)]
    rows = against({("ours", 0.0): ours, ("theirs", 0.0): theirs}, ["theirs"], seed=0)
    told = {(row["model"], row["metric"]): (row["value"], row["n"]) for row in rows}
    assert told["ours", "win rate"] == (pytest.approx(2.5 / 3), 3)
    assert told["ours", "clear wins"] == (1.0, 2)
    assert ("theirs", "clear wins") not in told  # nothing beats itself


def test_agreement_leaves_out_what_the_judge_finds_alike(dialogues):
    replies = [[d.reference, "wrong", "false"] for d in dialogues]
    right, n = agreement_with_judge(dialogues, replies, [[1.0, 0.0, 0.5]] * len(replies))
    wrong, _ = agreement_with_judge(dialogues, replies, [[0.0, 1.0, 0.5]] * len(replies))
    assert (right, wrong, n) == (1.0, 0.0, 2 * len(replies))


def test_labelers_without_noise_always_agree_and_noisy_ones_less(dialogues):
    replies = [[d.reference, "wrong", "This is a longer wrong reply."] for d in dialogues]
    assert labeler_agreement(Labeler(noise=0.0, longer=0.1), dialogues, replies) == (1.0, 1.0)
    alike, as_judge = labeler_agreement(Labeler(noise=1.0, longer=0.0), dialogues * 20, replies * 20)
    assert 0.5 < alike < as_judge < 0.9


def test_scores_come_back_to_their_replies(dialogues):
    scorer = Scorer(tiny_model(spread=0.2, n_ctx=200))
    torch.nn.init.normal_(scorer.score.weight)
    replies = [[d.reference, "no"] for d in dialogues[:5]] + [[]]
    found = score_replies(scorer, BYTES, dialogues[:6], replies)
    assert [len(group) for group in found] == [2] * 5 + [0]
    row = encode_reply(BYTES, dialogues[3].prompt, "no", 200)
    assert found[3][1] == pytest.approx(scorer(torch.tensor([row]))[0, -1].item(), abs=1e-4)


def test_rows_tell_kinds_and_languages_apart(dialogues, tmp_path):
    arm = Arm("sft", load_tiny(tmp_path, ("pretrain", "sft"), n_ctx=400), 0.0)
    verdicts = [judge(d, d.reference if d.kind == "fact" else "wrong") for d in dialogues]
    rows = {(row["task"], row["metric"]): row for row in arm_rows(arm, dialogues, verdicts, 0)}
    assert rows["fact", "right"]["value"] == rows["fact", "content"]["value"] == 1.0
    assert rows["sum", "right"]["value"] == 0.0
    assert rows["all", "right"]["n"] == 12 == sum(rows[f"language {lang}", "right"]["n"] for lang in ("en", "zh"))
    assert len(arm.verdicts(dialogues[:2])) == 2
