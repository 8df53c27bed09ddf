"""What transfers, and how many labels it saves: GPT-1's figure 2 (left) and table 5 again, on the world's tasks.

A body is pretrained on text without labels and fine-tuned on a few of them; beside it stand the same body with only
some of its layers transferred, one that starts from nothing, one without the auxiliary loss, an LSTM of equal size.
Every arm gets the same number of updates; some are repeated with more, to see whether that was all they lacked.
Learning rates are chosen on validation examples, for each kind of start by itself; accuracy is measured on held-out
compositions that nothing was chosen on. `gate_rows` first asks the pretrained bodies, before any fine-tuning, for the
skill that the tasks need (compare figure 2, right): without it there is nothing to transfer.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import torch

from ..model import Classifier, RecurrentLM, Stack, build
from ..text import Tokenizer
from ..training import Recipe, train
from ..training.finetune import AUXILIARY, FineTuning, Row, renew_marks, transform
from ..training.loop import in_precision
from ..world.labels import Example, Labels
from .exam.baselines import features
from .exam.scoring import logprobs
from .results import wilson_interval

Body = Stack | RecurrentLM
Rows = list[dict[str, Any]]
FORMATS = {  # which of GPT-1's input transformations a task takes
    "where": "classification", "choice": "choice", "entailment": "entailment", "similarity": "similarity",
    "sentiment": "classification",
}  # fmt: skip
TASKS, WHOLE = tuple(FORMATS), ("where", "sentiment")  # of the others only what pretraining brings is measured
LONGER = 4  # times the updates, at the most labels: whether what had not learnt only needed more of both
TEST, VALIDATION = 300, 200  # examples
TEST_SEED, VALIDATION_SEED = 2026, 999
LABELS = (100, 300, 1000, 3000)  # of which the choices, four rows each, get no more than are read
MIDDLE = 1000  # labels where the other things vary
RECIPE: dict[str, Any] = dict(
    steps=100, betas=(0.9, 0.999), weight_decay=0.01, schedule="cosine", final_lr=0.0
)
BATCH = dict.fromkeys(FORMATS, 32) | {"choice": 16}  # examples
RATES = (3e-4, 1e-3, 3e-3)


@dataclass(frozen=True)
class Arm:
    """One fine-tuning. `layers` are transferred from the pretrained body (0: its embeddings); None starts from nothing.

    Of an LSTM everything is transferred: its one layer.
    """

    network: str
    task: str
    layers: int | None
    labels: int
    seed: int
    auxiliary: float = AUXILIARY
    steps: int = RECIPE["steps"]

    @property
    def start(self) -> str:
        """The kind of start, each of which has its own learning rate."""
        return f"{self.network}, {'from nothing' if self.layers is None else 'pretrained'}"


def arms(seed: int, n_layers: int) -> Iterator[Arm]:
    """The whole comparison under one seed."""
    for task in TASKS:
        for layers in (n_layers, None):
            yield Arm("Transformer", task, layers, MIDDLE, seed)
        start = None if task in WHOLE else n_layers
        yield Arm("Transformer", task, start, max(levels(task)), seed, steps=LONGER * RECIPE["steps"])
        if task not in WHOLE:
            continue
        for layers in (n_layers, None):
            for labels in levels(task):
                if labels != MIDDLE:
                    yield Arm("Transformer", task, layers, labels, seed)
            yield Arm("Transformer", task, layers, MIDDLE, seed, auxiliary=0.0)
        for layers in range(n_layers):
            yield Arm("Transformer", task, layers, MIDDLE, seed)
        yield Arm("LSTM", task, 1, MIDDLE, seed)


def levels(task: str) -> list[int]:
    """The numbers of labels that are compared: those that fit into the updates."""
    return [n for n in LABELS if n <= RECIPE["steps"] * BATCH[task]]


def transferred(body: Stack, n_layers: int | None) -> Stack:
    """A fresh stack with the embeddings and the first `n_layers` blocks of `body`; None leaves all of it fresh.

    A final norm goes with the last block. Seed torch first for the same weights again.
    """
    fresh = build(body.config)
    if n_layers is None:
        return fresh
    kept = {
        name: value
        for name, value in body.state_dict().items()
        if not name.startswith("blocks.") or int(name.split(".")[1]) < n_layers
    }
    if n_layers < body.config.n_layers:
        kept = {name: value for name, value in kept.items() if not name.startswith("norm.")}
    fresh.load_state_dict(kept, strict=False)
    return fresh


class Bench:
    """The pretrained bodies, the precision in which each is fine-tuned, and the examples of every task."""

    def __init__(
        self,
        bodies: dict[str, Body],
        labels: Labels,
        tokenizer: Tokenizer,
        precision: Mapping[str, str] = MappingProxyType({}),
    ):
        self.bodies, self.labels, self.tokenizer = bodies, labels, tokenizer
        self.precision = {network: precision.get(network, "float32") for network in bodies}
        self.test = {task: labels.examples(task, TEST, TEST_SEED, "held-out") for task in TASKS}
        self.validation = {task: labels.examples(task, VALIDATION, VALIDATION_SEED) for task in TASKS}

    def training(self, task: str, n: int, seed: int) -> list[Example]:
        """The first `n` labels of a seed; none of them is a validation example."""
        kept = set(self.validation[task])
        return [e for e in self.labels.examples(task, n + VALIDATION, seed) if e not in kept][:n]

    def tune(self, arm: Arm, lr: float, **changes: Any) -> tuple[Classifier, FineTuning]:
        """Fine-tune as the arm says."""
        body = self.bodies[arm.network]
        torch.manual_seed(arm.seed)
        body = transferred(body, arm.layers) if isinstance(body, Stack) else copy.deepcopy(body)
        renew_marks(body, self.tokenizer)
        model = Classifier(body, self.labels.n_labels[arm.task], choice=arm.task == "choice")
        own = {"steps": arm.steps, "batch_size": BATCH[arm.task]}
        recipe = Recipe(**{**RECIPE, **own, **changes}, lr=lr, seed=arm.seed)
        objective = FineTuning(
            self.training(arm.task, arm.labels, arm.seed), [], self.tokenizer,
            task=FORMATS[arm.task], batch_size=recipe.batch_size, n_ctx=body.config.n_ctx, auxiliary=arm.auxiliary,
            seed=arm.seed,
        )  # fmt: skip
        with TemporaryDirectory() as folder:
            train(model, objective, recipe, Path(folder), precision=self.precision[arm.network])
        return model, objective

    @torch.inference_mode()
    def grade(self, model: Classifier, objective: FineTuning, arm: Arm, examples: Sequence[Example]) -> list[bool]:
        """Which examples get their label."""
        rows: list[list[Row]] = [transform(self.tokenizer, FORMATS[arm.task], e, model.config.n_ctx) for e in examples]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i][0].ids))  # similar lengths: little padding
        with in_precision(self.precision[arm.network], "cpu"):
            found = objective.logits(model.eval(), [rows[i] for i in order]).argmax(-1).tolist()
        right = [False] * len(rows)
        for i, label in zip(order, found, strict=True):
            right[i] = label == examples[i].label
        return right

    def measure(self, arm: Arm, lr: float, *, validation: bool = False) -> dict[str, Any]:
        """One row: the accuracy of the arm on the test set, or on the validation set."""
        model, objective = self.tune(arm, lr)
        examples = (self.validation if validation else self.test)[arm.task]
        right = self.grade(model, objective, arm, examples)
        metric = "accuracy, validation" if validation else "accuracy"
        return {"model": arm.start, **asdict(arm), "lr": lr, **accuracy(right, metric)}


def accuracy(right: Sequence[bool], metric: str = "accuracy") -> dict[str, Any]:
    low, high = wilson_interval(sum(right), len(right))
    value = sum(right) / len(right)
    return {"metric": metric, "value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "n": len(right)}


# ---------------------------------------------------------------- choosing


Rates = dict[tuple[str, str], float]


def trials(seed: int, n_layers: int) -> Iterator[tuple[Arm, float]]:
    """What is tried on the validation sets."""
    for task in WHOLE:
        for network, layers in (("Transformer", n_layers), ("Transformer", None), ("LSTM", 1)):
            for lr in RATES:
                yield Arm(network, task, layers, MIDDLE, seed), lr


def chosen_rates(rows: Rows) -> Rates:
    """By (start, task), the rate with the best accuracy on validation examples; among equals the highest."""
    best: dict[tuple[str, str], tuple[float, float]] = {}
    for row in rows:
        if row["metric"] == "accuracy, validation":
            key = (row["model"], row["task"])
            best[key] = max(best.get(key, (0.0, 0.0)), (row["value"], row["lr"]))
    return {key: lr for key, (_, lr) in best.items()}


def rate_of(arm: Arm, rates: Rates) -> float:
    """The arm's own; tasks for which none was tried take that of the first, which asks for places as they do."""
    return rates[arm.start, arm.task if arm.task in WHOLE else WHOLE[0]]


# ---------------------------------------------------------------- the gate


def gate_rows(bench: Bench) -> Rows:
    """Before fine-tuning: which answer, or which closing remark, does a pretrained body find likelier?"""
    rows: Rows = []
    for network, body in bench.bodies.items():
        for task, chance in (("choice", 0.25), ("sentiment", 0.5)):
            right = [one for language in ("en", "zh") for one in zero_shot(bench, body, task, language)]
            rows.append({"model": network, "task": task, **accuracy(right, "accuracy, zero-shot"), "chance": chance})
    return rows


def zero_shot(bench: Bench, body: Body, task: str, language: str) -> list[bool]:
    """By the likelier answer, or the closing remarks that are likelier on average, per token."""
    examples = [example for example in bench.test[task] if example.language == language]
    space = " " if language == "en" else ""
    pairs, sizes = [], []
    for example in examples:
        groups = [(answer,) for answer in example.choices] or bench.labels.verdicts(language)
        prompt = [bench.tokenizer.end_of_text, *bench.tokenizer.encode(example.texts[0])]
        pairs += [(prompt, bench.tokenizer.encode(space + line)) for group in groups for line in group]
        sizes.append([len(group) for group in groups])
    found = logprobs(body, pairs)  # type: ignore[arg-type]  # an LSTM has what is asked of a stack
    scores = iter([score / len(line) for score, (_, line) in zip(found, pairs, strict=True)])
    right = []
    for example, own in zip(examples, sizes, strict=True):
        means = [mean(next(scores) for _ in range(n)) for n in own]
        right.append(means.index(max(means)) == example.label)
    return right


# ---------------------------------------------------------------- what must be beaten


def control_rows(bench: Bench, seeds: Sequence[int]) -> Rows:
    """The commonest label, and a bag of words, from the same labels as the arms."""
    rows: Rows = []
    for task in TASKS:
        test = bench.test[task]
        for seed in seeds:
            for n in levels(task):
                learnt = bench.training(task, n, seed)
                common = Counter(example.label for example in learnt).most_common(1)[0][0]
                bag = Bag(learnt)
                for model, guesses in (
                    ("commonest label", [common] * len(test)), ("bag of words", [bag.label(e) for e in test])
                ):
                    right = [guess == example.label for guess, example in zip(guesses, test, strict=True)]
                    rows.append({"model": model, "task": task, "labels": n, "seed": seed, **accuracy(right)})
    return rows


class Bag:
    """Naive Bayes with add-one smoothing over the words of all texts of an example, the second text's apart.

    Of a choice, the words of right answers and of wrong ones, those that stand in the text as well marked as such.
    """

    def __init__(self, examples: Sequence[Example]):
        self.counts: dict[int, Counter[str]] = {}
        for example in examples:
            for label, words in self.labelled(example):
                self.counts.setdefault(label, Counter()).update(words)
        self.vocabulary = len({word for counts in self.counts.values() for word in counts})
        self.totals = {label: counts.total() + self.vocabulary for label, counts in self.counts.items()}

    @staticmethod
    def words(texts: Sequence[str]) -> list[str]:
        first = features(texts[0])
        second = [word for text in texts[1:] for word in features(text)]
        return first + [f"2 {word}{' again' * (word in first)}" for word in second]

    def labelled(self, example: Example) -> list[tuple[int, list[str]]]:
        if not example.choices:
            return [(example.label, self.words(example.texts))]
        return [
            (int(number == example.label), self.words((*example.texts, choice)))
            for number, choice in enumerate(example.choices)
        ]

    def score(self, label: int, words: Sequence[str]) -> float:
        counts = self.counts.get(label, Counter[str]())
        return sum(math.log((counts[word] + 1) / self.totals.get(label, 1)) for word in words)

    def label(self, example: Example) -> int:
        if example.choices:
            odds = [self.score(1, words) - self.score(0, words) for _, words in self.labelled(example)]
            return odds.index(max(odds))
        words = self.words(example.texts)
        return max(sorted(self.counts), key=lambda label: self.score(label, words))
