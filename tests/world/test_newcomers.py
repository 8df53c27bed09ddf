"""Names that no page tells of, put into conversations so that everything in them still fits together."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from gptlineage.world import World, judge
from gptlineage.world.newcomers import Newcomers, renamed, with_newcomers


@pytest.fixture(scope="module")
def newcomers() -> Newcomers:
    return Newcomers()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_are_many_and_those_held_out_are_others(newcomers: Newcomers, language: str) -> None:
    rng = Random(1)
    train = {newcomers.name(rng, language) for _ in range(2000)}
    held_out = {newcomers.name(rng, language, "held-out") for _ in range(300)}
    assert len(train) > 1200 and not train & held_out
    cast = {name for name, _ in World().turns.small_talk.people.names[language]}
    assert len(train & cast) < 20
    assert all(name.isascii() == (language == "en") and 2 <= len(name) <= 20 for name in train)


def test_the_conversation_fits_the_new_name(newcomers: Newcomers) -> None:
    talks = list(islice(World().dialogues(seed=5, kinds=["memory", "mixed"]), 1500))
    changed = [(a, b) for a, b in zip(talks, with_newcomers(talks, 1.0), strict=True) if a != b]
    assert len(changed) > 150
    for before, after in changed:
        old = newcomers.introduced(before)
        assert old and all(old not in message["content"] for message in after.messages if message["role"] == "user")
        assert judge(after, after.reference).right
        assert [m["role"] for m in after.messages] == [m["role"] for m in before.messages]
        if old in before.reference:  # the name is what was asked for: the old one is no longer right
            assert not judge(after, before.reference).right


def test_only_the_users_own_name_is_changed(newcomers: Newcomers) -> None:
    for talk in islice(World().dialogues(seed=6, kinds=["passage", "story", "translate", "fact"]), 500):
        assert newcomers.introduced(talk) is None


def test_a_name_is_changed_as_a_word(newcomers: Newcomers) -> None:
    talk = next(d for d in World().dialogues(seed=5, kinds=["memory"], language="en") if newcomers.introduced(d))
    old = newcomers.introduced(talk)
    assert old
    longer = renamed(talk, old, old + "my")
    assert f"{old}my" in longer.messages[0]["content"] + longer.messages[2]["content"]
    assert renamed(longer, old, "X") == longer  # it is a part of a word now


def test_the_share_is_as_said_and_the_seed_decides() -> None:
    talks = list(islice(World().dialogues(seed=7, kinds=["memory"]), 2000))
    whole, half = (sum(a != b for a, b in zip(talks, with_newcomers(talks, share), strict=True)) for share in (1, 0.5))
    assert 0.4 < half / whole < 0.6
    once, again, other = (list(with_newcomers(talks, 0.5, seed)) for seed in (1, 1, 2))
    assert once == again != other
    assert list(with_newcomers(talks, 0.0)) == talks
