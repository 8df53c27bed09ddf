"""Careless users: what they type is still their question, and nothing but what they say is changed."""

from __future__ import annotations

import re
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.world import World
from gptlineage.world.carelessness import HABITS, SPELT, WORKED_ON, Carelessness, typed_carelessly
from gptlineage.world.chance import stream


@pytest.fixture(scope="module")
def careless() -> Carelessness:
    return Carelessness()


def test_only_what_users_say_is_typed_carelessly_in_the_stated_share():
    talks = list(islice(World().dialogues(seed=5), 300))
    typed = list(typed_carelessly(talks, 1.0, seed=1))
    changed = [(a, b) for a, b in zip(talks, typed, strict=True) if a != b]
    assert len(changed) > 200
    assert typed == list(typed_carelessly(talks, 1.0, seed=1)) != list(typed_carelessly(talks, 1.0, seed=2))
    for before, after in changed:
        assert after.check == before.check and after.reference == before.reference
        pairs = list(zip(before.messages, after.messages, strict=True))
        assert all(a == b for a, b in pairs if a["role"] != "user")
        assert all(b["content"].strip() for _, b in pairs)
    some = sum(a != b for a, b in zip(talks, typed_carelessly(talks, 0.3, seed=1), strict=True))
    assert 0.2 * len(changed) < some < 0.42 * len(changed)
    assert list(typed_carelessly(talks, 0.0)) == talks


def test_what_an_instruction_works_on_stays_as_it_is(careless):
    rng = stream(1, "test")
    for talk in islice(World().dialogues(seed=6, kinds=list(SPELT)), 200):
        for before, after in zip(talk.messages, careless.typed(rng, talk, HABITS).messages, strict=True):
            found = WORKED_ON.search(before["content"])
            if found and before["role"] == "user":
                assert after["content"].endswith(before["content"][found.start() :])
    spelt = careless.text(rng, 'Which word is "Potato" backwards? It has LETTERS.', HABITS, spelt=True)
    assert spelt == 'which word is "Potato" backwards? It has LETTERS.'


@pytest.mark.parametrize(
    ("habit", "said", "typed"),
    [
        ("small letters", "Is Warsaw in Poland?", "is warsaw in poland?"),
        ("small letters", "GPT-2是谁做的？", "gpt-2是谁做的?"),
        ("no mark", "Is Warsaw in Poland?", "Is Warsaw in Poland"),
        ("no mark", "波兰在哪个洲？", "波兰在哪个洲"),
        ("no mark", "?", "?"),
        ("slip", "I am Zortik.", "I am Zortik."),
        ("slip", "波兰在哪个洲？", "波兰在哪个洲？"),
    ],
)
def test_each_habit(careless, habit, said, typed):
    assert careless.text(stream(1, habit), said, [habit]) == typed


def test_a_slip_is_one_letter_of_one_known_word(careless):
    said = "In Poland, which city is the capital?"
    found = {careless.with_slip(stream(seed, "test"), said) for seed in range(200)}
    assert len(found) > 15 and said not in found
    for typed in found:
        wrong = [(a, b) for a, b in zip(re.findall(r"\w+", said), re.findall(r"\w+", typed), strict=True) if a != b]
        assert len(wrong) == 1
        (right, slipped), = wrong
        assert right[0] == slipped[0] and abs(len(right) - len(slipped)) <= 1 and right.lower() in careless.known
        assert slipped.lower() not in careless.known


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.sets(st.sampled_from(sorted(HABITS))), st.integers(0, 2**32))
def test_whatever_is_said_something_is_typed(careless, said, habits, seed):
    typed = careless.text(stream(seed, "test"), said, habits)
    assert bool(typed) == bool(said)
    assert careless.text(stream(seed, "test"), said, ()) == said
