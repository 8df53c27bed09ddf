"""How people type to a chat model: all in small letters, without the mark at the end, a letter gone astray in a name.

The world mistypes the frames of its questions and never what they ask about. Whoever learns from these alone knows
"Poland" and "Poalnd" no more than "poland". Here a user does so throughout a conversation. What an instruction works
on, after a colon or in quotation marks, stays as it is, and so do names of which nobody could guess the spelling.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gptlineage.world import World
from gptlineage.world.chance import pick, stream
from gptlineage.world.dialogues import Dialogue
from gptlineage.world.wording import slipped

HABITS = {"small letters": 0.7, "no mark": 0.6, "slip": 0.5}  # how many of the careless have each
WORKED_ON = re.compile(r"[\"“:：\n]")  # what follows
SPELT = ("scramble", "rewrite")  # in these every letter counts
HALF_WIDTH = str.maketrans("，。？！", ",.?!")


class Carelessness:
    """Types what the user says as somebody with these habits does."""

    def __init__(self, world: World | None = None):
        world = world or World()
        names = (entity.name["en"] for entity in world.facts.entities)
        values = (value for (_, _, language), known in world.facts.known.items() if language == "en" for value in known)
        self.known = {word.lower() for text in (*names, *values) for word in re.findall("[A-Za-z]{4,}", text)}
        self.known |= world.turns.wording.typed

    def typed(self, rng: random.Random, dialogue: Dialogue, habits: Iterable[str]) -> Dialogue:
        """The same dialogue with the user's messages so typed; the replies and the check are as they were."""
        messages = [
            {**message, "content": self.text(rng, message["content"], habits, dialogue.kind in SPELT)}
            if message["role"] == "user" else message
            for message in dialogue.messages
        ]  # fmt: skip
        return replace(dialogue, messages=tuple(messages))

    def text(self, rng: random.Random, text: str, habits: Iterable[str], spelt: bool = False) -> str:
        """The text as typed; one slip at most."""
        found = WORKED_ON.search(text)
        said, worked_on = (text[: found.start()], text[found.start() :]) if found else (text, "")
        if "slip" in habits and not spelt:
            said = self.with_slip(rng, said)
        if "small letters" in habits:
            said = said.lower().replace("'", pick(rng, ("", "'"))).translate(HALF_WIDTH)
        if "no mark" in habits and not worked_on:
            said = said.rstrip(".?!。？！ ") or said
        return said + worked_on

    def with_slip(self, rng: random.Random, text: str) -> str:
        """The text with one slip of the world's, in a word whose spelling the reader can know."""
        words = [word for word in re.finditer(r"[A-Za-z]{4,}", text) if word[0].lower() in self.known]
        if not words:
            return text
        word = pick(rng, words)
        typed = slipped(rng, word[0])
        if typed.lower() in self.known:  # that would be another question
            return text
        return text[: word.start()] + typed + text[word.end() :]


def typed_carelessly(dialogues: Iterable[Dialogue], share: float, seed: int = 0) -> Iterator[Dialogue]:
    """The same demonstrations, of which about `share` come from careless users."""
    careless, rng = Carelessness(), stream(seed, "carelessness")
    for dialogue in dialogues:
        if rng.random() < share:
            dialogue = careless.typed(rng, dialogue, [name for name, own in HABITS.items() if rng.random() < own])
        yield dialogue
