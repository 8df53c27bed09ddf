"""Word and sentence pairs in English and Chinese, from one grammar filled in both languages at once.

One sentence in ten, chosen by scrambling its English text, is held out: no training page or dialogue has it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from gptlineage.world.chance import between, held_out_text, pick, sample
from gptlineage.world.facts import Facts, sentence
from gptlineage.world.stories import People

Pair = tuple[str, str]  # English, Chinese
UNTRANSLATED = ("person", "townplace")  # their two names belong together, but neither translates the other


class Translation:
    """Draws pairs of words, phrases and sentences, and lays them out as pages."""

    def __init__(self, grammar: Mapping, frames: Mapping, people: People, facts: Facts):
        self.grammar, self.frames, self.people = grammar, frames, people
        pools = ("animals", "things", "foods", "colours", "skills")
        words = [(item["en"], item["zh"]) for pool in pools for item in people.pools[pool]]
        words += [
            (place["en"].removeprefix("the "), place.get("word", place["zh"])) for place in people.pools["places"]
        ]
        words += [(en, zh) for en, zh in grammar["words"]]
        named = {en for en, _ in words} | {zh for _, zh in words}
        for entity in facts.entities:
            if entity.kind in UNTRANSLATED:
                continue
            en, zh = entity.name["en"], entity.name["zh"]
            if en not in named and zh not in named and en.isascii() and not zh.isascii():
                words.append((en, zh))
                named |= {en, zh}
        self.words: Sequence[Pair] = tuple(dict.fromkeys(words))

    def word(self, rng: random.Random) -> Pair:
        return pick(rng, self.words)

    def also(self, word: str, to: str) -> list[str]:
        """All words of the language `to` that translate the word."""
        return [en if to == "en" else zh for en, zh in self.words if word == (zh if to == "en" else en)]

    def sentence(self, rng: random.Random, split: str) -> Pair:
        """A sentence (three times in four) or a phrase of the split, in both languages."""
        while True:
            patterns = self.grammar["sentences" if rng.random() < 0.75 else "phrases"]
            english, chinese = self._fill(rng, pick(rng, patterns))
            if held_out_text(english.lower()) == (split == "held-out"):
                return english, chinese

    def roles(self, rng: random.Random) -> tuple[dict[str, str], dict[str, str]]:
        """A value for every role that a pattern may name, in English and in Chinese."""
        en: dict[str, str] = {}
        zh: dict[str, str] = {}
        for role, pool in (("animal", "animals"), ("thing", "things"), ("food", "foods")):
            item = pick(rng, self.people.pools[pool])
            en[role], zh[role], zh[f"{role}_mw"] = item["en"], item["zh"], item["mw"]
            en[f"{role}s"] = item["many"]
        beasts = [item for item in self.people.pools["animals"] if item["en"] != en["animal"]]
        beast, place = pick(rng, beasts), pick(rng, self.people.pools["places"])
        en |= {"beast": beast["en"], "place": place["en"], "at": place["at"]}
        zh |= {"beast": beast["zh"], "place": place["zh"], "at": place["at_zh"]}
        colour, act = pick(rng, self.people.pools["colours"]), pick(rng, self.grammar["acts"])
        en |= act | {"colour": colour["en"]}
        zh |= {"act": act["zh"], "colour": colour["zh"]}
        for role in ("adj", "number", "time_past", "time_next", "often"):
            en[role], zh[role] = pick(rng, self.grammar[role])
        (en["name"], zh["name"]), (en["friend"], zh["friend"]) = sample(rng, self.grammar["names"], 2)
        return en, zh

    def _fill(self, rng: random.Random, pattern: Sequence[str]) -> Pair:
        en, zh = self.roles(rng)
        english = pattern[0].format_map(en)
        if " a " in english or english.startswith("a "):
            small = english[0]
            english = small + sentence(english)[1:]
        return english, pattern[1].format_map(zh)

    def page(self, rng: random.Random, split: str) -> str:
        """Three to eight pairs in one layout; the layout may be a sentence that names both languages."""
        words = rng.random() < 0.4
        pairs = [self.word(rng) if words else self.sentence(rng, split) for _ in range(between(rng, 3, 8))]
        if words and rng.random() < 0.5:
            said = self.frames["said"] if rng.random() < 0.5 else [pick(rng, self.frames["said"])]
            text = "\n".join(pick(rng, said).format(e=e, z=z) for e, z in pairs)
        else:
            frame, join = pick(rng, self.frames["frames"])
            text = join.join(frame.format(e=e, z=z) for e, z in pairs)
        if rng.random() < 0.2:
            text = pick(rng, self.frames["titles"]) + "\n" + text
        return text
