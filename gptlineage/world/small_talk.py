"""Small talk: greetings and the like from talk.toml, and what the user says of themselves and asks for later."""

from __future__ import annotations

import random
from collections.abc import Mapping

from gptlineage.world.chance import pick
from gptlineage.world.facts import sentence
from gptlineage.world.judge import Check
from gptlineage.world.stories import People
from gptlineage.world.wording import Turn, Wording


class SmallTalk:
    """Makes turns that need no knowledge of the world."""

    def __init__(self, told: Mapping, talk: Mapping, wording: Wording, people: People):
        """`told` is what users say of themselves ([memory] of asks.toml), `talk` is talk.toml."""
        self.told, self.wording, self.people = told, wording, people
        self.intents = {intent["name"]: intent for intent in talk["intents"]}
        self.names = tuple(name for name in self.intents if name != "harmful")

    def memory(self, rng: random.Random, language: str, split: str) -> tuple[Turn, Turn]:
        """Two turns: the user tells something of themselves, and asks for it."""
        subject = pick(rng, ("name", "colour", "pet"))
        data = self.told[subject]
        extra = "" if split == "train" else "_held_out"
        if subject == "name":
            pool = [name for name, _ in self.people.names[language]]
            x = a_x = pick(rng, pool)
        else:
            items = self.people.pools["colours" if subject == "colour" else "pets"]
            pool = [item[language] for item in items]
            item = pick(rng, items)
            x = item[language]
            a_x = f"一{item['mw']}{x}" if "mw" in item else x

        def said(name: str) -> str:
            text = pick(rng, data[name][language]).format(x=x, a_x=a_x, X=x[0].upper() + x[1:])
            return sentence(text) if language == "en" else text

        keys = ((x,),)
        tell = Turn(said("tell" + extra), said("ack"), Check("talk", language, keys), keep=(x,))
        check = Check("memory", language, keys, tuple(pool), (x,), tuple(data["cue"][language]))
        return tell, Turn(said("ask" + extra), said("reply"), check)

    def talk(self, rng: random.Random, language: str, split: str) -> Turn:
        return self.intent(rng, pick(rng, self.names), language, split)

    def intent(self, rng: random.Random, name: str, language: str, split: str, reply: str = "") -> Turn:
        """Small talk; answered in the language `reply` when it is another one."""
        intent, answers = self.intents[name], reply or language
        user = pick(rng, intent["user" if split == "train" else "held_out"][language])
        keys = tuple(tuple(group) for group in intent[f"keys_{answers}"])
        return Turn(user, pick(rng, intent["reply"][answers]), Check("talk", answers, keys), keep=("gptlineage",))
