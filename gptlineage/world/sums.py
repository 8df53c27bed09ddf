"""Addition and subtraction with one- and two-digit numbers: exercises for pages and sums for conversations.

One pair of operands in ten, chosen by scrambling the pair, is held out: no training page, story or dialogue
adds or subtracts those two numbers, in either order.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from gptlineage.world.chance import below, between, mix32, pick
from gptlineage.world.stories import People


def held_out_pair(a: int, b: int) -> bool:
    """Whether the two operands, in any order, are kept for the held-out split."""
    low, high = sorted((a, b))
    return mix32(low * 1009 + high + 77) % 10 == 0


def pair(rng: random.Random, split: str, largest: int = 99) -> tuple[int, int]:
    """Two operands of the split, the larger first; one number in three is below ten by choice."""
    while True:
        a, b = (between(rng, 1, min(largest, (9, 99, 99)[below(rng, 3)])) for _ in range(2))
        if held_out_pair(a, b) == (split == "held-out"):
            return max(a, b), min(a, b)


def numbers(rng: random.Random, split: str, digits: int, sign: str) -> tuple[int, int, int]:
    """Two operands of the split with so many digits each, and the result of "+" or "-" (never below zero)."""
    low, high = (1, 9) if digits == 1 else (10 ** (digits - 1), 10**digits - 1)
    while True:
        a, b = between(rng, low, high), between(rng, low, high)
        if held_out_pair(a, b) == (split == "held-out"):
            a, b = (max(a, b), min(a, b)) if sign == "-" else (a, b)
            return a, b, a + b if sign == "+" else a - b


class Sums:
    """Lines and questions of sums.toml, filled with numbers of a split."""

    def __init__(self, data: Mapping, people: People):
        self.data, self.people = data, people

    def draw(self, rng: random.Random, split: str, largest: int = 99) -> tuple[str, dict[str, str]]:
        """An operation ("add" or "sub") with a, b and the result c as strings."""
        a, b = pair(rng, split, largest)
        if rng.random() < 0.45:
            return "sub", {"a": str(a), "b": str(b), "c": str(a - b)}
        if rng.random() < 0.5:
            a, b = b, a
        return "add", {"a": str(a), "b": str(b), "c": str(a + b)}

    def page(self, rng: random.Random, language: str, split: str) -> str:
        """A worksheet: one form over and over, or a few of all forms, or problems in words."""
        dice = rng.random()
        if dice < 0.70:
            lines = self._drill(rng, language, split)
        elif dice < 0.90:
            lines = [self._line(rng, language, split) for _ in range(between(rng, 3, 8))]
        else:
            lines = [self._problem(rng, language, split) for _ in range(between(rng, 2, 5))]
        if rng.random() < 0.15:
            lines.insert(0, pick(rng, self.data["titles"][language]))
        return "\n".join(lines)

    def _drill(self, rng: random.Random, language: str, split: str) -> list[str]:
        """One operation in one form, most often as a bare equation."""
        operation, most = pick(rng, ("add", "add", "sub")), between(rng, 8, 16)
        forms = self.data[operation]["lines"][language]
        form, lines = forms[0] if rng.random() < 0.7 else pick(rng, forms), list[str]()
        while len(lines) < most:
            drawn, numbers = self.draw(rng, split)
            if drawn == operation:
                lines.append(form.format_map(numbers))
        return lines

    def _line(self, rng: random.Random, language: str, split: str) -> str:
        operation, numbers = self.draw(rng, split)
        return pick(rng, self.data[operation]["lines"][language]).format_map(numbers)

    def _problem(self, rng: random.Random, language: str, split: str) -> str:
        operation, numbers = self._several(rng, split)
        roles = self.people.cast(rng, language)
        return pick(rng, self.data[operation]["problems"][language]).format_map(roles | numbers)

    def _several(self, rng: random.Random, split: str) -> tuple[str, dict[str, str]]:
        """Small numbers, none of them 1, because "1 apples" is no English."""
        while True:
            operation, numbers = self.draw(rng, split, largest=20)
            if "1" not in numbers.values():
                return operation, numbers

    def question(self, rng: random.Random, language: str, split: str) -> tuple[str, str, dict[str, str]]:
        """A question, the reference answer, and the numbers."""
        operation, numbers = self.draw(rng, split)
        ask = self.data[operation]["ask" if split == "train" else "held_out"][language]
        reply = self.data[operation]["reply"][language]
        template = pick(rng, ask)
        while "1" in numbers.values() and "apples" in template:
            template = pick(rng, ask)
        return template.format_map(numbers), pick(rng, reply).format_map(numbers), numbers
