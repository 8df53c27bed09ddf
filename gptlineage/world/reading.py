"""Reading a text as the judge must: its sentences, its numbers, and which of many names stand in it.

Where several names would fit at one place the longest is taken, so that "GPT-3.5" is never read as "GPT-3".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

NUMBERS_EN = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen",
    "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
NUMBERS_ZH = (
    "零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十",
    "十一", "十二", "十三", "十四", "十五", "十六", "十七", "十八", "十九", "二十",
)  # fmt: skip
# A quotation belongs to the sentence around it; it ends one only after a colon.
_CHINESE = re.compile(r"(?:[^。！？“”：]|：(?!“)|“[^”]*”)*(?:：“[^”]*”|[。！？]+)|.+", re.S)
_ENGLISH = re.compile(r"(?<=[.!?])\s+|(?<=[.!?])[\"'”]\s+(?![a-z])")
LEAD = re.compile(r"^(?:(?:in|on|at) )?(?:an? |the )?(?=\w)")
PUNCTUATION = re.compile(r"[^\w\u4e00-\u9fff]+")


def value_keys(value: str, language: str) -> tuple[tuple[str, ...], ...]:
    """What must appear for a plain value: its parts, each without article, numbers in words or digits."""
    parts = value.split(" and ") if language == "en" else re.split("[、和]", value)
    parts = parts if all(parts) else [value]
    return tuple(_same(part.strip(), language) for part in parts)


def _same(part: str, language: str) -> tuple[str, ...]:
    numbers = NUMBERS_EN if language == "en" else NUMBERS_ZH
    core = LEAD.sub("", part) if language == "en" else part
    if core in numbers:
        return (core, str(numbers.index(core)))
    if core.isdigit() and int(core) < len(numbers):
        return (core, numbers[int(core)])
    return (core or part,)


def sentences(text: str) -> list[str]:
    """The sentences of a text; a decimal point or the dot in GPT-3.5 ends none."""
    parts = [part for chunk in _CHINESE.findall(text) for part in _ENGLISH.split(chunk)]
    return [part.strip() for part in parts if plain(part)]


@lru_cache(maxsize=4096)
def _pattern(words: tuple[str, ...], exact: bool) -> re.Pattern[str]:
    """One pattern for all words, longest first, so that "GPT-3.5" is never read as "GPT-3"."""
    longest_first = sorted({word.casefold() for word in words if word}, key=lambda word: (-len(word), word))

    def bounded(word: str) -> str:
        left = r"(?<![a-z0-9])" if exact and word[0].isascii() and word[0].isalnum() else ""
        right = r"(?:e?s)?(?![a-z0-9]|[.\-]\d)" if exact and word[-1].isascii() and word[-1].isalnum() else ""
        return f"{left}({re.escape(word)}){right}"

    return re.compile("|".join(bounded(word) for word in longest_first) or r"(?!)")


def found(words: Iterable[str], text: str, exact: bool = True) -> list[str]:
    """Which of the words appear, in order, case-folded; the longest is taken where several would fit."""
    matches = _pattern(tuple(words), exact).finditer(text.casefold())
    return [next(group for group in match.groups() if group) for match in matches]


def plain(text: str) -> str:
    return PUNCTUATION.sub("", text.casefold())
