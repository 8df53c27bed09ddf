"""What a story keeps track of: who is where, who holds what, what lies where, and the marks that scenes set.

Scenes and steps say in books.toml what they need and what they do ("a has t", "t at p", "not t broken").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from gptlineage.world.chance import held_out_text
from gptlineage.world.facts import LANGUAGES, sentence
from gptlineage.world.stories import PRONOUNS, People

KIND = {
    "a": "people", "b": "people", "c": "people", "t": "things", "u": "things", "f": "foods", "m": "animals",
    "p": "places", "q": "places", "r": "places",
}  # fmt: skip
Statement = tuple[bool, str, str, str]  # whether it is so, subject, relation, object
Signature = tuple[str, str, str]  # who, thing, place
Bound = Mapping[str, str]


def _statement(text: str) -> Statement:
    so = not text.startswith("not ")
    words = text.removeprefix("not ").split(" ")
    return so, words[0], words[1], words[2] if len(words) > 2 else ""


@dataclass(frozen=True, eq=False)
class Step:
    """One thing that may happen: what must be so before it, what is so after it, and its wordings."""

    needs: tuple[Statement, ...]
    does: tuple[Statement, ...]
    lines: Mapping[str, Sequence]
    kind: str
    answer: str
    closes: bool

    @staticmethod
    def of(raw: Mapping) -> Step:
        needs, does = (tuple(_statement(text) for text in raw.get(key, ())) for key in ("needs", "does"))
        lines = {language: raw.get(language, ()) for language in LANGUAGES}
        return Step(needs, does, lines, raw.get("kind", ""), raw.get("answer", ""), raw.get("closes", False))


@dataclass
class State:
    """Where everybody and everything is, and the marks that scenes set."""

    spot: dict[str, tuple[str, str]] = field(default_factory=dict)  # -> ("at", place), ("has", holder), ("gone", "")
    marks: set[Signature] = field(default_factory=set)

    def holds(self, x: str, relation: str, y: str) -> bool | None:
        """Whether it is so; None when nothing has been said about it."""
        if relation == "at":
            found = self.spot.get(x)
            return None if found is None else found == ("at", y)
        if relation == "has":
            found = self.spot.get(y)
            return None if found is None else found == ("has", x)
        return x not in self.spot if relation == "new" else (x, relation, y) in self.marks

    def apply(self, does: Iterable[Statement], bound: Bound) -> list[Signature]:
        """Make the statements true and return who did something with what and where."""
        signatures: list[Signature] = []
        for so, x, relation, y in does:
            x, y = bound.get(x, x), bound.get(y, y)
            if relation == "at":
                self.spot[x] = ("at", y)
                moved = x in (bound.get("a"), bound.get("b"), bound.get("c"))
                signatures.append((x, "", y) if moved else (bound.get("a", ""), x, y))
            elif relation == "has":
                self.spot[y] = ("has", x)
                signatures.append((x, y, self.spot[x][1] if x in self.spot else ""))
            elif relation == "gone":
                self.spot[x] = ("gone", "")
            elif so:
                self.marks.add((x, relation, y))
            else:
                self.marks.discard((x, relation, y))
        return signatures

    def bind(self, needs: Sequence[Statement], cast: Mapping[str, Sequence[str]], bound: Bound) -> Bound | None:
        """Who and what of the cast makes all the needs true, or None."""
        if not needs:
            return bound
        so, x, relation, y = needs[0]
        for name in (x, y):
            if name in KIND and name not in bound:
                taken = bound.values()
                for choice in cast[KIND[name]]:
                    if choice not in taken:
                        found = self.bind(needs, cast, {**bound, name: choice})
                        if found is not None:
                            return found
                return None
        if bool(self.holds(bound.get(x, x), relation, bound.get(y, y))) is not so:
            return None
        return self.bind(needs[1:], cast, bound)


def noun(item: Mapping, language: str) -> str:
    """The bare noun: "garden", 花园."""
    return item["en"].removeprefix("the ") if language == "en" else item["zh"]


def fill(line: str, roles: Bound, language: str) -> str:
    line = line.format_map(roles)
    return sentence(line) if language == "en" else line


def nouns(people: People) -> dict[str, dict[str, Mapping]]:
    """For each language, what people.toml says of every thing, food, animal and place, by its noun."""
    items = [item for pool in ("things", "foods", "animals", "places") for item in people.pools[pool]]
    return {language: {noun(item, language): item for item in items} for language in LANGUAGES}


def genders(people: People) -> dict[str, dict[str, tuple[str, str, str]]]:
    """For each language, the pronouns (he, his, him) of every name."""
    return {
        language: {name: PRONOUNS[language][gender] for name, gender in people.names[language]}
        for language in LANGUAGES
    }


@cache
def is_held_out(signature: Signature) -> bool:
    """Whether this person, thing and place ("" where there is none) together are kept for the held-out split."""
    return held_out_text("/".join(signature))
