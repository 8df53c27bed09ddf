"""Labelled examples of the four kinds of task that GPT-1 was fine-tuned on (section 3.3), and text without labels.

    where        four things were put somewhere; which of eight places is the answer to a question?   (classification)
    sentiment    a review: does its writer like the thing?                                            (classification)
    entailment   a few sentences on where things were put, and a statement: does it follow?
    similarity   two short texts on where two things are: do they say the same?
    choice       the question of "where" with the four places of the text as answers to choose from

Within a task no word tells the label: a false statement names a place at which another of the things lies, texts that
differ have exchanged their places, and all four answers are places of the text. (Reviews are the exception: there a
bag of words is right more often than not.) What is held out is the composition, one in ten: all things of a text with
their places, or the thing of a review with what is said about it. The unlabelled text shows none of these either.
"""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gptlineage.paths import data_dir
from gptlineage.world import World, fingerprint
from gptlineage.world.chance import Wheel, below, between, held_out_text, pick, sample, shuffled, stream
from gptlineage.world.facts import LANGUAGES
from gptlineage.world.press import SIDES

Placed = Sequence[tuple[Mapping[str, str], Mapping[str, str]]]  # things with their places
UNLABELLED = {"notes": 0.8, "reviews": 0.15, "books": 0.05}  # shares of the pages; those of books are long
LARGEST_NUMBER_OF_DRAWS = 1000  # for one example that has not been drawn before


@dataclass(frozen=True)
class Example:
    """A text, or two, and the number of the label; with `choices` the label is the number of the right one."""

    texts: tuple[str, ...]
    label: int
    language: str
    choices: tuple[str, ...] = ()


class Labels:
    """Draws labelled examples of every task in `tasks`, and pages without labels."""

    def __init__(self, world: World | None = None, path: Path | None = None):
        """Raises FileNotFoundError or ValueError when the data is not as it should be."""
        self.words = tomllib.loads((path or data_dir() / "labels.toml").read_text(encoding="utf-8"))
        self.world = world or World()
        people = self.world.books.people
        self.names, self.things = people.names, people.pools["things"]
        in_use = [f"the {place}" for place in self.words["places"]]
        self.places = [place for place in people.pools["places"] if place["en"] in in_use]
        self.tasks: dict[str, Callable[[random.Random, str, str], Example]] = {
            "where": self.where,
            "sentiment": self.sentiment,
            "entailment": self.entailment,
            "similarity": self.similarity,
            "choice": self.choice,
        }
        self.n_labels = dict.fromkeys(self.tasks, 2) | {"where": len(self.places), "choice": 4}

    def examples(self, task: str, n: int, seed: int = 0, split: str = "train") -> list[Example]:
        """`n` different examples, English and Chinese in turn; the first of more are the same as of fewer.

        Raises KeyError for an unknown task, ValueError when there are not so many.
        """
        rng, found = stream(seed, "labels", task, split), dict[Example, None]()
        for number in range(n):
            for _ in range(LARGEST_NUMBER_OF_DRAWS):
                example = self.tasks[task](rng, LANGUAGES[number % len(LANGUAGES)], split)
                if example not in found:
                    break
            else:
                raise ValueError(f"there are no {n} different examples of {task!r}")
            found[example] = None
        return list(found)

    # ------------------------------------------------------------ the tasks

    def where(self, rng: random.Random, language: str, split: str) -> Example:
        """The label is the number of the place in `places`."""
        text, _, place = self.question(rng, language, split)
        return Example((text,), self.places.index(place), language)

    def sentiment(self, rng: random.Random, language: str, split: str) -> Example:
        """Label 1: the writer likes it."""
        opinion = self.world.press.opine(rng, language, split, long=rng.random() < 0.7)
        return Example((opinion.text,), 1 - opinion.side, language)

    def entailment(self, rng: random.Random, language: str, split: str) -> Example:
        """Label 1: it follows. Otherwise the statement names the place of another thing."""
        placed, label = self.placed(rng, split, between(rng, 2, 4)), below(rng, 2)
        (thing, place), (_, elsewhere) = sample(rng, placed, 2)
        statement = self.say(rng, "found", language, thing, place if label else elsewhere)
        return Example((self.tell(rng, language, placed), statement), label, language)

    def similarity(self, rng: random.Random, language: str, split: str) -> Example:
        """Label 1: both say the same. Otherwise the second text has the two places exchanged."""
        placed, label = self.placed(rng, split, 2), below(rng, 2)
        (a, here), (b, there) = placed
        second = placed if label else [(a, there), (b, here)]
        report = [self.say(rng, "found", language, *pair) for pair in shuffled(rng, second)]
        return Example((self.tell(rng, language, placed), join(report, language)), label, language)

    def choice(self, rng: random.Random, language: str, split: str) -> Example:
        """The label is the number of the right answer."""
        text, placed, place = self.question(rng, language, split)
        order = shuffled(rng, (other for _, other in placed))
        return Example((text,), order.index(place), language, tuple(self.answer(language, other) for other in order))

    def question(self, rng: random.Random, language: str, split: str) -> tuple[str, Placed, Mapping]:
        """A text on four things that ends in the question where one of them is; the things; the answer."""
        placed = self.placed(rng, split, 4)
        thing, place = pick(rng, placed)
        asked = self.say(rng, "asked", language, thing, place)
        return join([self.tell(rng, language, placed), asked], language), placed, place

    # ------------------------------------------------------------ without labels

    def pages(self, seed: int = 0, split: str = "train", shares: Mapping[str, float] | None = None) -> Iterator[str]:
        """Endless pages: notes on where things are, reviews without their verdict, and pages of books."""
        kinds, rng = Wheel((shares or UNLABELLED).items()), stream(seed, "unlabelled", split)
        books = self.world.documents("books", seed=seed, split=split)
        while True:
            kind, language = kinds.spin(rng), LANGUAGES[below(rng, 2)]
            if kind == "notes":
                yield self.note(rng, language, split)
            elif kind == "reviews":
                yield self.world.press.opine(rng, language, split, long=rng.random() < 0.7).text
            else:
                yield next(books).text

    def note(self, rng: random.Random, language: str, split: str) -> str:
        """One to four things are put somewhere, and then are told of, found, or asked for."""
        placed = self.placed(rng, split, between(rng, 1, 4))
        told = [self.tell(rng, language, placed)]
        finder, _ = pick(rng, self.names[language])
        for _ in range(between(rng, 3, 6)):
            thing, place = pick(rng, placed)
            kind = pick(rng, ("found", "found", "found_by", "asked"))
            told.append(self.say(rng, kind, language, thing, place, finder))
            if kind == "asked":
                told.append(self.answer(language, place))
        return join(told, language)

    def verdicts(self, language: str) -> tuple[Sequence[str], Sequence[str]]:
        """Closing remarks that fit every review: of what was disliked (label 0), of what was liked (label 1)."""
        good, bad = (self.world.press.reviews["sides"][side][language] for side in SIDES)
        return tuple(line for line in bad if "{" not in line), tuple(line for line in good if "{" not in line)

    # ------------------------------------------------------------ the pieces

    def placed(self, rng: random.Random, split: str, n: int) -> Placed:
        """`n` different things at different places, such that all of it together belongs to the split."""
        while True:
            found = list(zip(sample(rng, self.things, n), sample(rng, self.places, n), strict=True))
            key = "/".join(sorted(f"{thing['en']} {place['at']}" for thing, place in found))
            if held_out_text(key) == (split == "held-out"):
                return found

    def tell(self, rng: random.Random, language: str, placed: Placed) -> str:
        """One person puts all the things where they are."""
        name, _ = pick(rng, self.names[language])
        return join([self.say(rng, "told", language, *pair, name) for pair in placed], language)

    def say(
        self, rng: random.Random, kind: str, language: str, thing: Mapping, place: Mapping, name: str = ""
    ) -> str:
        at = place["at" if language == "en" else "at_zh"]
        return pick(rng, self.words[kind][language]).format(a=name, t=thing[language], at=at)

    def answer(self, language: str, place: Mapping) -> str:
        return self.words["answered"][language].format(at=place["at" if language == "en" else "at_zh"])


def join(lines: Sequence[str], language: str) -> str:
    return (" " if language == "en" else "").join(lines)


def labels_fingerprint() -> str:
    """SHA-256 over the wordings and all else that the world is made of, for provenance."""
    return hashlib.sha256(fingerprint().encode() + (data_dir() / "labels.toml").read_bytes()).hexdigest()
