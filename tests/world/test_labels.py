"""Labelled examples: the label is true, no word gives it away, and nothing held out stands anywhere in training."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest

from gptlineage.world import World
from gptlineage.world.labels import Labels

LABELS = Labels(World())
PLACED = ("where", "entailment", "similarity", "choice")


def spots(text: str) -> dict[str, str]:
    """Which thing is where, read off the text by looking for the words."""
    found = {}
    for line in re.split(r"(?<=[.?。？])", text):
        for language, at in (("en", "at"), ("zh", "at_zh")):
            things = [t[language] for t in LABELS.things if t[language] in line]
            places = [p[at] for p in LABELS.places if p[at] in line]
            if things and places:
                found[max(things, key=len)] = max(places, key=len)
    return found


@pytest.mark.parametrize("split", ["train", "held-out"])
def test_the_labels_are_true(split):
    for example in LABELS.examples("entailment", 200, split=split):
        premise, ((thing, place),) = spots(example.texts[0]), spots(example.texts[1]).items()
        assert example.label == (premise[thing] == place) and place in premise.values()
    for example in LABELS.examples("similarity", 200, split=split):
        one, other = map(spots, example.texts)
        assert example.label == (one == other)
        assert set(one) == set(other) and set(one.values()) == set(other.values()) and len(one) == 2
    for example in LABELS.examples("where", 200, split=split):
        told, question = spots(example.texts[0]), re.split(r"[.。]", example.texts[0])[-1]
        (thing,) = [t for t in told if t in question]
        place = LABELS.places[example.label]
        assert told[thing] in (place["at"], place["at_zh"]) and len(set(told.values())) == 4
    for example in LABELS.examples("choice", 200, split=split):
        told, question = spots(example.texts[0]), re.split(r"[.。]", example.texts[0])[-1]
        (thing,) = [t for t in told if t in question]
        assert told[thing] in example.choices[example.label]
        assert len(example.choices) == 4 and all(any(p in c for c in example.choices) for p in told.values())


@pytest.mark.parametrize("task", LABELS.tasks)
def test_labels_are_balanced_and_examples_differ(task):
    examples = LABELS.examples(task, 600)
    counts = Counter(example.label for example in examples)
    n = LABELS.n_labels[task]
    assert set(counts) == set(range(n))
    assert all(abs(count / 600 - 1 / n) < 0.08 for count in counts.values())
    assert len(set(examples)) == 600
    assert Counter(example.language for example in examples) == {"en": 300, "zh": 300}
    assert LABELS.examples(task, 50) == examples[:50] != LABELS.examples(task, 50, seed=1)


def test_the_answer_is_at_no_favoured_place_of_the_text():
    ranks = Counter()
    for example in LABELS.examples("choice", 800):
        told = list(spots(example.texts[0]).values())
        ranks[[place in example.choices[example.label] for place in told].index(True)] += 1
    assert all(abs(count / 800 - 0.25) < 0.06 for count in ranks.values()), ranks


@pytest.mark.parametrize("task", PLACED)
def test_no_composition_stands_in_both_splits(task):
    train, held_out = (
        {frozenset(spots(example.texts[0]).items()) for example in LABELS.examples(task, 400, split=split)}
        for split in ("train", "held-out")
    )
    assert not train & held_out


def test_reviews_keep_to_their_split():
    train, held_out = (set(LABELS.examples("sentiment", 500, split=split)) for split in ("train", "held-out"))
    assert not {e.texts for e in train} & {e.texts for e in held_out}


def test_notes_say_nothing_false_and_nothing_that_is_held_out():
    notes = list(islice(LABELS.pages(3, shares={"notes": 1.0}), 300))
    held_out = {frozenset(spots(e.texts[0]).items()) for e in LABELS.examples("choice", 300, split="held-out")}
    for note in notes:
        by_thing = Counter()
        for line in re.split(r"(?<=[.?。？])", note):
            by_thing.update(spots(line).items())
        assert len({thing for thing, _ in by_thing}) == len(by_thing), note  # no thing at two places
        assert frozenset(by_thing) not in held_out
    assert any(note.isascii() for note in notes) and not all(note.isascii() for note in notes)


def test_pages_have_no_verdict():
    """Reviews end without a rating: labels are what fine-tuning is for."""
    answers = LABELS.world.press.reviews["words"]["answers"]
    labels = [label for language in ("en", "zh") for label in LABELS.world.press.reviews["labels"]["train"][language]]
    for page in islice(LABELS.pages(shares={"reviews": 1.0}), 300):
        assert not any(page.endswith(label + gap + word) for label in labels for gap in ("", " ")
                       for words in answers.values() for word in words)  # fmt: skip
    assert {len(LABELS.verdicts(language)[side]) > 2 for language in ("en", "zh") for side in (0, 1)} == {True}


def test_what_is_not_there_is_refused():
    with pytest.raises(KeyError):
        LABELS.examples("rhyme", 1)
