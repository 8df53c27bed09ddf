"""The exam: the same held-out questions for every generation, beside chance and trivial rivals.

`take` puts all of it to one model; `baselines` says what a score must beat. Rows are flat:
model, family, task, k (examples in the prompt), metric, value, low, high, n, seed (of the model's training).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...inference import LanguageModel
from ...text import Tokenizer
from ...world import World
from .baselines import bag_of_words_rows, fit_ngrams, ngram_rows, trivial_rows
from .conversation import ask_all, instruction_rows
from .grading import bleu_rows, grade, rows_of
from .losses import loss_rows
from .order import findings
from .stories import story_rows
from .tasks import Question, Task, all_questions, published

__all__ = ["Sheet", "ask_all", "baselines", "findings", "take", "write_sheet"]
Rows = list[dict[str, Any]]
Sheet = list[tuple[Task, int, Sequence[Question]]]
LABELLED = ("sentiment", "entailment")
GPT3_SHOTS = (0, 4, 16)
STORIES, INSTRUCTIONS = 200, 50  # instructions of a kind


def take(lm: LanguageModel, world: World, sheet: Sheet, model: str, n: int = STORIES) -> Rows:
    """All rows of one model: loss by kind of text, the questions of the sheet, up to `n` stories, and instructions.

    Rows of the same `model` under several training seeds become one mean with its range.
    """
    seed = lm.provenance.get("seed")
    rows = loss_rows(lm, world, model, seed)
    for task, k, questions in sheet:
        graded = grade(lm, task, questions)
        rows += rows_of(model, seed, task, k, graded)
        if task.name == "translation, sentences":
            rows += bleu_rows(model, seed, task, k, questions, graded)
    rows += story_rows(lm, world, model, seed, min(n, STORIES))
    return rows + instruction_rows(lm, world, model, seed, min(n, INSTRUCTIONS))


def write_sheet(world: World, n: int, items: Path | None = None) -> Sheet:
    """`n` questions for every task and number of examples, the same for every model that is asked.

    `items` is a folder of GPT-3's own items. Raises UserError when a file there holds something else.
    """
    sheet: Sheet = list(all_questions(world, n))
    for path in sorted(items.glob("*.jsonl")) if items else ():
        for k in GPT3_SHOTS:
            task, questions = published(path, k)
            sheet.append((task, k, questions[:n]))
    return sheet


def baselines(tokenizer: Tokenizer, world: World, sheet: Sheet) -> Rows:
    """Chance, the commonest label, an n-gram model and a bag of words on the same questions."""
    ngrams, rows = fit_ngrams(world, tokenizer), []
    for task, k, questions in sheet:
        rows += trivial_rows(task, k, questions)
        rows += ngram_rows(ngrams, tokenizer, task, k, questions)
        if task.name in LABELLED and k == 0:
            rows += bag_of_words_rows(world, task, questions)
    return rows
