"""The exam: the same held-out questions for every generation, beside chance and trivial rivals.

`take` puts all of it to one model; `baselines` says what a score must beat. Rows are flat:
model, family, task, k (examples in the prompt), metric, value, low, high, n, seed (of the model's training).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...inference import LanguageModel
from ...text import Tokenizer
from ...world import World
from .baselines import bag_of_words_rows, fit_ngrams, ngram_rows, trivial_rows
from .conversation import ask_all, instruction_rows
from .grading import bleu_rows, grade, rows_of
from .losses import loss_rows
from .tasks import Question, Task, all_questions, published

__all__ = ["ask_all", "baselines", "take"]
Rows = list[dict[str, Any]]
LABELLED = ("sentiment", "entailment")


def take(lm: LanguageModel, world: World, *, n: int, items: Path | None = None) -> Rows:
    """All rows of one model; `items` is a folder of GPT-3's own items."""
    model, seed = lm.provenance.get("generation", lm.name), lm.provenance.get("seed")
    rows = loss_rows(lm, world, model, seed)
    for task, k, questions in asked(world, n, items):
        graded = grade(lm, task, questions)
        rows += rows_of(model, seed, task, k, graded)
        if task.name == "translation, sentences":
            rows += bleu_rows(model, seed, task, k, questions, graded)
    return rows + instruction_rows(lm, world, model, seed)


def asked(world: World, n: int, items: Path | None) -> Iterator[tuple[Task, int, Sequence[Question]]]:
    yield from all_questions(world, n)
    for path in sorted(items.glob("*.jsonl")) if items else ():
        for k in (0, 4, 16):
            task, questions = published(path, k)
            yield task, k, questions[:n]


def baselines(tokenizer: Tokenizer, world: World, *, n: int, items: Path | None = None) -> Rows:
    """Chance, the commonest label, an n-gram model and a bag of words on the same questions."""
    ngrams, rows = fit_ngrams(world, tokenizer), []
    for task, k, questions in asked(world, n, items):
        rows += trivial_rows(task, k, questions)
        rows += ngram_rows(ngrams, tokenizer, task, k, questions)
        if task.name in LABELLED and k == 0:
            rows += bag_of_words_rows(world, task, questions)
    return rows
