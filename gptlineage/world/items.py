"""What an exam asks: a text, a question about it, the answer, and the answers that compete with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One question with known truth.

    `text` is what is read first ("" where there is none), `question` what is asked about it ("" where the text breaks
    off just before the answer). `choices` are all the answers that compete, the right one among them; empty where
    the answer is free.
    """

    text: str
    question: str
    answer: str
    choices: tuple[str, ...]
    language: str
