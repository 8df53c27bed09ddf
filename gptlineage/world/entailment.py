"""Does it follow? A premise of one to three sentences and a statement that it makes true or makes false.

The patterns of reasoning lie in data/world/entailment.toml as pairs of statements made of the same words, one true and
one false, so that neither single words nor their overlap with the premise tell the answer.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gptlineage.world.chance import below, between, held_out_text, pick, sample
from gptlineage.world.facts import LANGUAGES, capital, sentence
from gptlineage.world.items import Item
from gptlineage.world.stories import People

Pair = Sequence[str]  # two statements, the first of which follows
DENIALS = {"en": (" not ", " no ", "cannot"), "zh": ("不", "没")}


@dataclass(frozen=True)
class Case:
    """A premise with the roles that fill the pairs of statements about it."""

    premise: str
    pairs: Sequence[Pair]
    roles: Mapping[str, str]


class Entailment:
    """Makes questions and exercise pages from the patterns of entailment.toml."""

    def __init__(self, data: Mapping, people: People):
        self.data, self.people = data, people
        self.patterns: Mapping[str, Sequence[Mapping]] = {
            language: [
                {"key": f"{p['name']}/{p['key']}", "premise": p["premise"][language], "pairs": p["pairs"][language]}
                for p in data["patterns"]
            ]
            for language in LANGUAGES
        }

    def item(self, rng: random.Random, language: str, split: str) -> Item:
        """A premise, a statement in a frame that asks for yes or no (对 or 不对), and which of the two it is."""
        case = self._case(rng, language, split)
        side = below(rng, 2)
        statement = _statements(rng, case)[side]
        answers = self.data["ask"]["answers"][language]
        question = self._ask(rng, statement, language, split)
        return Item(case.premise, question, answers[side], tuple(answers), language)

    def page(self, rng: random.Random, language: str, split: str) -> str:
        """One to four cases as in an exercise book, a quiz or a riddle."""
        frames, dice = self.data["page"], rng.random()
        if dice < 0.25:
            text = self._quiz(rng, language, split)
        elif dice < 0.6:
            layout = pick(rng, frames["one"][language])
            parts = [self._asked(rng, layout, language, split) for _ in range(between(rng, 1, 4))]
            text = ("\n\n" if "\n" in layout or rng.random() < 0.3 else "\n").join(parts)
        else:
            parts = [self._told(rng, language, split) for _ in range(between(rng, 1, 3))]
            text = ("\n\n" if any("\n" in part for part in parts) else "\n").join(parts)
        if rng.random() < 0.2:
            text = pick(rng, frames["titles"][language]) + "\n" + text
        return text

    def _asked(self, rng: random.Random, layout: str, language: str, split: str) -> str:
        """A case with its question and a one-word answer."""
        case = self._case(rng, language, split)
        side = below(rng, 2)
        h = _statements(rng, case)[side]
        r = self.data["ask"]["answers"][language][side]
        asked = self._ask(rng, h, language, split) if "{q}" in layout else ""
        text = layout.format(p=case.premise, q=asked, h=h, H=capital(h), r=r, R=capital(r))
        return sentence(text) if language == "en" else text

    def _told(self, rng: random.Random, language: str, split: str) -> str:
        """A case with what follows from it, or what does not and what is so instead."""
        case = self._case(rng, language, split)
        statements, side = _statements(rng, case), below(rng, 2)
        y, h = statements[0], statements[side]
        frames = self.data["page"][("true", "false")[side]][language]
        if any(no in y for no in DENIALS[language]):  # "it is not there" is no reason against "it is not here"
            frames = [frame for frame in frames if "{y}" not in frame]
        frame = pick(rng, frames)
        text = frame.format(p=case.premise, h=h, H=capital(h), y=y, d=case.roles["d"])
        return sentence(text) if language == "en" else text

    def _quiz(self, rng: random.Random, language: str, split: str) -> str:
        """One premise and two to four numbered statements about it, each marked as true or false."""
        frames = self.data["page"]
        case = self._case(rng, language, split)
        line, marks = pick(rng, frames["line"][language]), pick(rng, frames["marks"][language])
        lines = [case.premise]
        for i, pair in enumerate(sample(rng, case.pairs, between(rng, 2, 4)), start=1):
            side = below(rng, 2)
            h = pair[side].format_map(case.roles)
            h = sentence(h) if language == "en" else h
            lines.append(line.format(i=i, h=h, H=h, r=marks[side]))
        return "\n".join(lines)

    def _ask(self, rng: random.Random, statement: str, language: str, split: str) -> str:
        frames = self.data["ask"]["train" if split == "train" else "held_out"][language]
        question = pick(rng, frames).format(h=statement, H=capital(statement))
        return sentence(question) if language == "en" else question

    def _case(self, rng: random.Random, language: str, split: str) -> Case:
        """A case whose composition belongs to the split."""
        pattern = pick(rng, self.patterns[language])
        key: str = pattern["key"]
        roles = self._roles(rng, language)
        while held_out_text(key.format_map(roles)) != (split == "held-out"):
            roles = self._roles(rng, language)
        premise = pick(rng, pattern["premise"]).format_map(roles)
        return Case(sentence(premise) if language == "en" else premise, pattern["pairs"], roles)

    def _roles(self, rng: random.Random, language: str) -> dict[str, str]:
        """A value for every role that a pattern may name; no two roles are the same person, thing or place."""
        words, pools = self.data["words"], self.people.pools
        roles = dict(zip("abcd", (name for name, _ in sample(rng, self.people.names[language], 4)), strict=True))
        things, animals = sample(rng, pools["things"], 3), sample(rng, pools["animals"], 2)
        places, food = sample(rng, pools["places"], 2), pick(rng, pools["foods"])
        roles |= {role: thing[language] for role, thing in zip("tuv", things, strict=True)}
        roles |= {role: animal[language] for role, animal in zip("xy", animals, strict=True)}
        at = "at" if language == "en" else "at_zh"
        for role, place in zip("pq", places, strict=True):
            roles |= {role: place[at], f"{role}_": capital(place[at]), f"to_{role}": place[language]}
        if language == "zh":
            roles |= {"a_t": f"一{things[0]['mw']}{roles['t']}", "x_mw": animals[0]["mw"], "f_mw": food["mw"]}
            roles["fs"] = food["zh"]
        else:
            roles |= {"xs": animals[0]["many"], "fs": food["many"]}
        m = between(rng, 2, 9)
        roles |= {"m": str(m), "n": str(m + between(rng, 1, 9))}
        days = words["days"][language]
        early = below(rng, len(days) - 1)
        roles |= {"early": days[early], "late": days[between(rng, early + 1, len(days) - 1)]}
        roles |= pick(rng, words["compare"][language])
        roles |= {"did": pick(rng, words["did"][language]), "verb": pick(rng, words["verb"][language])}
        roles |= {"box": pick(rng, words["box"][language]), "k": pick(rng, words["colour"][language])}
        roles["skill"] = pick(rng, pools["skills"])[language]
        return roles


def _statements(rng: random.Random, case: Case) -> list[str]:
    """A pair of statements, not one that only repeats the premise."""
    while True:
        statements = [statement.format_map(case.roles) for statement in pick(rng, case.pairs)]
        if statements[0][1:] not in case.premise:
            return statements
