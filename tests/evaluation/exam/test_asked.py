"""Conversations of every kind, and longer ones, in the exam of conversation."""

from __future__ import annotations

from typing import Any

import pytest

import gptlineage as gl
from gptlineage.evaluation import exam
from gptlineage.evaluation.exam import conversation
from gptlineage.text import encode_prompt
from gptlineage.text.chat import encode_message, shown_at_most
from gptlineage.world import KINDS, LANGUAGES, World
from gptlineage.world.carelessness import HABITS
from gptlineage.world.free_talk import WAYS


@pytest.fixture(scope="module")
def chatgpt() -> gl.LanguageModel:
    return gl.load("chatgpt")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked; every answer is the reference, except that a claim is left unanswered."""
    seen: list[Any] = []

    def reference(_: gl.LanguageModel, dialogues: Any, __: Any) -> list[str]:
        seen.extend(dialogues)
        return ["" if dialogue.kind == "correct" else dialogue.reference for dialogue in dialogues]

    monkeypatch.setattr(conversation, "replies", reference)
    return seen


def test_every_kind_is_asked_in_both_languages(chatgpt, asked):
    rows = conversation.ask_instructions(chatgpt, n=8, seeds=0)
    assert [(d.kind, d.language) for d in asked] == [(k, lang) for k in KINDS for lang in LANGUAGES for _ in range(4)]
    right = {row["task"]: row for row in rows if row["metric"] == "right, greedy" and row["model"] == "chatgpt"}
    assert right["story"]["value"] == 1 and right["correct, zh"]["value"] == 0
    assert right["all kinds"]["value"] == pytest.approx(1 - 1 / len(KINDS))
    assert (right["all kinds"]["n"], right["all kinds, en"]["n"], right["sum, en"]["n"]) == (8 * len(KINDS), 80, 4)


def test_the_commonest_verdict_is_counted_on_the_same_claims(chatgpt, asked):
    guess = conversation.ask_instructions(chatgpt, n=40, seeds=0)[-1]
    false = [bool(d.check.denied) for d in asked if d.kind == "correct"]
    assert guess["model"] == "commonest verdict" and guess["n"] == len(false) == 40
    assert guess["value"] == max(sum(false), 40 - sum(false)) / 40 >= 0.5


def test_long_conversations_are_longer_than_what_is_shown(chatgpt, asked):
    conversation.ask_at_length(chatgpt, n=20, seeds=0)
    n_ctx, tokenizer = chatgpt.model.config.n_ctx, chatgpt.tokenizer
    assert [dialogue.language for dialogue in asked] == ["en"] * 10 + ["zh"] * 10
    for dialogue in asked:
        whole = 1 + sum(len(encode_message(tokenizer, message)) for message in dialogue.prompt)
        assert whole > shown_at_most(n_ctx) >= len(encode_prompt(tokenizer, dialogue.prompt, n_ctx))


def test_free_talk_is_asked_way_by_way(chatgpt, asked):
    rows = conversation.ask_freely(chatgpt, n=5, seeds=0)
    assert len(asked) == 5 * len(WAYS) and not any(dialogue.kind == "correct" for dialogue in asked)
    right = {row["task"]: (row["value"], row["n"]) for row in rows if row["metric"] == "right, greedy"}
    assert right == {f"free talk, {way}": (1.0, 5) for way in WAYS}


def test_the_same_conversations_are_typed_with_every_habit(chatgpt, asked):
    rows = conversation.ask_carelessly(chatgpt, n=40, seeds=0)
    ways = 1 + len(HABITS)
    assert len(asked) == 40 * ways and [talk.language for talk in asked[::ways]] == ["en"] * 20 + ["zh"] * 20
    for i in range(0, len(asked), ways):
        assert len({talk.reference for talk in asked[i : i + ways]}) == 1
    careful = asked[0::ways]
    for number, habit in enumerate(HABITS, start=1):
        changed = [a != b for a, b in zip(careful, asked[number::ways], strict=True)]
        assert sum(changed[:20]) > 5, habit
    right = {row["task"]: row["n"] for row in rows if row["metric"] == "right, greedy"}
    assert right["typed, carefully"] == right["typed, slip"] == 40 and right["typed, small letters, zh"] == 20


@pytest.mark.parametrize(("n", "stories", "of_a_kind"), [(2, 2, 2), (800, 200, 50)])
def test_an_exam_asks_no_more_than_it_was_told_to(chatgpt, monkeypatch, n, stories, of_a_kind):
    told = {}
    monkeypatch.setattr(exam, "loss_rows", lambda *_: [])
    monkeypatch.setattr(exam, "story_rows", lambda *given: told.update(stories=given[-1]) or [])
    monkeypatch.setattr(exam, "instruction_rows", lambda *given: told.update(of_a_kind=given[-1]) or [])
    assert exam.take(chatgpt, World(), [], "chatgpt", n) == []
    assert told == {"stories": stories, "of_a_kind": of_a_kind}
