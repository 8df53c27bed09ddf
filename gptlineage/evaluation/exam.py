"""The conversation exam: questions about the world's facts in phrasings that were kept out of all training.

Greedy first, then sampled at the studio's settings under several seeds. The world's judge decides.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import mean
from typing import Any

from ..inference import LanguageModel, Sampling, reply_to_all
from ..inference.engine import CHAT_SETTINGS
from ..world import Dialogue, World, judge
from .results import wilson_interval

QUESTIONS_SEED = 2026


def ask_all(lm: LanguageModel, *, n: int, seeds: int) -> list[dict[str, Any]]:
    """Rows of `n` held-out questions put to a model: overall, by language, and by whether the entity was ever asked."""
    questions = World().questions(n, seed=QUESTIONS_SEED, split="held-out")
    rows = []
    for seed in (None, *range(seeds)):
        sampling = Sampling(temperature=0.0) if seed is None else Sampling(seed=seed, **CHAT_SETTINGS)
        right = grade(lm, questions, sampling)
        metric = "right, greedy" if seed is None else "right, sampled"
        for task, members in groups(questions).items():
            hits = [right[i] for i in members]
            low, high = wilson_interval(sum(hits), len(hits))
            rows.append(
                {
                    "model": lm.name,
                    "task": task,
                    "metric": metric,
                    "value": mean(hits),
                    "low": low,
                    "high": high,
                    "n": len(hits),
                    "seed": seed,
                }
            )
    return rows


def grade(lm: LanguageModel, questions: list[Dialogue], sampling: Sampling) -> list[bool]:
    """Whether each reply is right. A base model is asked on a page of questions and answers."""
    if lm.speaks_chat:
        replies = reply_to_all(lm.model, lm.tokenizer, [q.prompt for q in questions], sampling)
    else:
        replies = [
            lm.chat(
                q.prompt,
                max_new_tokens=60,
                temperature=sampling.temperature,
                top_k=sampling.top_k,
                top_p=sampling.top_p,
                seed=sampling.seed,
            )
            for q in questions
        ]
    return [judge(question, reply).right for question, reply in zip(questions, replies, strict=True)]


def groups(questions: list[Dialogue]) -> dict[str, list[int]]:
    """Which questions belong to which row of the table."""
    found: dict[str, list[int]] = defaultdict(list)
    for i, question in enumerate(questions):
        found["facts"].append(i)
        found[f"facts, {question.language}"].append(i)
        if question.entity_held_out:
            found["facts, never asked in training"].append(i)
    return found
