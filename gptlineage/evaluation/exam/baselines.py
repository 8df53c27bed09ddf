"""What a model must beat: chance, the commonest label in the prompt, an n-gram model, a bag of words.

Without them a score says nothing: in the prototypes "the commonest label" looked like learning in context, and a bag
of words beat small models at sentiment.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...text import Tokenizer
from ...world import World
from ...world.chance import stream
from ..ngrams import NGramModel
from .grading import Graded, fitted, is_right, rows_of
from .tasks import Question, Task

NGRAM_ORDER, TRAINING_PAGES, TRAINING_ITEMS = 5, 44_000, 2000  # as many tokens as the quick GPT-3 miniature reads
N_CTX = 256  # the longest prompt that a miniature reads


def fit_ngrams(world: World, tokenizer: Tokenizer, mixture: str = "crawl", seed: int = 0) -> NGramModel:
    """A 5-gram model of some pages of the training split."""
    pages = world.documents(mixture, seed=seed, split="train")
    texts = [next(pages).text for _ in range(TRAINING_PAGES)]
    ids = [i for row in tokenizer.encode_batch(texts) for i in (tokenizer.end_of_text, *row)]
    return NGramModel.fit(np.asarray(ids), NGRAM_ORDER, tokenizer.vocab_size)


def ngram_rows(ngrams: NGramModel, tokenizer: Tokenizer, task: Task, k: int, questions: Sequence[Question]) -> list:
    """The choices and log-probabilities of the n-gram model, which writes nothing by itself."""
    graded = []
    for question in questions:
        prompt, answer, choices, shots = fitted(tokenizer, task, question, N_CTX)
        scores = [ngrams.logprob(prompt, ids) / len(ids) for ids in choices]
        right = bool(scores) and question.choices[scores.index(max(scores))] == question.answer
        graded.append(Graded(right, ngrams.logprob(prompt, answer), shots))
    return rows_of("n-gram", None, task, k, graded, accuracy=bool(questions[0].choices))


def trivial_rows(task: Task, k: int, questions: Sequence[Question]) -> list:
    """Chance, and the answer that the prompt's examples show most often."""
    rows = []
    if questions[0].choices:
        right = [1 / len(q.choices) for q in questions]
        rows.append(constant("chance", task, k, sum(right) / len(right), len(questions)))
    if k:
        hits = [question.answer == commonest(question) for question in questions]
        rows.append(constant("commonest label", task, k, sum(hits) / len(hits), len(questions)))
    return rows


def commonest(question: Question) -> str:
    """The commonest answer among the examples; among equals the last one shown."""
    answers = [answer for _, answer in reversed(question.shots)]
    return Counter(answers).most_common(1)[0][0] if answers else ""


def constant(model: str, task: Task, k: int, value: float, n: int) -> dict:
    return {
        "model": model, "family": task.family, "task": task.name, "k": k, "metric": "accuracy",
        "value": round(value, 4), "n": n, "seed": None,
    }  # fmt: skip


class BagOfWords:
    """Naive Bayes over the words (Chinese: characters and pairs of them) of labelled texts, with add-one smoothing."""

    def __init__(self, texts: Sequence[str], labels: Sequence[str]):
        self.counts = {label: Counter[str]() for label in sorted(set(labels))}
        for text, label in zip(texts, labels, strict=True):
            self.counts[label].update(features(text))
        self.vocabulary = len({word for counts in self.counts.values() for word in counts})

    def label(self, text: str) -> str:
        def score(counts: Counter[str]) -> float:
            total = counts.total() + self.vocabulary
            return sum(math.log((counts[word] + 1) / total) for word in features(text))

        return max(self.counts, key=lambda label: score(self.counts[label]))


def features(text: str) -> list[str]:
    words = text.lower().split()
    characters = [c for c in text if c > "\u2e7f"]
    return [w for w in words if w.isascii()] + characters + [a + b for a, b in pairwise(characters)]


def bag_of_words_rows(world: World, task: Task, questions: Sequence[Question]) -> list:
    """The bag of words, trained on as many labelled items of the training split as GPT-1's small tasks had."""
    rng, draw = stream(0, "bag of words", task.name), task.draw
    assert draw
    items = [draw(world, rng, task.languages[i % len(task.languages)], "train") for i in range(TRAINING_ITEMS)]
    model = BagOfWords([task.ask(item) for item in items], [item.answer for item in items])
    hits = [is_right(question, model.label(question.prompt)) for question in questions]
    return [constant("bag of words", task, 0, sum(hits) / len(hits), len(hits))]
