"""Pairs of texts, English and Chinese, that say the same: what the models of 2014 and 2017 learn to translate.

One grammar (data/bitext.toml) is filled on both sides at once, so it is known which words translate which, wherever
they stand: an English place ends its clause, a Chinese one comes before the verb, and "A because B" is "因为B，所以A".
One clause in ten, chosen by scrambling its English text, is held out: no training pair contains it.
"""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

from gptlineage.paths import data_dir
from gptlineage.world import World, fingerprint
from gptlineage.world.chance import between, held_out_text, pick, stream
from gptlineage.world.facts import capital
from gptlineage.world.translation import Translation

Span = tuple[int, int]  # of characters, the end not included
MOST_CLAUSES = 4
# Forms of one verb, or of one noun, that are the same role in the other language.
SAME_ROLE = {"s": "act", "past": "act", "ing": "act", "base": "act", "animals": "animal", "foods": "food"}
UNLINKED = ("animal_mw", "thing_mw", "food_mw")  # measure words have no English


@dataclass(frozen=True)
class Bitext:
    """A text in both languages. `links` are the spans that translate each other: (in `en`, in `zh`)."""

    en: str
    zh: str
    links: tuple[tuple[Span, Span], ...]
    n_clauses: int


@dataclass(frozen=True)
class Piece:
    """A text and where its roles stand in it."""

    text: str
    spans: Mapping[str, Span]


class Bitexts:
    """Draws pairs of texts of one to four clauses."""

    def __init__(self, translation: Translation | None = None, path: Path | None = None):
        """Raises FileNotFoundError or ValueError when the data is not as it should be."""
        data = tomllib.loads((path or data_dir() / "bitext.toml").read_text(encoding="utf-8"))
        self.clauses, self.joined, self.alone = data["clauses"], data["joined"], data["alone"]
        self.translation = translation or World().translation

    def pairs(self, seed: int = 0, split: str = "train", n_clauses: int | None = None) -> Iterator[Bitext]:
        """Endless pairs; as many clauses in each as said, or one to four, evenly."""
        rng = stream(seed, "bitext", split)
        while True:
            yield self.pair(rng, split, n_clauses or between(rng, 1, MOST_CLAUSES))

    def pair(self, rng: random.Random, split: str, n_clauses: int) -> Bitext:
        sentences, left = [], n_clauses
        while left:
            n = 2 if left > 1 and rng.random() < 0.7 else 1
            sentences.append(self._sentence(rng, split, n))
            left -= n
        en = join([english for english, _ in sentences], " ")
        zh = join([chinese for _, chinese in sentences], "")
        links = tuple((span, zh.spans[role]) for role, span in en.spans.items() if role in zh.spans)
        return Bitext(en.text, zh.text, links, n_clauses)

    def _sentence(self, rng: random.Random, split: str, n: int) -> tuple[Piece, Piece]:
        """Two clauses joined, or one alone."""
        pattern = pick(rng, self.joined if n == 2 else self.alone)
        en, zh = self._roles(rng)
        for place in "ab"[:n]:
            english, chinese = self._clause(rng, split)
            en |= {place: Piece(lowered(english.text), english.spans), place.upper(): english}
            zh[place] = chinese
        sentence = lay(pattern[0], en)
        return Piece(capital(sentence.text), sentence.spans), lay(pattern[1], zh)

    def _clause(self, rng: random.Random, split: str) -> tuple[Piece, Piece]:
        while True:
            pattern = pick(rng, self.clauses)
            en, zh = self._roles(rng)
            english = lay(pattern[0], en)
            if held_out_text(english.text.lower()) == (split == "held-out"):
                return english, lay(pattern[1], zh)

    def _roles(self, rng: random.Random) -> tuple[dict[str, Piece], dict[str, Piece]]:
        words = self.translation.roles(rng)
        en, zh = ({role: piece(role, text) for role, text in side.items()} for side in words)
        for role in ("thing", "animal", "colour"):
            word = words[0][role]
            en[f"a_{role}"] = piece(role, ("an " if word[0] in "aeiou" else "a ") + word)
        return en, zh


def piece(role: str, text: str) -> Piece:
    role = SAME_ROLE.get(role, role)
    return Piece(text, {} if role in UNLINKED else {role: (0, len(text))})


@cache
def parsed(pattern: str) -> tuple[tuple[str, str | None], ...]:
    """The pattern as (text, role) pairs; the last role may be None."""
    return tuple((literal, field) for literal, field, _, _ in Formatter().parse(pattern))


def lay(pattern: str, pieces: Mapping[str, Piece]) -> Piece:
    """Fill a pattern; the roles inside a clause are told apart by the clause's place."""
    text, spans = "", dict[str, Span]()
    for literal, field in parsed(pattern):
        text += literal
        if field is not None:
            for role, (start, end) in pieces[field].spans.items():
                name = role if field.lower() not in "ab" else f"{field.lower()}.{role}"
                spans[name] = (len(text) + start, len(text) + end)
            text += pieces[field].text
    return Piece(text, spans)


def join(pieces: Sequence[Piece], between: str) -> Piece:
    """One text of several sentences; their roles are told apart by number."""
    text, spans = "", dict[str, Span]()
    for number, one in enumerate(pieces):
        text += between if number else ""
        spans |= {f"{number}.{role}": (len(text) + a, len(text) + b) for role, (a, b) in one.spans.items()}
        text += one.text
    return Piece(text, spans)


def lowered(clause: str) -> str:
    """A clause as it stands inside a sentence: names and "I" keep their capital."""
    first = clause.split()[0]
    return clause[0].lower() + clause[1:] if first in ("The", "There", "This", "My") else clause


def bitext_fingerprint() -> str:
    """SHA-256 over the grammar and the lexicon that fills it, for provenance."""
    return hashlib.sha256((data_dir() / "bitext.toml").read_bytes() + fingerprint().encode()).hexdigest()
