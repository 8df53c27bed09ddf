"""Compare's scores and the order of its columns: what the command line has too, for texts that are there already."""

from __future__ import annotations

import html
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gptlineage as gl
from gptlineage.errors import explain
from gptlineage.evaluation.scores import (
    exam_question,
    likelihood,
    likelihood_line,
    reward,
    reward_line,
    verdict_line,
)
from gptlineage.world import Dialogue, judge

from .models import Card, ModelPool
from .race import Finish, keys_of
from .strings import text

KINDS = ("none", "likelihood", "judge", "reward")
ORDERS = ("listed", "year", "score")
QUESTIONS = 10_000
Question = tuple[int, str]  # its number and language


@dataclass(frozen=True)
class Score:
    """What is said of one text, and by what the columns are lined up: more is better."""

    words: str
    value: float | None = None


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
    folder = Path(card.source).expanduser() / "reward"
    return folder if (folder / "config.json").is_file() else None


def judges(pool: ModelPool) -> list[tuple[str, str]]:
    """The models whose reward models can be asked: (title, key)."""
    return [(card.title, key) for key, card in pool.cards.items() if reward_folder(card)]


def scores(pool: ModelPool, finish: Finish, wanted: Wanted, lang: str) -> dict[str, Score]:
    """The score of every text, by its model; one that cannot have it says why. Raises UserError if none can."""
    answer = (wanted.answer or "").strip()
    if wanted.kind == "likelihood" and not answer:
        raise gl.UserError(text("score.no_answer", "en"), text("score.no_answer", "zh"))
    question = question_of(wanted.question, finish.prompt)
    if wanted.kind == "judge" and question is None:
        raise gl.UserError(text("score.no_question", "en"), text("score.no_question", "zh"))
    folder = reward_folder(pool.cards[wanted.rewarder]) if wanted.rewarder in pool.cards else None
    if wanted.kind == "reward" and folder is None:
        raise gl.UserError(text("score.no_reward", "en"), text("score.no_reward", "zh"))
    found = {}
    for key, written in finish.texts.items():
        try:
            if wanted.kind == "likelihood":
                one = likelihood(pool.get(key), finish.prompt, answer, finish.as_chat)
                found[key] = Score(likelihood_line(one, lang), -one.bits_per_byte)
            elif question is not None and wanted.kind == "judge":
                verdict = judge(question, written)
                found[key] = Score(verdict_line(verdict, lang), verdict.score)
            elif folder is not None and wanted.kind == "reward":
                value = reward(folder, finish.prompt, written)
                found[key] = Score(reward_line(value, lang), value)
        except gl.UserError as error:
            found[key] = Score(explain(error, lang))
    return found


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


def told(pool: ModelPool, finish: Finish, found: dict[str, Score], order: str) -> dict[str, Any]:
    """The comparison as `gptlineage.evaluation.slide` takes it, in the order of the columns."""
    rows = []
    for key in order_of(pool, order, found):
        if key in finish.texts:
            card = pool.cards[key]
            row = {"model": card.title, "year": card.year, "n_parameters": card.n_parameters}
            row |= {"generation": card.generation, "text": finish.texts[key]}
            rows.append({**row, "score": found[key].words} if key in found else row)
    return {"prompt": finish.prompt, "settings": finish.settings, "rows": rows, "version": gl.__version__}
