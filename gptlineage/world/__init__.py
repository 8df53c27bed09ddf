"""The micro-world: a small bilingual world of facts, stories, sums and talk that the package makes itself.

Every page and conversation follows from a seed, and every question has an answer that `judge` can check, so
that "better" is a number. The words lie in data/world as plain files; this folder only puts them together.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from gptlineage.paths import data_dir
from gptlineage.world.books import Books
from gptlineage.world.dialogues import KINDS, Dialogue, Dialogues
from gptlineage.world.entailment import Entailment
from gptlineage.world.facts import LANGUAGES, load_facts
from gptlineage.world.items import Item
from gptlineage.world.judge import Check, Verdict, judge_reply
from gptlineage.world.lists import Lists
from gptlineage.world.pages import MIXTURES, PAGE_KINDS, SPLITS, Document, Pages
from gptlineage.world.papers import Papers
from gptlineage.world.press import Press
from gptlineage.world.recipes import Recipes
from gptlineage.world.stories import People, Stories
from gptlineage.world.sums import Sums, pair
from gptlineage.world.translation import Translation
from gptlineage.world.turns import Turns
from gptlineage.world.verses import Verses

__all__ = [
    "KINDS",
    "MIXTURES",
    "PAGE_KINDS",
    "SPLITS",
    "Check",
    "Dialogue",
    "Document",
    "Item",
    "Verdict",
    "World",
    "fingerprint",
    "judge",
]
ENGINE = "4"  # counts up whenever the same data would give other pages


def _folder() -> Path:
    return data_dir() / "world"


def _known(what: str, name: str, choices: Sequence[str]) -> None:
    if name not in choices:
        raise ValueError(f"there is no {what} {name!r}; choose one of: {', '.join(choices)}")


class World:
    """The whole micro-world, read once from a folder (data/world) and never changed."""

    def __init__(self, folder: Path | None = None):
        """Raises FileNotFoundError or ValueError, naming the file, when the data is not as it should be."""
        folder = folder or _folder()

        def read(name: str) -> dict:
            return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))

        self.facts = load_facts(folder / "facts")
        people, frames = People(read("people")), read("pages")
        sums = Sums(read("sums"), people)
        stories = Stories(read("stories"), people, pair)
        self.translation = Translation(read("sentences"), frames["translation"], people, self.facts)
        self.lists = Lists(frames["lists"], self.facts, self.translation)
        self.books = Books(read("books"), people)
        self.press = Press(read("reviews"), read("news"), people)
        self.entailment = Entailment(read("entailment"), people)
        papers, recipes = Papers(read("letters"), read("notices"), people), Recipes(read("recipes"), people)
        verses = Verses(read("verses"), people, self.translation)
        makers = (self.lists, self.books, papers, recipes, self.press, self.entailment, verses)
        self._pages = Pages(frames, self.facts, stories, sums, self.translation, *makers)
        self.turns = Turns(read("asks"), read("talk"), self.facts, stories, sums, self.translation)
        self._dialogues = Dialogues(self.turns)

    def documents(self, mixture: str, seed: int = 0, split: str = "train") -> Iterator[Document]:
        """Endless pages of "books", "web" or "crawl"; ValueError for another mixture or split."""
        _known("mixture", mixture, tuple(MIXTURES))
        _known("split", split, SPLITS)
        return self._pages.documents(mixture, seed, split)

    def pages(self, kind: str, seed: int = 0, split: str = "train", language: str | None = None) -> Iterator[Document]:
        """Endless pages of one kind; ValueError for an unknown kind, split or language."""
        _known("kind of page", kind, PAGE_KINDS)
        _known("split", split, SPLITS)
        if language is not None:
            _known("language", language, LANGUAGES)
        return self._pages.of_kind(kind, seed, split, language)

    def dialogues(
        self,
        seed: int = 0,
        split: str = "train",
        kinds: Sequence[str] | None = None,
        language: str | None = None,
    ) -> Iterator[Dialogue]:
        """Endless conversations of one to five turns; ValueError for an unknown split, kind or language."""
        _known("split", split, SPLITS)
        for kind in kinds or ():
            _known("kind of dialogue", kind, KINDS)
        if language is not None:
            _known("language", language, LANGUAGES)
        return self._dialogues.stream(seed, split, kinds, language)

    def questions(self, n: int, seed: int = 0, split: str = "held-out", language: str | None = None) -> list[Dialogue]:
        """n different single questions about facts, evenly over relations and languages.

        Raises ValueError for an unknown split or language, or when there are fewer than n.
        """
        _known("split", split, SPLITS)
        if language is not None:
            _known("language", language, LANGUAGES)
        return self._dialogues.questions(n, seed, split, language)


def judge(dialogue: Dialogue, reply: str) -> Verdict:
    """Whether `reply` is a right answer to the dialogue's prompt, and a score from 0 to 1."""
    return judge_reply(dialogue.check, reply)


def fingerprint() -> str:
    """SHA-256 over the data files and the version of the engine, for provenance."""
    digest = hashlib.sha256(ENGINE.encode())
    folder = _folder()
    for path in sorted(folder.rglob("*.toml")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
