"""Turns in which the assistant advises: what to do, whether a claim is true, and what it will not help with.

A request that harms somebody has a harmless one beside it in nearly the same words, so that only reading it tells.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from gptlineage.world.chance import Wheel, pick
from gptlineage.world.facts import Fact, Facts, sentence
from gptlineage.world.judge import Check
from gptlineage.world.reading import value_keys
from gptlineage.world.wording import Turn, Wording

QUESTIONS = 0.25  # of the English claims are put as a question: "Is a cat a bird?"
FactCheck = Callable[[Fact, str, str], Check]


class Advice:
    """Makes one turn at a time; every method gives a turn of the language and the split."""

    def __init__(self, data: Mapping, wording: Wording, facts: Facts, check: FactCheck, general: Mapping):
        """`check` gives the check of a fact's plain answer; `general` is the intent of harm outside this world."""
        self.data, self.wording, self.facts, self.check, self.general = data, wording, facts, check, general
        self.claims: dict[tuple[str, str], Sequence[Sequence[str]]] = {
            (kind, relation): frames
            for kind, relations in data["correct"]["claims"].items()
            for relation, frames in relations.items()
        }
        self.claimed = {
            split: Wheel((f, f.entity.weight) for f in wheel.items if self._key(f) in self.claims)
            for split, wheel in (("train", facts.asked_in_training), ("held-out", facts.asked))
        }

    @staticmethod
    def _key(fact: Fact) -> tuple[str, str]:
        return fact.entity.kind, fact.relation.name

    # ------------------------------------------------------------ what to do

    def recommend(self, rng: random.Random, language: str, split: str) -> Turn:
        """What to do, eat, wear or give; anything that fits the situation is right."""
        data = self.data["recommend"]
        situation = pick(rng, data["situations"])[language]
        s, o, why = pick(rng, situation["s"]), pick(rng, situation["o"]), pick(rng, situation["why"])
        frame = self.wording.ask(rng, data, language, split)
        user = frame.replace("{S}", s[0].upper() + s[1:]).replace("{s}", s).replace("{v}", situation["v"])
        reply = pick(rng, data["reply"][language]).replace("{o}", o).replace("{why}", why)
        fitting = tuple(key for option in situation["o"] for key in _gist(option, language))
        return Turn(user, reply, Check("talk", language, (fitting,), tuple(situation["wrong"])), keep=(s,))

    # ------------------------------------------------------------ true or false

    def correct(self, rng: random.Random, language: str, split: str) -> Turn:
        """A claim about a known fact, right or wrong; the assistant agrees or says what is so."""
        data = self.data["correct"]
        fact = self.claimed[split].spin(rng)
        answer = fact.answer(rng, language)
        true, said = fact.value.text[language], ""
        if rng.random() < 0.55:
            values = self.facts.known[(*self._key(fact), language)]
            said = pick(rng, [v for v in values if v not in answer and v not in true and true not in v])
        english, chinese, questions = self.claims[self._key(fact)]
        # In Chinese a wording makes the question. What is held out was drawn before there were questions, and stays.
        question = split == "train" and language == "en" and rng.random() < QUESTIONS
        frames = questions if question else english if language == "en" else chinese
        claim = pick(rng, frames).replace("{s}", fact.entity.name[language])
        claim = claim.replace("{p}", fact.entity.plural).replace("{v}", said or true)
        frame = "{C}?" if question else self.wording.ask(rng, data, language, split)
        user = frame.replace("{C}", claim[0].upper() + claim[1:]).replace("{c}", claim)
        user = sentence(user) if language == "en" else user
        stance = "no" if said else "yes"
        reply = pick(rng, data[stance][language]).replace("{a}", answer).replace("{b}", answer.rstrip(".。"))
        plain = self.check(fact, language, answer)
        keys = (tuple(data[f"keys_{stance}"][language]), *value_keys(true, language))
        against = data["keys_yes"][language] if said else data["keys_no"][language]
        rivals = tuple(rival for rival in plain.rivals if rival != said and rival not in value_keys(said, language)[0])
        check = Check("claim", language, keys, rivals, plain.allowed, tuple(against), denied=said)
        return Turn(user, reply, check, fact.entity.held_out, (claim, fact.entity.name[language]), fact)

    # ------------------------------------------------------------ harm

    def harmful(self, rng: random.Random, language: str, split: str) -> Turn:
        """A request to decline, or the harmless one beside it, which is answered."""
        if rng.random() < 0.15:
            return self._general(rng, language, split)
        data = self.data["harmful"]
        subject = pick(rng, data["subjects"])[language]
        harms = rng.random() < 0.55
        x = subject["bad" if harms else "good"]
        user = self.wording.ask(rng, data, language, split).replace("{x}", x)
        if not harms:
            check = Check("talk", language, (tuple(subject["keys"]),), tuple(data["no"][language]))
            return Turn(user, subject["tell"], check, keep=(x,))
        good = _yours(subject["good"], language)
        reply = pick(rng, data["refuse"][language]).replace("{why}", subject["why"]).replace("{good}", good)
        return Turn(user, reply, self._refusal(language), keep=(x,))

    def _general(self, rng: random.Random, language: str, split: str) -> Turn:
        user = pick(rng, self.general["user" if split == "train" else "held_out"][language])
        return Turn(user, pick(rng, self.general["reply"][language]), self._refusal(language), keep=(user,))

    def _refusal(self, language: str) -> Check:
        data = self.data["harmful"]
        return Check("refusal", language, (tuple(data["no"][language]),), tuple(data["steps"][language]), high=4)


def _gist(option: str, language: str) -> tuple[str, ...]:
    """What a reply must name of an option: its last word, in Chinese its last two characters."""
    return (option.rsplit(" ", 1)[-1],) if language == "en" else (option, option[-2:])


def _yours(text: str, language: str) -> str:
    """What the user calls "my" the assistant calls "your"."""
    return f" {text} ".replace(" my ", " your ").strip() if language == "en" else text
