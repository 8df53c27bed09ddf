"""How a turn is worded: the phrasings of its split, the words that lead over to it, and careless typing.

Only frames are ever mistyped or varied; names, numbers and the words asked about stay letter for letter.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gptlineage.world.chance import below, between, pick
from gptlineage.world.facts import Fact, Facts
from gptlineage.world.judge import Check

CARELESS = 0.15  # of the users type carelessly, and these
SLIPPING = 0.8  # in so many of their turns: together one turn in eight


@dataclass(frozen=True)
class Turn:
    """A question, the reference reply, its check, and whether it asks about a held-out entity.

    `keep` are the parts of the question that must stay as they are; `fact` is the fact that it asks for.
    """

    user: str
    reply: str
    check: Check
    held_out: bool = False
    keep: tuple[str, ...] = ()
    fact: Fact | None = None


class Wording:
    """Chooses and varies wordings of asks.toml."""

    def __init__(self, data: Mapping, facts: Facts):
        self.data = data
        names = (e.name["en"] for e in facts.entities)
        values = (v for (_, _, language), known in facts.known.items() if language == "en" for v in known)
        content = {word.lower() for text in (*names, *values) for word in text.split()}
        self.typed = {word for word in data["typing"]["en"] if word not in content}

    def ask(self, rng: random.Random, phrasings: Mapping, language: str, split: str) -> str:
        """One of the phrasings of the split."""
        return pick(rng, phrasings["train" if split == "train" else "held_out"][language])

    def led(self, rng: random.Random, link: str, turn: Turn, language: str, split: str, x: str = "") -> Turn:
        """The turn after some words of [link]: another subject, a word about the last answer, or back to `x`."""
        return replace(turn, user=self._joined(rng, self._links(link, split)[language], turn.user, language, x))

    def _links(self, link: str, split: str) -> Mapping[str, Sequence[str]]:
        return self.data["link"][link]["train" if split == "train" else "held_out"]

    def _joined(self, rng: random.Random, before: Sequence[str], user: str, language: str, x: str = "") -> str:
        chosen = pick(rng, before)
        if language == "en" and chosen.endswith((", ", ": ")):
            if user.split(" ", 1)[0].lower() in self.data["vary"]["small"]:
                user = user[0].lower() + user[1:]
            else:  # a name keeps its capital, and nothing else may have one after a comma
                chosen = pick(rng, [text for text in before if not text.endswith((", ", ": "))])
        return chosen.replace("{x}", x) + user

    def vary(self, rng: random.Random, user: str, language: str) -> str:
        """A greeting before it, thanks after it, no capital, or no question mark."""
        dice, vary = rng.random(), self.data["vary"]
        if dice < 0.3:
            return self._joined(rng, vary["before"][language], user, language)
        if dice < 0.5:
            return user + pick(rng, vary["after"][language])
        if dice < 0.75:
            return user.rstrip("?？.。")
        return user[0].lower() + user[1:]

    def mistyped(self, rng: random.Random, turns: Sequence[Turn], language: str) -> list[Turn]:
        """The turns as typed: one user in seven is careless in most of them."""
        if rng.random() >= CARELESS:
            return list(turns)
        return [
            replace(turn, user=self.mistype(rng, turn.user, turn.keep, language)) if rng.random() < SLIPPING else turn
            for turn in turns
        ]

    def mistype(self, rng: random.Random, user: str, keep: Sequence[str], language: str) -> str:
        """The text with one slip, outside of what must stay."""
        kept, dice = "\0".join(keep), rng.random()
        if dice < 0.25 and not (keep and user.endswith(tuple(keep))):
            return user.rstrip("?？.。!！") or user
        if language == "zh":
            return self._mistype_zh(rng, user, kept, dice)
        if dice < 0.4 and ", " in user and ", " not in kept:
            return user.replace(", ", ",", 1)
        if dice < 0.55 and user.split(" ", 1)[0].rstrip("?.,:!'") not in kept:
            user = user if " I " in f" {kept}".replace("\0", " ") else user.replace(" I ", " i ")
            return user[0].lower() + user[1:]
        words, untouched = user.split(" "), kept.lower()
        places = [i for i, word in enumerate(words) if (core := word.lower().rstrip("?.,:!")) in self.typed
                  and core not in untouched]  # fmt: skip
        if places:
            i = pick(rng, places)
            words[i] = slipped(rng, words[i])
        return " ".join(words)

    def _mistype_zh(self, rng: random.Random, user: str, kept: str, dice: float) -> str:
        if dice < 0.5 and "，" in user and "，" not in kept:
            return user.replace("，", "", 1)
        slips = [(good, bad) for good, bad in self.data["typing"]["zh"] if good in user and good not in kept]
        if not slips:
            return user
        good, bad = pick(rng, slips)
        return user.replace(good, bad, 1)


def slipped(rng: random.Random, word: str) -> str:
    """One letter swapped with the next, doubled or left out; never the first one or what follows the word."""
    length = len(word.rstrip("?.,:!"))
    i, kind = between(rng, 1, length - 2), below(rng, 3)
    if kind == 0:
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    return word[: i + 1] + word[i:] if kind == 1 else word[:i] + word[i + 1 :]
