"""Putting the questions to a model, and one row of the table for each task and number of examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

import sacrebleu

from ...inference import LanguageModel, Sampling
from ...text import Tokenizer
from ...world.judge import judge_reply
from ..results import wilson_interval
from .scoring import continuations, logprobs
from .tasks import Question, Task, gap, join_answer

LONGEST_ANSWER = 48
GREEDY = Sampling(temperature=0.0)
AFTER_ANSWER = re.compile(r"\s*(?:$|[,.;](?:\s|$)|[，。；])")  # "72. 5 + 3" answers with 72, "720" and "72 5" do not


@dataclass(frozen=True)
class Graded:
    """One answer: right or not, the log-probability of the reference, how many examples fitted, what was said."""

    right: bool
    logprob: float
    shots: int
    said: str = ""


def fitted(
    tokenizer: Tokenizer, task: Task, question: Question, n_ctx: int, longest: int = 0
) -> tuple[list[int], list[int], list[list[int]], int]:
    """The prompt with as many of its last examples as fit, the answer and the choices, as ids; how many fitted.

    `longest` is how many tokens may be written after the prompt.
    """
    space = gap(question.prompt)
    answer = tokenizer.encode(space + question.answer)
    choices = [tokenizer.encode(space + choice) for choice in question.choices]
    room = n_ctx - max(longest, *map(len, [answer, *choices]))
    shots = [join_answer(prompt, answer) for prompt, answer in question.shots]
    while True:
        ids = [tokenizer.end_of_text, *tokenizer.encode(task.join.join([*shots, question.prompt]))]
        if len(ids) <= room or not shots:
            return ids, answer, choices, len(shots)
        shots.pop(0)


def grade(lm: LanguageModel, task: Task, questions: Sequence[Question]) -> list[Graded]:
    """By the likeliest choice (per token, GPT-3, section 2.4) where there are choices, else by what it writes."""
    answers = lm.tokenizer.encode_batch([question.answer for question in questions])
    longest = 0 if questions[0].choices else min(LONGEST_ANSWER, max(map(len, answers)) + 4)
    encoded = [fitted(lm.tokenizer, task, question, lm.config.n_ctx, longest) for question in questions]
    if questions[0].choices:
        pairs = [(prompt, ids) for prompt, _, choices, _ in encoded for ids in choices]
        scores = iter(zip(logprobs(lm.model, pairs), pairs, strict=True))
        said, references = [], []
        for question in questions:
            own = {choice: next(scores) for choice in question.choices}
            said.append(max(own, key=lambda choice: own[choice][0] / len(own[choice][1][1])))
            references.append(own[question.answer][0])
    else:
        references = logprobs(lm.model, [(prompt, answer) for prompt, answer, _, _ in encoded])
        said = continuations(lm, [prompt for prompt, _, _, _ in encoded], GREEDY, max_new_tokens=longest)
    return [
        Graded(is_right(question, text), reference, shots, text)
        for question, text, reference, (_, _, _, shots) in zip(questions, said, references, encoded, strict=True)
    ]


def is_right(question: Question, said: str) -> bool:
    """Whether the first line that was written is the answer, or passes its check."""
    line = first_line(said)
    if question.check:
        return judge_reply(question.check, line).right
    answer = question.answer.rstrip(".。")
    return line.startswith(answer) and bool(AFTER_ANSWER.match(line[len(answer) :]))


def first_line(text: str) -> str:
    return next((line.strip() for line in text.split("\n") if line.strip()), "")


def rows_of(
    model: str, seed: int | None, task: Task, k: int, graded: Sequence[Graded], *, accuracy: bool = True
) -> list[dict[str, Any]]:
    base = {"model": model, "family": task.family, "task": task.name, "k": k}
    hits, n = sum(g.right for g in graded), len(graded)
    low, high = wilson_interval(hits, n)
    shown = {"shots_shown": round(mean(g.shots for g in graded), 1)} if k else {}
    rows = []
    if accuracy:
        rows.append(
            {
                **base, "metric": "accuracy", "value": round(hits / n, 4), "low": round(low, 4),
                "high": round(high, 4), "n": n, "seed": seed, **shown,
            }
        )
    values = [g.logprob for g in graded]
    return [*rows, {**base, "metric": "log-probability", **spread(values), "seed": seed}]


def bleu_rows(
    model: str, seed: int | None, task: Task, k: int, questions: Sequence[Question], graded: Sequence[Graded]
) -> list[dict[str, Any]]:
    """Corpus BLEU (sacrebleu, with its Chinese tokenizer) of the first lines, for each direction."""
    rows = []
    for direction, tokenize in (("to Chinese", "zh"), ("to English", "13a")):
        pairs = [
            (first_line(g.said), q.answer)
            for q, g in zip(questions, graded, strict=True)
            if q.answer.isascii() == (tokenize == "13a")
        ]
        said, references = zip(*pairs, strict=True)
        score = sacrebleu.corpus_bleu(said, [references], tokenize=tokenize).score
        rows.append(
            {
                "model": model, "family": task.family, "task": f"{task.name}, {direction}", "k": k, "metric": "BLEU",
                "value": round(score, 2), "n": len(pairs), "seed": seed,
            }
        )
    return rows


def spread(values: Sequence[float]) -> dict[str, Any]:
    """The mean with its 95 % interval."""
    half = 1.96 * stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    centre = mean(values)
    return {
        "value": round(centre, 4),
        "low": round(centre - half, 4),
        "high": round(centre + half, 4),
        "n": len(values),
    }
