"""Pages that repeat one format over many items, so that a reader can only go on by seeing the pattern.

Most lists are of something true or regular; one in four is a random mapping, which holds on its page only.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from gptlineage.world.chance import Wheel, below, between, pick, sample, shuffled
from gptlineage.world.facts import Facts
from gptlineage.world.translation import Translation

Pairs = list[tuple[str, str]]
_SETS = {
    "animals": ("animal", "动物"),
    "foods": ("food", "食物"),
    "colours": ("color", "颜色"),
    "things": ("thing", "物品"),
}


class Lists:
    """Draws a list and lays it out."""

    def __init__(self, frames: Mapping, facts: Facts, translation: Translation):
        self.frames = frames
        self.translation = translation
        self.english = [en for en, _ in translation.words if " " not in en]
        self.chinese = [zh for _, zh in translation.words if len(zh) <= 2]
        self.tables: dict[str, list[Pairs]] = {"en": [], "zh": []}
        for relation in facts.relations:
            if not relation.short:
                continue
            for language, tables in self.tables.items():
                rows = [
                    (entity.name[language], entity.values[relation.name].text[language])
                    for entity in facts.members[relation.kind]
                    if relation.name in entity.values
                ]
                tables.extend([rows] if len(rows) > 3 else [])
        symbols = [list(frames["letters"]), list(frames["marks"]), [str(n) for n in range(10)]]
        self.vocabularies = {
            language: [*symbols, words, words, words]
            for language, words in (("en", self.english), ("zh", self.chinese))
        }
        makers = ((self._mapping, 25), (self._relation, 30), (self._translated, 12), (self._letters, 14))
        self.makers = Wheel([*makers, (self._numbers, 10), (self._sets, 9)])

    def page(self, rng: random.Random, language: str) -> str:
        """A list in one of the two languages."""
        pairs = self.makers.spin(rng)(rng, language)
        arrow = pick(rng, self.frames["arrows"][language])
        join = pick(rng, self.frames["joins"])
        return join.join(left + arrow + right for left, right in pairs)

    def _mapping(self, rng: random.Random, language: str) -> Pairs:
        """Arbitrary things to arbitrary things, each several times and always the same."""
        vocabularies = self.vocabularies[language]
        left = sample(rng, pick(rng, vocabularies), between(rng, 3, 8))
        right = sample(rng, pick(rng, vocabularies), len(left))
        if rng.random() < 0.3:  # fewer values than keys: classes
            right = [pick(rng, right[:3]) for _ in left]
        table = list(zip(left, right, strict=True))
        return [pair for _ in range(between(rng, 3, 5)) for pair in shuffled(rng, table)]

    def _relation(self, rng: random.Random, language: str) -> Pairs:
        rows = sample(rng, pick(rng, self.tables[language]), between(rng, 6, 16))
        return [(v, s) for s, v in rows] if rng.random() < 0.25 else rows

    def _translated(self, rng: random.Random, language: str) -> Pairs:
        rows = sample(rng, self.translation.words, between(rng, 6, 16))
        return rows if language == "en" else [(zh, en) for en, zh in rows]

    def _letters(self, rng: random.Random, language: str) -> Pairs:
        """Upper case, first or last letter, or a copy; in Chinese the first or last character, or a copy."""
        words = sample(rng, self.english if language == "en" else self.chinese, between(rng, 6, 14))
        rules = (str.upper, lambda w: w[0], lambda w: w[-1], str, lambda w: w + " " + w)
        rule = rules[below(rng, 5) if language == "en" else between(rng, 1, 4)]
        return [(word, rule(word)) for word in words]

    def _numbers(self, rng: random.Random, language: str) -> Pairs:
        """The number after or before; these are orders, not sums, and name no second operand."""
        step = pick(rng, (1, -1))
        start = between(rng, 1, 80)
        numbers = list(range(start, start + between(rng, 6, 12)))
        numbers = numbers if rng.random() < 0.5 else shuffled(rng, numbers)
        return [(str(n), str(n + step)) for n in numbers]

    def _sets(self, rng: random.Random, language: str) -> Pairs:
        """Words of two kinds and what each of them is."""
        pools = self.translation.people.pools
        rows = []
        for pool in sample(rng, tuple(_SETS), between(rng, 2, 3)):
            kind = _SETS[pool][0 if language == "en" else 1]
            rows += [(item[language], kind) for item in sample(rng, pools[pool], between(rng, 3, 5))]
        return shuffled(rng, rows)
