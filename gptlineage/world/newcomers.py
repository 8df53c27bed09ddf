"""People of whom no page tells: the user's own name, which the assistant has to take from what was said.

The world's cast is small, and whoever talks to the assistant is not in it. Demonstrations in which the only names are
the cast's teach to recognise a name; new ones, each seen once, teach to repeat it.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gptlineage.paths import data_dir
from gptlineage.world import World
from gptlineage.world.chance import held_out_text, pick, stream
from gptlineage.world.dialogues import Dialogue

SYLLABLES = (1, 2, 2, 2, 2, 2, 3, 3)  # of English names


class Newcomers:
    """Makes names, and lets somebody of that name hold a conversation of the world's."""

    def __init__(self, world: World | None = None, path: Path | None = None):
        """Raises FileNotFoundError or ValueError when the data is not as it should be."""
        self.parts = tomllib.loads((path or data_dir() / "newcomers.toml").read_text(encoding="utf-8"))
        talk = (world or World()).turns.small_talk
        self.told: dict[str, re.Pattern[str]] = {}
        for language, cast in talk.people.names.items():
            anyone = f"(?P<name>{'|'.join(re.escape(name) for name, _ in cast)})"
            ways = [*talk.told["name"]["tell"][language], *talk.told["name"]["tell_held_out"][language]]
            opened = sorted((re.escape(way.split("{x}")[0].rstrip()) for way in ways), key=len, reverse=True)
            after = r"(?!\w)" if language == "en" else ""
            self.told[language] = re.compile(rf"(?:{'|'.join(opened)}) ?{anyone}{after}")

    def name(self, rng: random.Random, language: str, split: str = "train") -> str:
        """A name; one in ten is held out."""
        while True:
            made = self._english(rng) if language == "en" else self._chinese(rng)
            if len(made) > 1 + made.isascii() and held_out_text(made) == (split == "held-out"):
                return made

    def _english(self, rng: random.Random) -> str:
        parts = self.parts["en"]
        syllables = range(pick(rng, SYLLABLES))
        made = "".join(pick(rng, parts["onset"]) + pick(rng, parts["vowel"]) for _ in syllables)
        return (made + pick(rng, parts["coda"])).capitalize()

    def _chinese(self, rng: random.Random) -> str:
        parts, dice = self.parts["zh"], rng.random()
        one, other = pick(rng, parts["given"]), pick(rng, parts["given"])
        if dice < 0.15:
            return pick(rng, parts["familiar"]) + pick(rng, (one, pick(rng, parts["surname"])))
        if dice < 0.25:
            return one + one
        if dice < 0.45:
            return one + other
        return pick(rng, parts["surname"]) + (one if dice < 0.65 else one + other)

    def introduced(self, dialogue: Dialogue) -> str | None:
        """The name of the cast under which the user comes, if they give one and nobody else of it is spoken of."""
        said = [message["content"] for message in dialogue.messages if message["role"] != "assistant"]
        found = [match["name"] for text in said if (match := self.told[dialogue.language].search(text))]
        alone = len(found) == 1 and sum(text.count(found[0]) for text in said) == 1
        return found[0] if alone else None


def with_newcomers(dialogues: Iterable[Dialogue], share: float, seed: int = 0) -> Iterator[Dialogue]:
    """The same demonstrations; in about `share` of those in which the user gives a name it is a new one."""
    newcomers, rng = Newcomers(), stream(seed, "newcomers")
    for dialogue in dialogues:
        old = newcomers.introduced(dialogue)
        if old is not None and rng.random() < share:
            dialogue = renamed(dialogue, old, newcomers.name(rng, dialogue.language))
        yield dialogue


def renamed(dialogue: Dialogue, old: str, new: str) -> Dialogue:
    """The same dialogue with another name throughout, in what is said and in the check."""
    pattern = re.compile(rf"\b{old}\b" if old.isascii() else old)

    def changed(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(changed(one) for one in value)
        return new if value == old else value

    messages = tuple({**m, "content": pattern.sub(new, m["content"])} for m in dialogue.messages)
    names = ("keys", "rivals", "allowed")
    check = replace(dialogue.check, **{name: changed(getattr(dialogue.check, name)) for name in names})
    return replace(dialogue, messages=messages, check=check)
