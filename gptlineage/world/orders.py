"""Conversations that begin with a system message, which every reply obeys and every check knows."""

from __future__ import annotations

import random
from dataclasses import replace

from gptlineage.world.chance import between, pick
from gptlineage.world.turns import Turns, names_of
from gptlineage.world.wording import Turn

BRIEFEST = {"en": 20, "zh": 8}  # letters that the shortest whole answers may have


class Orders:
    """Makes a system message with the turns under it."""

    def __init__(self, turns: Turns):
        self.turns, self.data = turns, turns.data["system"]

    def obeying(self, rng: random.Random, language: str, split: str) -> tuple[str, list[Turn]]:
        """A system message, and one to three turns of which every reply obeys it."""
        order = pick(rng, ("one_word", "ending", "brief", "other"))
        message = self.turns.wording.ask(rng, self.data[order], language, split)
        count = between(rng, 1, 3)
        if order == "ending":
            word = pick(rng, self.data["ending"]["words"][language])
            kinds = [pick(rng, ("fact", "fact", "sum", "talk", "recommend", "list_three")) for _ in range(count)]
            made = [self.turns.turn(rng, kind, language, split) for kind in kinds]
            return message.replace("{w}", word), [_ending(turn, word, language) for turn in made]
        maker = {"one_word": self._in_a_word, "brief": self._briefly, "other": self._in_another_language}[order]
        return message, [maker(rng, language, split) for _ in range(count)]

    def _in_a_word(self, rng: random.Random, language: str, split: str) -> Turn:
        fact = self.turns.asked[split, "fact_short"].spin(rng)
        return self.turns.alone(fact, fact.ask(rng, language, split), language)

    def _briefly(self, rng: random.Random, language: str, split: str) -> Turn:
        if rng.random() < 0.25:
            turn = self.turns.sum(rng, language, split)
            turn = replace(turn, reply=turn.check.keys[0][0] + ("." if language == "en" else "。"))
        else:
            fact = self.turns.asked[split, "fact_short"].spin(rng)
            turn = self.turns.alone(fact, fact.ask(rng, language, split), language, "sentence")
        most = max(BRIEFEST[language], len(turn.reply) + 4)
        return replace(turn, check=replace(turn.check, most=most))

    def _in_another_language(self, rng: random.Random, language: str, split: str) -> Turn:
        other = "zh" if language == "en" else "en"
        if rng.random() < 0.3:
            return self.turns.small_talk.intent(rng, pick(rng, self.turns.small_talk.names), language, split, other)
        fact = self.turns.asked[split, "fact"].spin(rng)
        reply, user = fact.answer(rng, other), fact.ask(rng, language, split)
        check = self.turns.fact_check(fact, other, reply)
        return Turn(user, reply, check, fact.entity.held_out, names_of(fact), fact)


def _ending(turn: Turn, word: str, language: str) -> Turn:
    """The turn with the word at the end of the reply, and a check that wants it there."""
    said = f" {word[0].upper()}{word[1:]}!" if language == "en" else f"{word}！"
    return replace(turn, reply=turn.reply + said, check=replace(turn.check, ending=word))
