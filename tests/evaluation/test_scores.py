"""Scores of one prompt's texts: held against the plain softmax, and against the judge's own references."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

import gptlineage as gl
from gptlineage.evaluation.scores import (
    REASONS,
    by_judge,
    by_likelihood,
    by_reward,
    exam_question,
    in_chinese,
    joined,
    likelihood,
    probability,
    reward,
    score,
    score_rows,
    shortened,
    verdict_line,
)
from gptlineage.inference import save_model
from gptlineage.model import Scorer
from gptlineage.world import Verdict, judge


@pytest.fixture(scope="module")
def lm() -> gl.LanguageModel:
    return gl.load("gpt-2")


def test_the_likelihood_is_the_product_of_the_softmaxes(lm: gl.LanguageModel) -> None:
    prompt, answer = "The capital of France is", "Paris."
    found = likelihood(lm, prompt, answer)
    ids, said = lm.read(prompt), lm.tokenizer.encode(" Paris.")
    with torch.inference_mode():
        logits = lm.model(torch.tensor([ids + said])).float().log_softmax(-1)[0]
    wanted = -sum(float(logits[len(ids) - 1 + i, token]) for i, token in enumerate(said))
    assert found.nats == pytest.approx(wanted, abs=1e-4) and found.n_tokens == len(said) and found.n_bytes == 7
    assert found.bits_per_byte == pytest.approx(wanted / math.log(2) / 7, rel=1e-3)


def test_a_chat_model_is_scored_on_what_it_would_reply() -> None:
    chat = gl.load("chatgpt")
    asked = "What is the capital of France?"
    replied, continued = (likelihood(chat, asked, "The capital of France is Paris.", way) for way in (True, False))
    assert replied.nats < continued.nats / 2


def test_a_base_model_replies_on_a_page_of_questions(lm: gl.LanguageModel) -> None:
    asked = "What is the capital of France?"
    page = likelihood(lm, f"Q: {asked}\nA:", "Paris.")
    assert likelihood(lm, asked, "Paris.", as_reply=True) == page != likelihood(lm, asked, "Paris.")


def test_answers_follow_as_words_do() -> None:
    assert joined("is", "Paris") == " Paris" and joined("is ", "Paris") == "Paris" and joined("is", ".") == "."
    assert joined("首都是", "巴黎") == "巴黎" and joined("首都是", "Paris") == "Paris"


@pytest.mark.parametrize(
    ("name", "prompt", "answer", "word"),
    [
        ("gpt-2", "The capital", "  ", "Give an answer"),
        ("gpt-2", "", "x", "empty"),
        ("gpt-2", "word " * 150, "word " * 100, "shorten"),
        ("transformer", "Tom saw a cat.", "汤姆", "does not continue"),
    ],
)
def test_what_cannot_be_scored_says_why(name: str, prompt: str, answer: str, word: str) -> None:
    with pytest.raises(gl.UserError, match=word):
        likelihood(gl.load(name), prompt, answer)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_exams_questions_are_single_and_their_references_right(lang: str) -> None:
    asked = [exam_question(number, lang) for number in range(30)]
    assert len({question.prompt[0]["content"] for question in asked}) > 25
    assert all(len(question.prompt) == 1 and judge(question, question.reference).right for question in asked)
    assert asked[3] == exam_question(3, lang)


def test_the_judge_gives_his_reasons_in_both_languages() -> None:
    question = exam_question(3, "en")
    rows = [{"text": question.reference}, {"text": "I like"}, {"error": "too long"}]
    lm = gl.load("gpt-2")
    score_rows(rows, [lm] * 3, "x", {"judge": by_judge(question, "en")}, replied=True, lang="en")
    assert rows[0]["score"] == "judge: right" and "not right" in rows[1]["score"] and "score" not in rows[2]
    assert rows[0]["scores"]["judge"]["right"] and not rows[1]["scores"]["judge"]["right"]
    score_rows(rows, [lm] * 3, "x", {"judge": by_judge(question, "zh")}, replied=True, lang="zh")
    assert "评判者：不对" in rows[1]["score"] and not any(reason in rows[1]["score"] for reason in REASONS)
    assert [shortened(f"missing: {ways}") for ways in ("a / b / c / d", "a / b")] == [
        "missing: a / b / …",
        "missing: a / b",
    ]
    assert in_chinese("2 right items of 3") == "3 项中对了 2 项" and in_chinese("missing: 9") == "缺少：9"


def test_a_reply_that_says_nothing_of_what_was_asked_gets_no_points() -> None:
    nothing, half = Verdict(False, 0.4, ("missing: 9",), 0.0), Verdict(False, 0.7, ("missing: 9",), 0.5)
    assert verdict_line(nothing, "en") == "judge: not right (missing: 9)"
    assert verdict_line(nothing, "zh") == "评判者：不对（缺少：9）"
    assert verdict_line(half, "en") == "judge: not right (0.70: missing: 9)"
    assert verdict_line(half, "zh") == "评判者：不对（0.70 分：缺少：9）"


def test_a_reward_model_orders_two_replies(lm: gl.LanguageModel, tmp_path: Path) -> None:
    with pytest.raises(gl.UserError, match="no reward model"):
        reward(tmp_path, "Hi", "Hello.")
    scorer = Scorer(gl.build(lm.config))
    torch.nn.init.normal_(scorer.score.weight)  # it begins at nought
    save_model(tmp_path / "reward", scorer, lm.tokenizer, {}, "")
    given = reward(tmp_path / "reward", "Hi", "Hello.")
    found = score(by_reward(tmp_path / "reward", "en"), lm, "Hi", "Hello.", True, "en")
    assert found.value == given != reward(tmp_path / "reward", "Hi", "No.") and f"{given:+.2f}" in found.words


def test_a_score_that_cannot_be_had_is_told_in_its_place(lm: gl.LanguageModel) -> None:
    with pytest.raises(gl.UserError, match="Give an answer"):
        by_likelihood(" ", "en")
    long = score(by_likelihood("on " * 300, "zh"), lm, "The cat", "", False, "zh")
    assert long.value is None and "缩短" in long.words and not long.figures


def test_probabilities_are_readable() -> None:
    told = [probability(-math.log(p)) for p in (0.383, 1.0, 0.99999, 0.0004, 3e-9)]
    assert told == ["38.3 %", "100 %", "> 99.9 %", "0.04 %", "3.0 × 10⁻⁹"]
    assert probability(2000.0) == "2.6 × 10⁻⁸⁶⁹"  # beyond what exp can hold
