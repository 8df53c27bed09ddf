"""What people say that the exam has no kind for."""

from __future__ import annotations

import re
from itertools import islice

import pytest

from gptlineage.world import judge
from gptlineage.world.free_talk import WAYS, FreeTalk, with_pronoun


@pytest.fixture(scope="module")
def talk() -> FreeTalk:
    return FreeTalk()


def said(talk: FreeTalk, way: str, n: int, split: str = "train", seed: int = 1) -> list:
    return list(islice(talk.stream(seed, split, way), n))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("split", ["train", "held-out"])
def test_references_are_right_and_a_stream_comes_again(talk, way, split):
    found = said(talk, way, 200, split)
    assert all(judge(one, one.reference).right for one in found)
    assert not any(judge(one, "Bananas.").right for one in found)
    assert {one.language for one in found} == {"en", "zh"}
    assert found[:20] == said(FreeTalk(), way, 20, split) != said(talk, way, 20, split, seed=2)
    assert not any(re.search(r"\{[spv]\}", message["content"]) for one in found for message in one.messages)


def test_nothing_held_out_is_said_in_training(talk):
    questions = {split: {one.prompt[-1]["content"] for way in ("noise", "story") for one in said(talk, way, 800, split)}
                 for split in ("train", "held-out")}  # fmt: skip
    assert not questions["train"] & questions["held-out"]
    kept = {name for one in talk.world.facts.members["animal"] if one.held_out for name in one.name.values()}
    told, asked = ({one.check.keys[0][0] for one in said(talk, "story", 400, split)} for split in ("train", "held-out"))
    assert not told & kept and asked <= kept
    assert not any(one.entity_held_out for one in said(talk, "half", 400))


def test_stories_are_told_of_animals_that_the_worlds_own_never_tell_of(talk):
    own = {one[lang] for one in talk.turns.people.pools["animals"] for lang in ("en", "zh")}
    for one in said(talk, "story", 300):
        (animal,) = one.check.keys[0]
        assert animal not in own and animal in one.prompt[-1]["content"] and animal in one.reference
        assert not re.search(rf"\ban {animal}|\ba [aeiou]", one.reference) or animal[0] in "aeiou"


@pytest.mark.parametrize(
    ("template", "language", "asked"),
    [
        ("What does a {s} eat?", "en", "What does it eat?"),
        ("An {s} is what kind of animal?", "en", "It is what kind of animal?"),
        ("What is the capital of {s}?", "en", None),
        ("What is a baby {s} called?", "en", None),
        ("Where do {p} live?", "en", None),
        ("{s}吃什么？", "zh", "它吃什么？"),
        ("{s}人说什么语言？", "zh", None),
        ("在{s}，人们说什么语言？", "zh", None),
    ],
)
def test_a_pronoun_stands_where_people_would_say_it(template, language, asked):
    assert with_pronoun(template, language) == asked


def test_a_pronoun_never_names_its_subject(talk):
    for one in said(talk, "pronoun", 300):
        names = {message["content"].casefold() for message in one.prompt[2:] if message["role"] == "user"}
        assert len(one.messages) in (4, 6) and all(re.search(r"\bit\b|它", name) for name in names)


def test_your_name_is_not_mine(talk):
    for one in said(talk, "names", 300):
        assert ("gptlineage" in one.reference) == (one.kind == "talk")
        assert one.kind == "talk" or one.check.keys[0][0] in one.prompt[0]["content"]


def test_numbers_in_words(talk):
    spelt = {n: (talk.spelt(n, "en"), talk.spelt(n, "zh")) for n in (0, 7, 10, 13, 20, 42, 100, 105, 110, 198)}
    assert [zh for _, zh in spelt.values()] == [
        "零", "七", "十", "十三", "二十", "四十二", "一百", "一百零五", "一百一十", "一百九十八",
    ]  # fmt: skip
    assert spelt[13][0] == "thirteen" and spelt[42][0] == "forty-two" and spelt[110][0] == "one hundred and ten"
    assert len({talk.spelt(n, lang) for n in range(200) for lang in ("en", "zh")}) == 400
    for one in said(talk, "numbers", 200):
        assert not re.search(r"\d", one.prompt[-1]["content"]) and re.search(r"\d", one.reference)


def test_noise_is_answered_in_one_language(talk):
    for one in said(talk, "noise", 200):
        assert bool(re.search("[\u4e00-\u9fff]", one.reference)) == (one.language == "zh")
