"""The exam counts what the judge says, the results file has the one shape, and the timing code times."""

from __future__ import annotations

import json
from statistics import mean

import pytest
import torch

from gptlineage.errors import UserError
from gptlineage.evaluation import ask_all, speed, wilson_interval, write_results
from gptlineage.evaluation.exam import conversation
from gptlineage.inference import LanguageModel
from gptlineage.model import ModelConfig, build
from gptlineage.text import Tokenizer
from gptlineage.world import World, judge


def untrained(stages: list[str]) -> LanguageModel:
    torch.manual_seed(0)
    tokenizer = Tokenizer()
    config = ModelConfig(n_layers=1, d_model=16, n_heads=2, n_ctx=256, vocab_size=tokenizer.vocab_size)
    return LanguageModel("untrained", build(config).eval(), tokenizer, {"stages": stages})


@pytest.mark.parametrize("stages", [["pretrain"], ["pretrain", "sft"]])
def test_an_untrained_model_knows_nothing(stages):
    rows = ask_all(untrained(stages), n=8, seeds=1)
    assert {row["metric"] for row in rows} == {"right, greedy", "right, sampled", "score, greedy", "score, sampled"}
    right = [row for row in rows if row["metric"].startswith("right")]
    assert all(row["value"] == 0 and row["low"] <= 0 < row["high"] < 0.8 for row in right)


def test_the_exam_counts_what_the_judge_accepts(monkeypatch):
    """A model that answers every second question with the reference is right half the time."""
    questions = World().questions(40, seed=conversation.QUESTIONS_SEED, split="held-out")
    replies = [q.reference if i % 2 else "I like tea." for i, q in enumerate(questions)]
    monkeypatch.setattr(conversation, "reply_to_all", lambda *args: replies)
    rows = ask_all(untrained(["sft"]), n=40, seeds=1)
    overall = next(row for row in rows if row["task"] == "facts" and row["metric"] == "right, greedy")
    assert overall["value"] == mean(judge(q, r).right for q, r in zip(questions, replies, strict=True)) == 0.5
    greedy = [row for row in rows if row["metric"] == "right, greedy"]
    assert sum(row["n"] for row in greedy if row["task"] in ("facts, en", "facts, zh")) == 40


def test_the_exam_asks_in_phrasings_that_training_never_used():
    world = World()
    questions = world.questions(300, seed=conversation.QUESTIONS_SEED, split="held-out")
    asked = {question.messages[-2]["content"] for question in questions}
    stream = world.dialogues(seed=0, split="train")
    trained = {m["content"] for _ in range(4000) for m in next(stream).messages if m["role"] == "user"}
    assert not asked & trained


def test_wilson_interval_by_hand():
    low, high = wilson_interval(8, 10)
    assert (low, high) == pytest.approx((0.490, 0.943), abs=1e-3)
    assert wilson_interval(0, 10)[0] == 0


def test_results_have_the_one_shape(tmp_path):
    path = tmp_path / "deep" / "exam.json"
    write_results(path, "gptlineage exam x", [{"model": "x", "value": 1}], seeds=[0])
    content = json.loads(path.read_text())
    assert list(content) == ["command", "date", "machine", "versions", "seeds", "rows"]


def test_decoding_is_timed_on_both_sides():
    config = ModelConfig(n_layers=1, d_model=16, n_heads=2, n_ctx=32, vocab_size=50)
    for make in (speed.ours_decoding, speed.transformers_decoding):
        assert make(config, [1, 2, 3], 5) > 0


def test_a_folder_without_nanogpt_is_named(tmp_path):
    with pytest.raises(UserError, match="not a checkout of nanoGPT"):
        speed.load_nanogpt(tmp_path)
