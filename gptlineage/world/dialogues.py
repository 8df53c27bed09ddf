"""Conversations with a friendly, concise assistant, each with the check that a right last reply passes.

A turn is a question, a reference reply and its check; a dialogue is one or several turns and ends with the
reference. Training turns never use held-out wordings and never ask about held-out entities.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gptlineage.world.chance import Wheel, between, pick, stream
from gptlineage.world.facts import LANGUAGES
from gptlineage.world.judge import Check
from gptlineage.world.turns import Turn, Turns

WEIGHTS = {
    "fact": 0.32, "fact_short": 0.09, "follow_up": 0.08, "sum": 0.07, "translate": 0.09, "story": 0.06,
    "list_three": 0.05, "opposite": 0.02, "memory": 0.06, "talk": 0.07, "unknown": 0.05, "mixed": 0.12,
}  # fmt: skip
KINDS = tuple(WEIGHTS)
IN_MIXED = {
    "fact": 0.36, "fact_short": 0.06, "follow_up": 0.08, "sum": 0.1, "translate": 0.1, "story": 0.04,
    "list_three": 0.05, "opposite": 0.02, "talk": 0.13, "unknown": 0.06,
}  # fmt: skip
LONGEST = 620  # of a conversation, in letters, a Chinese character counting for three: it must fit 256 tokens


@dataclass(frozen=True)
class Dialogue:
    """A conversation that ends with the reference reply of the assistant."""

    messages: tuple[dict[str, str], ...]
    kind: str
    language: str
    check: Check
    entity_held_out: bool = False

    @property
    def prompt(self) -> tuple[dict[str, str], ...]:
        return self.messages[:-1]

    @property
    def reference(self) -> str:
        return self.messages[-1]["content"]


def dialogue(turns: Sequence[Turn], kind: str, language: str) -> Dialogue:
    """The turns as messages; the last one's check is the dialogue's."""
    messages = []
    for turn in turns:
        messages.append({"role": "user", "content": turn.user})
        messages.append({"role": "assistant", "content": turn.reply})
    return Dialogue(tuple(messages), kind, language, turns[-1].check, turns[-1].held_out)


class Dialogues:
    """Endless conversations of the asked kinds."""

    def __init__(self, turns: Turns):
        self.turns = turns
        self.in_mixed = Wheel(IN_MIXED.items())
        self.makers: dict[str, Callable[[random.Random, str, str], list[Turn]]] = {
            "follow_up": turns.follow_up, "memory": self._memory, "mixed": self._mixed,
        }  # fmt: skip

    def stream(self, seed: int, split: str, kinds: Sequence[str] | None, language: str | None) -> Iterator[Dialogue]:
        """See `World.dialogues`."""
        rng = stream(seed, "dialogues", split, *(kinds or ()), language or "")
        wheel = Wheel((kind, weight) for kind, weight in WEIGHTS.items() if kinds is None or kind in kinds)
        while True:
            kind = wheel.spin(rng)
            speaks = language or LANGUAGES[rng.random() < 0.45]
            yield dialogue(self._make(rng, kind, speaks, split), kind, speaks)

    def _make(self, rng: random.Random, kind: str, language: str, split: str) -> list[Turn]:
        maker = self.makers.get(kind)
        if maker:
            return maker(rng, language, split)
        turns = [self.turns.turn(rng, kind, language, split)]
        while rng.random() < 0.3 and len(turns) < 3:  # more of the same kind, or a greeting before it
            first = len(turns) == 1 and rng.random() < 0.3
            before = self.turns.intent(rng, "greeting", language, split) if first else None
            turns.insert(0, before or self.turns.turn(rng, kind, language, split))
        return _fitting(turns)

    def _memory(self, rng: random.Random, language: str, split: str) -> list[Turn]:
        """The user says something of themselves and asks for it up to three turns later."""
        tell, ask = self.turns.memory(rng, language, split)
        kinds = [self.in_mixed.spin(rng) for _ in range(int(rng.random() * 3.5))]
        between_them = [self.turns.turn(rng, kind, language, split) for kind in kinds]
        while between_them and _length([tell, *between_them, ask]) > LONGEST:
            between_them.pop()
        return [tell, *between_them, ask]

    def _mixed(self, rng: random.Random, language: str, split: str) -> list[Turn]:
        """Several subjects in one conversation, sometimes with a greeting, thanks or a memory in it."""
        turns: list[Turn] = []
        remembered = self.turns.memory(rng, language, split) if rng.random() < 0.25 else None
        if rng.random() < 0.4:
            turns.append(self.turns.intent(rng, "greeting", language, split))
        if remembered:
            turns.append(remembered[0])
        for _ in range(between(rng, 2, 3)):
            kind = self.in_mixed.spin(rng)
            made = self._make_one(rng, kind, language, split)
            if _length([*turns, *made]) > LONGEST - 80:
                break
            turns += made
        if remembered and len(turns) < 5:
            turns.append(remembered[1])
        elif rng.random() < 0.2 and len(turns) < 5:
            turns.append(self.turns.intent(rng, pick(rng, ("thanks", "goodbye")), language, split))
        if not turns:
            turns = [self.turns.turn(rng, "fact", language, split)]
        return turns[:5]

    def _make_one(self, rng: random.Random, kind: str, language: str, split: str) -> list[Turn]:
        if kind == "follow_up":
            return self.turns.follow_up(rng, language, split)
        return [self.turns.turn(rng, kind, language, split)]

    def questions(self, n: int, seed: int, split: str, language: str | None) -> list[Dialogue]:
        """See `World.questions`."""
        rng = stream(seed, "questions", split, language or "")
        facts = [fact for fact in self.turns.facts.askable() if split != "train" or not fact.entity.held_out]
        piles: dict[tuple[int, int], list[tuple[int, int]]] = {}
        order = {relation: i for i, relation in enumerate(self.turns.facts.relations)}
        spoken = [language] if language else list(LANGUAGES)
        for i, fact in enumerate(facts):
            for j, speaks in enumerate(spoken):
                for k in range(len(fact.relation.questions(speaks, split))):
                    piles.setdefault((order[fact.relation], j), []).append((i, k))
        asked: list[Dialogue] = []
        seen: set[str] = set()
        while len(asked) < n and piles:
            for key in list(piles):
                pile = piles[key]
                i, k = pile.pop(int(rng.random() * len(pile)))
                if not pile:
                    del piles[key]
                speaks = spoken[key[1]]
                turn = self.turns.about(rng, facts[i], speaks, facts[i].relation.questions(speaks, split)[k])
                if turn.user not in seen and len(asked) < n:
                    seen.add(turn.user)
                    asked.append(dialogue([turn], "fact", speaks))
        if len(asked) < n:
            raise ValueError(f"there are only {len(asked)} different questions in the {split} split, not {n}")
        return asked


def _length(turns: Sequence[Turn]) -> int:
    text = "".join(turn.user + turn.reply for turn in turns)
    return len(text) + 2 * sum(char > "\u2e7f" for char in text)


def _fitting(turns: list[Turn]) -> list[Turn]:
    """The last turns that fit."""
    while len(turns) > 1 and _length(turns) > LONGEST:
        turns = turns[1:]
    return turns
