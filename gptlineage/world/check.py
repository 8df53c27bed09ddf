"""What a right reply must be, and what the judge says of a reply.

A check is made together with its question, so whoever asks also says how an answer is known to be right.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """What a right reply must be.

    `form` is "sentence", "word" (the value alone), "number", "translation", "copy" (letter for letter), "list",
    "story", "memory", "claim" (a word that agrees or not, then the truth), "refusal" or "talk";
    `keys` are groups of alternatives, one of each must appear; `rivals` contradict the keys; `allowed` are
    names that the reply may use anyway (the subject); `cue` are words of which a longer reply needs one;
    `low` and `high` bound the sentences of a story or refusal, or the items of a list; `exact` keys match
    inside words too when False, and an exact translation has nothing after it.
    `denied` is a false value that a correction may name only to deny it.
    `ending` must close the reply, and `most` bounds its letters, when a system message asks for that.
    """

    form: str
    language: str
    keys: tuple[tuple[str, ...], ...] = ()
    rivals: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    cue: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    exact: bool = True
    denied: str = ""
    ending: str = ""
    most: int = 0


@dataclass(frozen=True)
class Verdict:
    """`right` when nothing is wrong, `score` the weighted parts, `reasons` what was wrong.

    `content` (0 to 1) is what is said, apart from its form.
    """

    right: bool
    score: float
    reasons: tuple[str, ...]
    content: float = 0.0
