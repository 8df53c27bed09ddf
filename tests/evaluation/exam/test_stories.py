"""A story that contradicts its opening is counted; what is cut off at the end is not held against it."""

from __future__ import annotations

import pytest

from gptlineage.evaluation.exam import stories
from gptlineage.world import World
from gptlineage.world.chance import stream
from tests.evaluation.test_evaluation import untrained


@pytest.fixture(scope="module")
def world():
    return World()


def test_openings_are_whole_sentences_in_both_languages(world):
    for language, mark in (("en", "."), ("zh", "。")):
        for number in range(20):
            text, told_in = stories.opening(world, stream(number, "test"), language)
            assert told_in == language and text.endswith(mark) and mark * 2 not in text
            assert world.books.contradictions(text, language) == []


WRONG = " Tom gave the key to Ben. Ben gave the k"


RIGHT = " Tom went to the forest. Anna"


@pytest.mark.parametrize(("end", "n", "share"), [("", 0, 0.0), (" Zoe gave", 0, 0.0), (WRONG, 4, 0.0), (RIGHT, 4, 1.0)])
def test_contradictions_are_counted_where_something_was_understood(world, monkeypatch, end, n, share):
    monkeypatch.setattr(stories, "opening", lambda *args: ("Tom was in the park. Anna had a key.", "en"))
    monkeypatch.setattr(stories, "continuations", lambda lm, prompts, *args, **kw: [end] * len(prompts))
    rows = {row["metric"]: row for row in stories.story_rows(untrained(["pretrain"]), world, "x", 0, 4)}
    assert (rows["without contradiction"]["value"], rows["without contradiction"]["n"]) == (share, n)
    assert rows["sentences understood"]["value"] == (1.0 if n else 0.0)


def test_a_sentence_that_was_cut_off_says_nothing():
    assert stories.whole_sentences("A cat. A do", "en") == "A cat."
    assert stories.whole_sentences("一只猫", "zh") == ""
