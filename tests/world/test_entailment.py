"""Entailment: pairs are made of the same words, the splits are apart, and cheap tricks do not find the answer."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

import pytest

from gptlineage.paths import data_dir
from gptlineage.world.chance import stream
from gptlineage.world.entailment import Entailment
from gptlineage.world.items import Item
from gptlineage.world.stories import People

LANGUAGES, SPLITS = ("en", "zh"), ("train", "held-out")


def _read(name: str) -> dict:
    return tomllib.loads((data_dir() / "world" / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data() -> dict:
    return _read("entailment")


@pytest.fixture(scope="module")
def entailment(data: dict) -> Entailment:
    return Entailment(data, People(_read("people")))


def _items(entailment: Entailment, language: str, split: str, n: int = 1500) -> list[Item]:
    rng = stream(3, "test", language, split)
    return [entailment.item(rng, language, split) for _ in range(n)]


def _words(text: str, language: str) -> list[str]:
    return re.findall(r"\w+", text.lower()) if language == "en" else list(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_statements_of_a_pair_are_made_of_the_same_kinds_of_words(data: dict, language: str) -> None:
    """Without their roles the two differ in no word, so nothing but the roles can tell them apart."""
    assert len(data["patterns"]) >= 8
    for pattern in data["patterns"]:
        for yes, no in pattern["pairs"][language]:
            bare = [re.sub(r"\{\w+\}", "_", statement) for statement in (yes, no)]
            assert yes != no, pattern["name"]
            assert Counter(_words(bare[0], language)) == Counter(_words(bare[1], language)), (pattern["name"], yes, no)


def test_every_premise_names_what_the_split_goes_by(data: dict) -> None:
    """A premise that left out a part of the key could stand in both splits."""
    for pattern in data["patterns"]:
        for role in re.findall(r"\{(\w+)\}", pattern["key"]):
            forms = {role, f"{role}_", f"to_{role}", f"a_{role}"}
            forms |= {"more": {"less", "most"}, "x": {"xs"}}.get(role, set())
            for language in LANGUAGES:
                for premise in pattern["premise"][language]:
                    named = set(re.findall(r"\{(\w+)\}", premise))
                    assert named & forms, (pattern["name"], role, premise)


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_balanced_and_known(entailment: Entailment, data: dict, language: str) -> None:
    answers = tuple(data["ask"]["answers"][language])
    items = _items(entailment, language, "train")
    assert all(item.choices == answers and item.answer in answers for item in items)
    assert 0.46 < sum(item.answer == answers[0] for item in items) / len(items) < 0.54


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_splits_share_no_case_and_no_frame(entailment: Entailment, data: dict, language: str) -> None:
    train, held_out = (_items(entailment, language, split) for split in SPLITS)
    # premises that name only what the key names, as in "give", would show a leak at once
    assert not {item.text for item in train} & {item.text for item in held_out}
    frames = data["ask"]
    assert len(frames["train"][language]) >= 12
    assert not set(frames["train"][language]) & set(frames["held_out"][language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_truth_of_transitive_comparisons(entailment: Entailment, data: dict, language: str) -> None:
    """A reader of its own: from "A is older than B. C is younger than B." it works out who is older, A or C."""
    names = "|".join(name for name, _ in entailment.people.names[language])
    words = data["words"]["compare"][language]
    more, less = ([word[way] for word in words] for way in ("more", "less"))
    how = "|".join(more + less)
    said = rf"({names}) is (not )?({how}) than ({names})" if language == "en" else rf"({names})(不)?比({names})({how})"

    def claims(text: str) -> list[tuple[str, str, bool]]:
        """(the greater, the smaller, whether it is denied) of every comparison in the text."""
        found = []
        for a, no, b, c in re.findall(said, text):
            word, other = (b, c) if language == "en" else (c, b)
            found.append((a, other, bool(no)) if word in more else (other, a, bool(no)))
        return found

    checked = Counter[bool]()
    for item in _items(entailment, language, "train", 6000):
        greater = {(a, b) for a, b, _ in claims(item.text)}
        greater |= {(a, d) for a, b in greater for c, d in greater if b == c}
        for a, b, denied in claims(item.question):
            if (a, b) in greater or (b, a) in greater:
                follows = ((a, b) in greater) != denied
                assert (item.answer == data["ask"]["answers"][language][0]) == follows, item
                checked[follows] += 1
    assert min(checked[True], checked[False]) > 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_word_overlap_and_single_words_do_not_find_the_answer(
    entailment: Entailment, data: dict, language: str
) -> None:
    """Knowing the truth gives 1.0; overlap and a bag of words learned from 3,000 items stay near a coin toss."""
    yes = data["ask"]["answers"][language][0]
    train, test = (_items(entailment, language, split, 3000) for split in SPLITS)

    def shared(item: Item) -> float:
        asked = _words(item.question, language)
        return sum(word in item.text.lower() for word in asked) / len(asked)

    middle = sorted(shared(item) for item in test)[len(test) // 2]
    by_overlap = sum((shared(item) > middle) == (item.answer == yes) for item in test) / len(test)
    assert 0.42 < by_overlap < 0.58

    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for item in train:
        counts[item.answer == yes].update(set(_words(item.question, language)))

    def score(item: Item) -> int:
        return sum(
            counts[True][word] * 2 > counts[True][word] + counts[False][word]
            for word in set(_words(item.question, language))
        ) * 2 - len(set(_words(item.question, language)))

    by_words = sum((score(item) > 0) == (item.answer == yes) for item in test) / len(test)
    assert by_words < 0.6


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_clean_varied_and_the_same_for_the_same_seed(
    entailment: Entailment, language: str, split: str
) -> None:
    pages = [entailment.page(rng, language, split) for rng in [stream(1, "a")] for _ in range(600)]
    again = [entailment.page(rng, language, split) for rng in [stream(1, "a")] for _ in range(600)]
    assert pages == again
    assert len(set(pages)) == len(pages)
    for page in pages:
        assert "{" not in page and "}" not in page and "  " not in page and page == page.strip()
        assert not re.search(r"\ba [aeio]|\.\.|。。|，。|\?\.|？。", page), page
        assert language == "zh" or not re.search(r"\. [a-z]", page), page
        assert language == "en" or not re.search(r"[,?!;] ?", page), page
