"""Comparisons, their file and the labeler; the reward model's loss and what it learns."""

from __future__ import annotations

import itertools
import json
import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.model import Scorer
from gptlineage.training import Comparison, RewardModeling, normalize, read_comparisons, train, write_comparisons
from gptlineage.training.comparisons import compare_replies
from gptlineage.training.reward import calibration_error, encode_reply, reward_loss, scores_of
from gptlineage.world import World, judge
from gptlineage.world.labeler import Labeler
from tests.tiny import BYTES, complaint, tiny_model
from tests.training.runs import recipe

ASK = ({"role": "user", "content": "Hi?"},)
GOOD = Comparison(ASK, ("Yes, hello.", "No.", "你好"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-30, 30), min_size=2, max_size=9))
def test_the_loss_is_equation_1(scores):
    pairs = list(itertools.combinations(scores, 2))
    expected = sum(math.log1p(math.exp(-(w - l))) for w, l in pairs) / len(pairs)  # noqa: E741
    assert reward_loss(torch.tensor(scores, dtype=torch.float64)).item() == pytest.approx(expected, rel=1e-9)


def test_a_score_is_read_at_the_last_token_whatever_stands_beside():
    scorer = Scorer(tiny_model(spread=0.3))
    torch.nn.init.normal_(scorer.score.weight)
    rows = [[1, 2, 3], [4, 5, 6, 7, 8, 9], [10]]
    alone = [scorer(torch.tensor([row]))[0, -1].item() for row in rows]
    assert scores_of(scorer, rows).tolist() == pytest.approx(alone, abs=1e-5)


def test_a_reward_model_learns_to_like_what_was_liked(tmp_path):
    rng, asked = random.Random(0), "abcdefgh"
    comparisons = [
        Comparison(({"role": "user", "content": rng.choice(asked)},), tuple(rng.choice(asked) + mark for mark in "!?"))
        for _ in range(64)
    ]  # fmt: skip
    scorer = Scorer(tiny_model(d_model=32))
    goal = RewardModeling(comparisons[:48], comparisons[48:], BYTES, batch_size=8, n_ctx=24)
    assert goal.evaluate(scorer)["val_loss"] == pytest.approx(math.log(2))
    train(scorer, goal, recipe(steps=60, lr=3e-3), tmp_path)
    with torch.no_grad():
        assert goal.evaluate(scorer)["pairs_right"] == 1.0
    assert len(goal.sample(scorer)) == 3


def test_normalised_scores_have_mean_0_and_spread_1():
    scorer = Scorer(tiny_model(spread=0.3))
    torch.nn.init.normal_(scorer.score.weight)
    rows = [[i, i + 1, i + 2] for i in range(40)]
    before = scores_of(scorer, rows)
    normalize(scorer, rows, batch_size=7)
    after = scores_of(scorer, rows)
    assert after.mean().item() == pytest.approx(0, abs=1e-5) and after.std().item() == pytest.approx(1, rel=1e-4)
    assert torch.equal(before.argsort(), after.argsort())


def test_every_epoch_reads_every_comparison_once():
    comparisons = [Comparison(ASK, (letter, letter + "!")) for letter in "abcdefghijklmnopq"]
    goal = RewardModeling(comparisons, [], BYTES, batch_size=8, n_ctx=24)
    for epoch in range(3):
        read = [goal._order(i) for i in range(17 * epoch, 17 * (epoch + 1))]
        assert sorted(read) == list(range(17))


def test_too_long_comparisons_are_left_out_and_none_at_all_is_an_error():
    long = Comparison(ASK, ("x" * 50, "y"))
    goal = RewardModeling([GOOD, long], [], BYTES, batch_size=1, n_ctx=24)
    assert len(goal.rows) == 1 and goal.evaluate(Scorer(tiny_model())) == {}
    with complaint("nothing to learn from"):
        RewardModeling([long], [], BYTES, batch_size=1, n_ctx=24)
    with complaint("leave it out"):
        encode_reply(BYTES, ASK, "x" * 50, 24)


# The file


def test_comparisons_survive_their_file(tmp_path):
    path = tmp_path / "votes.jsonl"
    write_comparisons(path, [GOOD, GOOD])
    assert read_comparisons(path) == [GOOD, GOOD]
    assert "你好" in path.read_text(encoding="utf-8")
    assert GOOD.pairs() == [("Yes, hello.", "No."), ("Yes, hello.", "你好"), ("No.", "你好")]


LINE = {"messages": list(ASK), "replies": ["Yes.", "No."]}


@pytest.mark.parametrize(
    ("line", "match"),
    [
        (b"{", "line 2 is no comparison .it is not a JSON object"),
        (b"[1]", "needs 'messages' and 'replies'"),
        (b"\xd6\xd0\xce\xc4", "not UTF-8"),
        (json.dumps({**LINE, "replies": ["Yes."]}).encode(), "list of 2 to 9"),
        (json.dumps({**LINE, "replies": "Yes."}).encode(), "list of 2 to 9"),
        (json.dumps({"messages": list(ASK)}).encode(), "list of 2 to 9"),
        (json.dumps({**LINE, "replies": ["Yes.", " "]}).encode(), "a reply is empty"),
        (json.dumps({**LINE, "replies": ["Yes.", None]}).encode(), "a reply is empty"),
        (json.dumps({**LINE, "replies": ["Yes.", "Yes."]}).encode(), "are equal"),
        (json.dumps({**LINE, "replies": ["Yes.", "word " * 1_000_000]}).encode(), "5,000,000 characters"),
        (json.dumps({**LINE, "messages": []}).encode(), "conversation is empty"),
        (json.dumps({**LINE, "messages": ["Hi"]}).encode(), "needs a text"),
        (json.dumps({**LINE, "messages": [{"role": "king", "content": "Hi"}]}).encode(), "'king' is unknown"),
        (json.dumps({**LINE, "messages": [{"role": "assistant", "content": "Hi"}]}).encode(), "must be the user's"),
        (b"[" * 100_000, "not a JSON object"),
    ],
)
def test_a_bad_line_is_named(line, match, tmp_path):
    path = tmp_path / "votes.jsonl"
    path.write_bytes(json.dumps(LINE).encode() + b"\n" + line + b"\n")
    with complaint(match):
        read_comparisons(path)


def test_a_file_that_is_missing_or_empty(tmp_path):
    with complaint("cannot be read"):
        read_comparisons(tmp_path / "votes.jsonl")
    (tmp_path / "votes.jsonl").write_text("\n \n", encoding="utf-8")
    with complaint("holds no comparisons"):
        read_comparisons(tmp_path / "votes.jsonl")


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_comparisons_or_one_clear_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("votes") / "votes.jsonl"
    path.write_bytes(content)
    with complaint("comparison"):
        read_comparisons(path)


# The labeler


@pytest.fixture(scope="module")
def dialogues():
    return list(itertools.islice(World().dialogues(seed=1), 30))


def test_without_noise_the_labeler_is_the_judge(dialogues):
    exact = Labeler(noise=0.0, longer=0.0)
    replies = [[d.reference, "wrong", "neither."] for d in dialogues]
    for comparison, dialogue in zip(
        compare_replies(dialogues, replies, exact, stranger=False), dialogues, strict=True
    ):
        scores = [judge(dialogue, reply).score for reply in comparison.replies]
        assert scores == sorted(scores, reverse=True)
    assert compare_replies(dialogues[:1], [["wrong", "false"]], exact, stranger=False) == []


def test_two_labelers_agree_as_often_as_the_noise_says(dialogues):
    """Gumbel noise makes a pair's odds logistic: P(better first) = sigmoid(gap / noise)."""
    dialogue, labeler, rng = dialogues[0], Labeler(noise=0.4, longer=0.0), random.Random(0)
    right, wrong = dialogue.reference, "wrong"
    gap = judge(dialogue, right).score - judge(dialogue, wrong).score
    first = sum(labeler.rank(dialogue, [wrong, right], rng)[0] == right for _ in range(4000)) / 4000
    assert first == pytest.approx(1 / (1 + math.exp(-gap / 0.4)), abs=0.03)


def test_a_liking_for_length_is_felt(dialogues):
    fond, rng = Labeler(noise=0.0, longer=1.0), random.Random(0)
    assert fond.rank(dialogues[0], ["wrong", "wrong " * 20], rng)[0] == "wrong " * 20


def test_a_stranger_comes_from_another_prompt(dialogues):
    replies = [[f"{number} yes", f"{number} no"] for number in range(len(dialogues))]
    compared = compare_replies(dialogues, replies, Labeler(), seed=4)
    assert len(compared) == len(dialogues)
    assert sum(len(comparison.replies) == 3 for comparison in compared) >= len(dialogues) - 1


def test_a_summed_score_adds_up_and_the_prompt_cancels():
    scorer = Scorer(tiny_model(spread=0.3), summed=True)
    torch.nn.init.normal_(scorer.score.weight)
    plain = Scorer(scorer.body)
    plain.score = scorer.score
    prompt, replies = [1, 2, 3, 4], [[5, 6], [7, 8, 9]]
    rows = [prompt + reply for reply in replies]
    one, other = scores_of(scorer, rows).tolist()
    own = [plain(torch.tensor([row]))[0, len(prompt) :].sum().item() for row in rows]
    assert one - other == pytest.approx(own[0] - own[1], abs=1e-4)


def test_a_few_comparisons_teach_the_summed_head_to_prefer_the_shorter(tmp_path):
    """Twenty pairs of random texts; thirty new ones, of which the head alone must tell which is the shorter."""
    rng = random.Random(3)

    def pair() -> Comparison:
        lengths = rng.randint(2, 5), rng.randint(6, 10)
        short, long = (bytes(rng.choices(range(97, 123), k=length)).decode() for length in lengths)
        return Comparison(({"role": "user", "content": "hi"},), (short, long))

    scorer = Scorer(tiny_model(spread=0.3, n_ctx=64), summed=True)
    scorer.body.requires_grad_(False)
    before = {name: p.clone() for name, p in scorer.body.state_dict().items()}
    goal = RewardModeling([pair() for _ in range(20)], [pair() for _ in range(30)], BYTES, batch_size=16, n_ctx=64)
    train(scorer, goal, recipe(steps=100, lr=3e-3, weight_decay=0.1), tmp_path)
    assert goal.evaluate(scorer)["pairs_right"] >= 0.9
    assert all(p.equal(before[name]) for name, p in scorer.body.state_dict().items())


def test_calibration_of_a_model_that_knows_its_odds():
    """Margins whose sigmoid is the chance of being right have no error; one that is always sure has."""
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.5, 1.0, 40_000)
    size = np.log(chance / (1 - chance))
    margins = np.where(rng.random(40_000) < chance, size, -size)
    assert calibration_error(margins.tolist()) < 0.01
    assert calibration_error((margins * 50).tolist()) == pytest.approx(0.25, abs=0.02)  # sure, and right 3 in 4
    assert calibration_error([0.0, 0.0]) == pytest.approx(0.5)  # an order it did not have
