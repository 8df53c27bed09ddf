"""Whether what a model tells can be so: stories that it goes on with, read by the world's proofreader.

The proofreader follows who is where and who holds what, in the wordings of the world's passages. It passes over
sentences in other words. The share without a contradiction is among the stories of which it understood something; how
many sentences it understood stands beside it.
"""

from __future__ import annotations

import random
from typing import Any

from ...inference import LanguageModel, Sampling
from ...world import World
from ...world.chance import stream
from ..results import wilson_interval
from .grading import spread
from .scoring import continuations

OPENING_SENTENCES, NEW_TOKENS, SEED = 3, 64, 2026


def story_rows(lm: LanguageModel, world: World, model: str, seed: int | None, n: int) -> list[dict[str, Any]]:
    """Rows for `n` sampled stories (temperature 0.8), half of them Chinese."""
    rng = stream(SEED, "exam", "stories")
    openings = [opening(world, rng, ("en", "zh")[number % 2]) for number in range(n)]
    tokenizer = lm.tokenizer
    prompts = [[tokenizer.end_of_text, *tokenizer.encode(text)] for text, _ in openings]
    told = continuations(lm, prompts, Sampling(temperature=0.8, top_k=0, seed=SEED), max_new_tokens=NEW_TOKENS)
    consistent, understood = [], []
    for (start, language), end in zip(openings, told, strict=True):
        before, _ = world.books.proofread(start, language)
        after, wrong = world.books.proofread(whole_sentences(start + end.split("\n")[0], language), language)
        understood.append(float(max(0, after - before)))
        if wrong or after > before:  # nothing can be said of a story in other words
            consistent.append(not wrong)
    low, high = wilson_interval(sum(consistent), len(consistent)) if consistent else (0.0, 1.0)
    base = {"model": model, "family": "stories", "task": "stories", "k": 0, "seed": seed}
    return [
        {
            **base, "metric": "without contradiction", "low": round(low, 4), "high": round(high, 4),
            "value": round(sum(consistent) / max(1, len(consistent)), 4), "n": len(consistent),
        },
        {**base, "metric": "sentences understood", **spread(understood)},
    ]  # fmt: skip


def opening(world: World, rng: random.Random, language: str) -> tuple[str, str]:
    """The first sentences of a held-out passage."""
    mark = ". " if language == "en" else "。"
    parts = world.books.reading(rng, language, "held-out").text.split(mark)[:OPENING_SENTENCES]
    return mark.join(parts).rstrip(".。") + mark.strip(), language


def whole_sentences(text: str, language: str) -> str:
    """Up to the last full stop: a sentence that was cut off says nothing yet."""
    mark = "." if language == "en" else "。"
    return text[: text.rfind(mark) + 1]
