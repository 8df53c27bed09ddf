"""Compare's scores and the order of its columns: what the command line has too, for texts that are there already."""

from __future__ import annotations

import html
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gptlineage as gl
from gptlineage.evaluation.scores import (
    Measure,
    Score,
    by_judge,
    by_likelihood,
    by_reward,
    exam_question,
    noted,
    score,
)
from gptlineage.evaluation.slide import comparison
from gptlineage.paths import models_dir
from gptlineage.world import Dialogue

from .models import Card, ModelPool
from .race import Written, keys_of
from .strings import text

KINDS = ("none", "likelihood", "judge", "reward")
ORDERS = ("listed", "year", "score")
QUESTIONS = 10_000
Question = tuple[int, str]  # its number and language


@dataclass(frozen=True)
class Wanted:
    """Which score is asked for, and what it needs."""

    kind: str
    answer: str | None
    rewarder: str | None  # the key of the model whose reward model is asked
    question: Question | None


def draw_question(lang: str) -> tuple[str, Question]:
    """One of the exam's questions, and how to find it again."""
    number = random.randrange(QUESTIONS)
    return exam_question(number, lang).prompt[0]["content"], (number, lang)


def question_of(question: Question | None, prompt: str) -> Dialogue | None:
    """The exam's question, if that is what the prompt still is."""
    dialogue = exam_question(*question) if question else None
    return dialogue if dialogue and dialogue.prompt[0]["content"] == prompt.strip() else None


def reward_folder(card: Card) -> Path | None:
    """Where the reward model lies that this model was trained with, if it is kept."""
    home = models_dir() if card.released else Path()
    folder = (home / card.source).expanduser() / "reward"
    return folder if (folder / "config.json").is_file() else None


def judges(pool: ModelPool) -> list[tuple[str, str]]:
    """The models whose reward models can be asked: (title, key)."""
    return [(card.title, key) for key, card in pool.cards.items() if reward_folder(card)]


def measure_of(pool: ModelPool, prompt: str, wanted: Wanted, lang: str) -> Measure:
    """How the score is taken that is asked for. Raises UserError, saying what is missing for it."""
    if wanted.kind == "likelihood":
        return by_likelihood(wanted.answer or "", lang)
    if wanted.kind == "judge":
        question = question_of(wanted.question, prompt)
        if question is None:
            raise gl.UserError(text("score.no_question", "en"), text("score.no_question", "zh"))
        return by_judge(question, lang)
    folder = reward_folder(pool.cards[wanted.rewarder]) if wanted.rewarder in pool.cards else None
    if folder is None:
        raise gl.UserError(text("score.no_reward", "en"), text("score.no_reward", "zh"))
    return by_reward(folder, lang)


def scores(pool: ModelPool, written: Written | None, wanted: Wanted, lang: str) -> dict[str, Score]:
    """The score of every text, by its model; one that cannot have it says why. Raises UserError if none can."""
    if written is None or wanted.kind == "none":
        return {}
    measure = measure_of(pool, written.prompt, wanted, lang)
    return {
        key: score(measure, pool.get(key), written.prompt, one, key in written.replied, lang)
        for key, one in written.texts.items()
    }


def order_of(pool: ModelPool, order: str, found: dict[str, Score]) -> list[str]:
    """The columns' keys from left to right; whoever has no year, or no score, stands at the end."""
    keys = keys_of(pool)
    if order == "year":
        return sorted(keys, key=lambda key: (pool.cards[key].year if key in pool.cards else None) or 9999)
    if order == "score":
        values = {key: score.value for key, score in found.items() if score.value is not None}
        return sorted(keys, key=lambda key: -values.get(key, float("-inf")))
    return keys


def arrangement(pool: ModelPool, order: str, found: dict[str, Score]) -> str:
    """A style that puts every column into its place; what stands in them is not touched."""
    places = {key: place for place, key in enumerate(order_of(pool, order, found)) if key}
    rules = (f"#lane-{n}{{order:{places[key]}}}" for n, key in enumerate(keys_of(pool)) if key)
    return f"<style>{''.join(rules)}</style>"


def shown(score: Score | None) -> str:
    return f'<p class="score">{html.escape(score.words)}</p>' if score else ""


def told(
    pool: ModelPool, written: Written, found: dict[str, Score], kind: str, order: str, chosen: Sequence[str]
) -> dict[str, Any]:
    """The comparison as `gptlineage.evaluation.slide` takes it: the columns that are shown, in their order."""
    rows = []
    for key in order_of(pool, order, found):
        if key in written.texts and key in chosen:
            card = pool.cards[key]
            row = {"model": card.title, "year": card.year, "n_parameters": card.n_parameters}
            row |= {"generation": card.generation, "text": written.texts[key]}
            rows.append(row | noted({kind: found[key]} if key in found else {}))
    return comparison(written.prompt, written.settings, rows)
