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
from gptlineage.world.orders import Orders
from gptlineage.world.turns import Turns
from gptlineage.world.wording import Turn

WEIGHTS = {
    "fact": 0.22, "fact_short": 0.06, "follow_up": 0.04, "sum": 0.05, "translate": 0.08, "story": 0.04,
    "list_three": 0.04, "opposite": 0.02, "memory": 0.05, "talk": 0.05, "unknown": 0.03, "mixed": 0.09,
    "scramble": 0.02, "passage": 0.03, "sentiment": 0.02, "rewrite": 0.02, "recommend": 0.02, "correct": 0.04,
    "harmful": 0.03, "system": 0.05,
}  # fmt: skip
KINDS = tuple(WEIGHTS)
# What takes a conversation, a system message or a refusal; the others can be a single instruction.
IN_CONVERSATION = ("follow_up", "memory", "mixed", "harmful", "system")
IN_MIXED = {
    "fact": 0.34, "fact_short": 0.04, "follow_up": 0.08, "sum": 0.06, "sum_more": 0.03, "translate": 0.08,
    "story": 0.03, "list_three": 0.04, "opposite": 0.02, "talk": 0.1, "unknown": 0.04, "scramble": 0.02,
    "passage": 0.03, "sentiment": 0.02, "rewrite": 0.02, "recommend": 0.04, "correct": 0.05, "harmful": 0.04,
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
    def single(self) -> bool:
        """Whether this is one instruction and the reply to it, of a kind that needs no more."""
        return len(self.messages) == 2 and self.kind not in IN_CONVERSATION

    @property
    def reference(self) -> str:
        return self.messages[-1]["content"]


def dialogue(turns: Sequence[Turn], kind: str, language: str, system: str = "") -> Dialogue:
    """The turns as messages, after a system message if there is one; the last one's check is the dialogue's."""
    messages = [{"role": "system", "content": system}] if system else []
    for turn in turns:
        messages.append({"role": "user", "content": turn.user})
        messages.append({"role": "assistant", "content": turn.reply})
    return Dialogue(tuple(messages), kind, language, turns[-1].check, turns[-1].held_out)


class Dialogues:
    """Endless conversations of the asked kinds."""

    def __init__(self, turns: Turns):
        self.turns, self.orders = turns, Orders(turns)
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
            if kind == "system":
                system, turns = self.orders.obeying(rng, speaks, split)
            else:
                system, turns = "", self._make(rng, kind, speaks, split)
            turns = _fitting(turns, system)
            yield dialogue(self.turns.wording.mistyped(rng, turns, speaks), kind, speaks, system)

    def _make(self, rng: random.Random, kind: str, language: str, split: str) -> list[Turn]:
        maker = self.makers.get(kind)
        if maker:
            return maker(rng, language, split)
        turns = [self.turns.turn(rng, kind, language, split)]
        while rng.random() < 0.3 and len(turns) < 3:  # more of the same kind, or a greeting before it
            first = len(turns) == 1 and rng.random() < 0.3
            before = self.turns.small_talk.intent(rng, "greeting", language, split) if first else None
            turns.insert(0, before or self.turns.turn(rng, kind, language, split))
        return turns

    def _memory(self, rng: random.Random, language: str, split: str) -> list[Turn]:
        """The user says something of themselves and asks for it up to three turns later."""
        tell, ask = self.turns.small_talk.memory(rng, language, split)
        kinds = [self.in_mixed.spin(rng) for _ in range(int(rng.random() * 3.5))]
        between_them = [self._make_one(rng, kind, language, split)[0] for kind in kinds]
        while between_them and _length([tell, *between_them, ask]) > LONGEST:
            between_them.pop()
        return [tell, *between_them, ask]

    def _mixed(self, rng: random.Random, language: str, split: str) -> list[Turn]:
        """Several subjects in one conversation, sometimes with a greeting, thanks or a memory in it."""
        turns: list[Turn] = []
        remembered = self.turns.small_talk.memory(rng, language, split) if rng.random() < 0.25 else None
        if rng.random() < 0.4:
            turns.append(self.turns.small_talk.intent(rng, "greeting", language, split))
        if remembered:
            turns.append(remembered[0])
        for _ in range(between(rng, 2, 3)):
            made = self._next(rng, turns, language, split)
            if _length([*turns, *made]) > LONGEST - 80:
                break
            turns += made
        if remembered and len(turns) < 5:
            turns.append(remembered[1])
        elif rng.random() < 0.2 and len(turns) < 5:
            turns.append(self.turns.small_talk.intent(rng, pick(rng, ("thanks", "goodbye")), language, split))
        if not turns:
            turns = [self.turns.turn(rng, "fact", language, split)]
        return turns[:5]

    def _next(self, rng: random.Random, turns: Sequence[Turn], language: str, split: str) -> list[Turn]:
        """Another subject, or an earlier one again, often with some words that lead over to it."""
        if len(turns) > 1 and rng.random() < 0.4:
            back = self.turns.more(rng, pick(rng, turns[:-1]), language, split)
            if back:
                return [back]
        kind = self.in_mixed.spin(rng)
        dice = rng.random()
        led = bool(turns) and kind not in ("talk", "fact_short") and dice < 0.6
        made = self._make_one(rng, kind, language, split, varied=not led)
        if led:
            link = "change" if dice < 0.35 else "ack"
            made[0] = self.turns.wording.led(rng, link, made[0], language, split)
        return made

    def _make_one(self, rng: random.Random, kind: str, language: str, split: str, varied: bool = True) -> list[Turn]:
        if kind in ("follow_up", "sum_more"):
            return getattr(self.turns, kind)(rng, language, split)
        return [self.turns.turn(rng, kind, language, split, varied)]

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


def _length(turns: Sequence[Turn], system: str = "") -> int:
    text = system + "".join(turn.user + turn.reply for turn in turns)
    return len(text) + 2 * sum(char > "\u2e7f" for char in text)


def _fitting(turns: list[Turn], system: str = "") -> list[Turn]:
    """The last turns that fit."""
    while len(turns) > 1 and _length(turns, system) > LONGEST:
        turns = turns[1:]
    return turns
