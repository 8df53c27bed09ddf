"""Pages that repeat one format over many items, so that a reader can only go on by seeing the pattern.

Most lists are of something true or regular; one in four is a random mapping, which holds on its page only.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping

from gptlineage.world.chance import Wheel, below, between, held_out_text, pick, sample, shuffled
from gptlineage.world.facts import Facts
from gptlineage.world.translation import Translation

Pairs = list[tuple[str, str]]
_KINDS = {
    "animals": ("animal", "动物"),
    "foods": ("food", "食物"),
    "colours": ("colour", "颜色"),
    "things": ("thing", "物品"),
}
HELD_OUT = 6  # one left side in six stands on no training list of a format, to ask for new items of seen formats
MARKS = ".!/- "  # what GPT-3's "random insertion in word" puts between the letters


def new_item(pair: tuple[str, str]) -> bool:
    """Whether lists of its format in the training split leave this pair out; other pages may well tell of it."""
    return held_out_text(pair[0], HELD_OUT)


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
        # What a list may be of: each entry is one way to make as many true pairs as one wants.
        self.sources: dict[str, Callable[[random.Random, str], Pairs]] = {
            "relation": self._relation, "translated": self._translated, "letters": self._letters,
            "numbers": self._numbers, "kinds": self._kinds,
            "cycled": self._cycled, "reversed": self._reversed, "inserted": self._inserted,
        }  # fmt: skip
        shares = {
            "relation": 18, "translated": 12, "letters": 12, "numbers": 9, "kinds": 9,
            "cycled": 5, "reversed": 4, "inserted": 4, "mapping": 27,
        }  # fmt: skip
        self.makers = Wheel(shares.items())

    def page(self, rng: random.Random, language: str, split: str) -> str:
        """A list in one of the two languages."""
        kind = self.makers.spin(rng)
        if kind == "mapping":
            pairs = self._mapping(rng, language)
        else:
            pairs = self.sources[kind](rng, language)
            pairs = [pair for pair in pairs if split != "train" or not new_item(pair)][: between(rng, 8, 20)]
        arrow = pick(rng, self.frames["arrows"][language])
        join = pick(rng, self.frames["joins"])
        return join.join(left + arrow + right for left, right in pairs)

    def episode(self, rng: random.Random, kind: str, language: str, n: int) -> tuple[Pairs, tuple[str, str]]:
        """`n` pairs of one format as training lists show them, and one that none of these shows.

        For "mapping" the last pair is one of the `n` again, since nothing else can be known about it.
        """
        if kind == "mapping":
            large = [vocabulary for vocabulary in self.vocabularies[language] if len(vocabulary) >= n]
            left, right = (sample(rng, pick(rng, large), n) for _ in range(2))
            pairs = list(zip(left, right, strict=True))
            return pairs, pick(rng, pairs)
        while True:
            made = self.sources[kind](rng, language)
            known, asked = [pair for pair in made if not new_item(pair)], Counter(left for left, _ in made)
            new = [pair for pair in made if new_item(pair) and asked[pair[0]] == 1]  # else several answers are right
            if new and len(known) >= n:
                return known[:n], new[0]

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
        rows = shuffled(rng, pick(rng, self.tables[language]))
        one_to_one = len({value for _, value in rows}) == len(rows)
        return [(v, s) for s, v in rows] if one_to_one and rng.random() < 0.25 else rows

    def _translated(self, rng: random.Random, language: str) -> Pairs:
        rows = sample(rng, self.translation.words, 40)
        return rows if language == "en" else [(zh, en) for en, zh in rows]

    def _letters(self, rng: random.Random, language: str) -> Pairs:
        """Upper case, first or last letter, or a copy; in Chinese the first or last character, or a copy."""
        rules = (str.upper, lambda w: w[0], lambda w: w[-1], str, lambda w: w + " " + w)
        rule = rules[below(rng, 5) if language == "en" else between(rng, 1, 4)]
        return [(word, rule(word)) for word in self._words(rng, language)]

    def _cycled(self, rng: random.Random, language: str) -> Pairs:
        """Words whose letters went round ("ohuse"), and the words (GPT-3, section 3.9.2)."""
        pairs = []
        for word in self._words(rng, language, shortest=3 if language == "en" else 2):
            cut = between(rng, 1, len(word) - 1)
            pairs.append((word[cut:] + word[:cut], word))
        return pairs

    def _reversed(self, rng: random.Random, language: str) -> Pairs:
        return [(word[::-1], word) for word in self._words(rng, language, shortest=2)]

    def _inserted(self, rng: random.Random, language: str) -> Pairs:
        """Words with a mark after each letter, and the words."""
        return [
            ("".join(letter + pick(rng, MARKS) for letter in word[:-1]) + word[-1], word)
            for word in self._words(rng, language, shortest=2)
        ]

    def _words(self, rng: random.Random, language: str, shortest: int = 1) -> list[str]:
        words = self.english if language == "en" else self.chinese
        return [word for word in sample(rng, words, 40) if len(word) >= shortest]

    def _numbers(self, rng: random.Random, language: str) -> Pairs:
        """A neighbour of each number; these are orders, not sums, and name no second operand."""
        step = pick(rng, (1, -1, 10, -10))
        numbers = [n for n in sample(rng, range(1, 100), 40) if 0 < n + step < 100]
        numbers = sorted(numbers) if rng.random() < 0.3 else numbers
        return [(str(n), str(n + step)) for n in numbers]

    def _kinds(self, rng: random.Random, language: str) -> Pairs:
        """Words of two or three kinds and what each of them is."""
        rows = []
        for pool in sample(rng, tuple(_KINDS), between(rng, 2, 3)):
            kind = _KINDS[pool][0 if language == "en" else 1]
            rows += [(item[language], kind) for item in sample(rng, self.translation.people.pools[pool], 15)]
        return shuffled(rng, rows)
