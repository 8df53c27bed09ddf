"""Does a short story hang together? What a model that has lost its thread does can be seen: it says things again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gptlineage.world.reading import PUNCTUATION

LONGEST_ECHO = {"en": 5, "zh": 9}  # words or characters in a row that a story may say twice
SAME_SENTENCE = {"en": 0.8, "zh": 0.9}  # two sentences that share so many words or characters say the same


def incoherent(told: Sequence[str], language: str) -> str:
    """What is said again in the sentences, or "" when nothing is."""
    parts = [_words(part, language) for part in told]
    for part, words in zip(told, parts, strict=True):
        raw = part.casefold().split()  # with the commas: "Lily asked Tom, Tom asked Max" is no slip
        doubled = next((a for a, b in pairwise(raw) if a == b), "")
        stuttered = doubled or _stutter(words)
        if stuttered:
            return stuttered
    for i, one in enumerate(parts):
        for other in parts[:i]:
            shared = set(one) & set(other)
            if len(shared) > 3 and len(shared) >= SAME_SENTENCE[language] * max(len(set(one)), len(set(other))):
                return " ".join(one)
    length, seen = LONGEST_ECHO[language], set()
    for words in parts:
        for start in range(len(words) - length):
            run = tuple(words[start : start + length + 1])
            if run in seen:
                return " ".join(run)
            seen.add(run)
    return ""


def _words(part: str, language: str) -> list[str]:
    """The words, or in Chinese the characters."""
    plain = PUNCTUATION.sub(" ", part.casefold())
    return plain.split() if language == "en" else list(plain.replace(" ", ""))


def _stutter(words: Sequence[str]) -> str:
    """Three words or characters that stand twice in one sentence, one group soon after the other."""
    for start in range(len(words) - 5):
        group = words[start : start + 3]
        for later in range(start + 3, min(start + 7, len(words) - 2)):
            if words[later : later + 3] == group:
                return " ".join(group)
    return ""
