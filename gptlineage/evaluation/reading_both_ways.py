"""What it is worth to read both ways, and what it costs: BERT beside a GPT-1 of the same body, data and tokens.

Gaps: one token in the middle of a window is hidden; BERT sees both sides of it, GPT-1 the left one (BERT, table 5, asks
what the right side is worth, by leaving it out). Spans: several tokens in a row are hidden. Labels: both bodies are
fine-tuned on few of them. Writing: what each makes of an opening, judged by a third model; BERT writes by filling one
mask after another at the end of the text. All text is held out, and nothing was chosen on it.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..inference import Sampling
from ..inference.batch import sample_batch
from ..inference.sampling import choose
from ..model import Classifier, Stack
from ..text import Tokenizer
from ..training import Recipe, train
from ..training.finetune import FineTuning, renew_marks
from ..training.masked import masked_logits
from ..world import World
from ..world.labels import Example
from .exam.scoring import logprobs
from .transfer import Bag, Bench

Ids = list[int]
Rows = list[dict[str, Any]]
LANGUAGES = ("en", "zh")
PAGES_SEED = 4242
# Tokens of a window, the start included: the two lengths of BERT's pretraining. A gap begins in the middle, behind so
# many tokens of text.
WINDOW, SHORT, GAP = 128, 32, 63
TRIED = 20  # tokens, in rescoring
SPANS = (1, 2, 4, 8)  # tokens
OPENING, WRITTEN = 30, 24  # tokens of a page that are given, and that are to be written
LOSS = "judge's loss, nats per token"
BOLDNESS = 0.8  # temperature of writing
FORMATS = {"sentiment": "classification", "similarity": "similarity"}  # as the rows of a task are written
TASKS, LABELS = tuple(FORMATS), 300
RATES = (3e-4, 1e-3, 3e-3)
FINE_TUNING: dict[str, Any] = dict(
    steps=100, batch_size=32, betas=(0.9, 0.999), weight_decay=0.01, schedule="cosine", final_lr=0.0, eval_every=100
)  # fmt: skip


# ---------------------------------------------------------------- held-out text


def pages(world: World, tokenizer: Tokenizer, language: str, split: str, fewest: int) -> Iterator[Ids]:
    """Ids of pages with their end-of-text tokens on both sides, of at least `fewest` tokens; without end."""
    for page in world.documents("books", PAGES_SEED, split):
        ids = [tokenizer.end_of_text, *tokenizer.encode(page.text), tokenizer.end_of_text]
        if page.language == language and len(ids) >= fewest:
            yield ids


def windows(world: World, tokenizer: Tokenizer, language: str, n: int) -> Tensor:
    """Some place of each of `n` pages, `[n, WINDOW - 1]`: with the start before it, a whole window of pretraining."""
    rng, found = random.Random(PAGES_SEED), []
    for ids in islice(pages(world, tokenizer, language, "held-out", WINDOW), n):
        at = rng.randrange(len(ids) - WINDOW + 2)
        found.append(ids[at : at + WINDOW - 1])
    return torch.tensor(found)


def commonest(world: World, tokenizer: Tokenizer, language: str, n: int = 500) -> int:
    """The token that is the likeliest without any context, from `n` pages of training text."""
    counts = Counter[int]()
    for ids in islice(pages(world, tokenizer, language, "train", WINDOW), n):
        counts.update(ids[1:-1])
    return counts.most_common(1)[0][0]


# ---------------------------------------------------------------- gaps


def framed(tokenizer: Tokenizer, left: Tensor, n: int, right: Tensor) -> Tensor:
    """The start, `left [N, L]`, `n` masks and `right [N, R]`, as BERT reads them: `[N, 1 + L + n + R]`."""
    start, mask = (torch.full((len(left), 1), tokenizer.special[name]) for name in ("<|start|>", "<|mask|>"))
    return torch.cat([start, left, *[mask] * n, right], 1)


@torch.inference_mode()
def between(bert: Stack, tokenizer: Tokenizer, left: Tensor, right: Tensor) -> Tensor:
    """Log-probabilities of every token between `left [N, L]` and `right [N, R]`, `[N, V]`."""
    place = torch.full((len(left), 1), 1 + left.shape[1])
    return masked_logits(bert, framed(tokenizer, left, 1, right), place)[:, 0].log_softmax(-1)


@torch.inference_mode()
def after(gpt: Stack, left: Tensor) -> Tensor:
    """The same from a model that reads the left side only, without a start, which it has never met."""
    return gpt.unembed(gpt.hidden(left)[:, -1]).float().log_softmax(-1)


@torch.inference_mode()
def rescored(gpt: Stack, left: Tensor, right: Tensor, tried: int = TRIED) -> Tensor:
    """Of the `tried` likeliest tokens after the left side the one with which both sides are likeliest, `[N]`."""
    found = torch.empty(len(left), dtype=torch.long)
    for number, tokens in enumerate(after(gpt, left).topk(tried).indices):
        before, behind = left[number], right[number]
        rows = torch.cat([before.repeat(tried, 1), tokens[:, None], behind.repeat(tried, 1)], 1)
        logits = gpt.unembed(gpt.hidden(rows[:, :-1])[:, len(before) - 1 :]).float()
        losses = F.cross_entropy(logits.transpose(1, 2), rows[:, len(before) :], reduction="none").sum(1)
        found[number] = tokens[losses.argmin()]
    return found


def settled(judge: Stack, seen: Tensor, tried: int = 5) -> Tensor:
    """The windows whose gap needs the right side: a third model guesses it with both sides, but not with the left one.

    It reads as GPT-1 does, so this choice lowers what is right from the left side and raises what is right rescored.
    """
    right = seen[:, GAP]
    hard = seen[after(judge, seen[:, :GAP]).argmax(-1) != right]
    return hard[rescored(judge, hard[:, :GAP], hard[:, GAP + 1 :], tried) == hard[:, GAP]]


def gap_rows(gpt: Stack, bert: Stack, tokenizer: Tokenizer, seen: Tensor, common: int) -> Rows:
    """Top-1 accuracy of every reader of the windows `[N, T]` and, where it has one, the mean log-probability of the
    right token in nats; the same gaps with less text around them, in BERT's short windows."""
    answer, rows = seen[:, GAP], Rows()
    for window in (WINDOW, SHORT):
        n = window // 2 - 1  # tokens on each side
        left, right = seen[:, GAP - n : GAP], seen[:, GAP + 1 : GAP + window - n - 1]
        readers = {
            "BERT": between(bert, tokenizer, left, right),
            # As the last of a short window, which it has met in pretraining.
            "BERT, left side only": between(bert, tokenizer, seen[:, GAP + 2 - SHORT : GAP], right[:, :0]),
            "GPT-1": after(gpt, left),
        }
        guesses = {name: found.argmax(-1) for name, found in readers.items()}
        guesses |= {"GPT-1, rescored": rescored(gpt, left, right), "commonest token": torch.full_like(answer, common)}
        found = [row(name, "gaps", "accuracy", mean_of(guess == answer), answer) for name, guess in guesses.items()]
        found += [
            row(name, "gaps", "log-probability, nats", mean_of(logprob.gather(1, answer[:, None])), answer)
            for name, logprob in readers.items()
        ]
        rows += [{**one, "window": window} for one in found]
    return rows


# ---------------------------------------------------------------- spans


@torch.inference_mode()
def filled(bert: Stack, tokenizer: Tokenizer, left: Tensor, n: int, right: Tensor) -> Tensor:
    """`n` tokens between `left [N, L]` and `right [N, R]`, the most certain filled first: `[N, n]`."""
    shown, first = framed(tokenizer, left, n, right), 1 + left.shape[1]
    places = torch.arange(first, first + n).repeat(len(left), 1)
    for _ in range(n):
        logprob, tokens = masked_logits(bert, shown, places).log_softmax(-1).max(-1)  # [N, n]
        open_ = shown.gather(1, places) == tokenizer.special["<|mask|>"]
        surest = logprob.masked_fill(~open_, -torch.inf).argmax(-1, keepdim=True)
        shown.scatter_(1, first + surest, tokens.gather(1, surest))
    return shown[:, first : first + n]


def span_rows(gpt: Stack, bert: Stack, tokenizer: Tokenizer, seen: Tensor) -> Rows:
    """The share of tokens that are right in spans of every length; GPT-1 writes on, with the likeliest token."""
    left, rows = seen[:, :GAP], Rows()
    longest = torch.tensor(write(gpt, tokenizer, left.tolist(), max(SPANS), Sampling(temperature=0.0)))
    for n in SPANS:
        answer = seen[:, GAP : GAP + n]
        guesses = {"BERT": filled(bert, tokenizer, left, n, seen[:, GAP + n :]), "GPT-1": longest[:, :n]}
        for name, guess in guesses.items():
            rows.append({**row(name, "spans", "accuracy", mean_of(guess == answer), answer), "masks": n})
    return rows


# ---------------------------------------------------------------- writing


def write(gpt: Stack, tokenizer: Tokenizer, openings: Sequence[Ids], n: int, sampling: Sampling) -> list[Ids]:
    """`n` tokens after each opening; specials, the end of the text among them, are never chosen."""
    banned = tokenizer.special_ids
    return sample_batch(gpt, openings, max_new_tokens=n, sampling=sampling, stop=(), banned=banned)


@torch.inference_mode()
def write_by_filling(
    bert: Stack, tokenizer: Tokenizer, openings: Sequence[Ids], n: int, sampling: Sampling
) -> list[Ids]:
    """The same by a mask at the end that is filled, then another one. The openings are equally long.

    The mask is the last of a short window: there BERT has met masks without a right side.
    """
    rows, generator = torch.tensor(openings), sampling.generator()
    for _ in range(n):
        logits = between(bert, tokenizer, rows[:, 2 - SHORT :], rows[:, :0])
        logits[:, sorted(tokenizer.special_ids)] = -torch.inf
        rows = torch.cat([rows, choose(logits, sampling, generator)[:, None]], 1)
    return rows[:, -n:].tolist()


def writing_rows(
    gpt: Stack, bert: Stack, judge: Stack, tokenizer: Tokenizer, found: Sequence[Ids], seed: int
) -> Rows:
    """What `judge` finds of the continuations, in nats per token, and the share of their pairs of neighbours that are
    different. `found` are held-out pages; their own continuations are the measure, another page's the control."""
    openings, sampling = [page[:OPENING] for page in found], Sampling(temperature=BOLDNESS, seed=seed)
    real = [page[OPENING : OPENING + WRITTEN] for page in found]
    writers = {
        "GPT-1": write(gpt, tokenizer, openings, WRITTEN, sampling),
        "BERT": write_by_filling(bert, tokenizer, openings, WRITTEN, sampling),
        "the page itself": real,
        "another page": [*real[1:], real[0]],
    }
    rows: Rows = []
    for name, texts in writers.items():
        loss = -mean(logprobs(judge, list(zip(openings, texts, strict=True)))) / WRITTEN
        pairs = [pair for text in texts for pair in pairwise(text)]
        rows.append(row(name, "writing", LOSS, loss, texts))
        rows.append(row(name, "writing", "distinct bigrams", len(set(pairs)) / len(pairs), texts))
    return rows


def row(model: str, task: str, metric: str, value: float, asked: Sequence[Any] | Tensor) -> dict[str, Any]:
    return {"model": model, "task": task, "metric": metric, "value": round(value, 4), "n": len(asked)}


def mean_of(values: Tensor) -> float:
    return values.float().mean().item()


# ---------------------------------------------------------------- labels


def accuracy(body: Stack, bench: Bench, task: str, asked: Sequence[Example], lr: float, seed: int) -> float:
    """The share of `asked` that a copy of the body labels rightly after fine-tuning on the seed's labels.

    Both bodies learn the task alone: GPT-1's auxiliary loss is left out, since BERT has none.
    """
    torch.manual_seed(seed)
    tokenizer, body, both_ways = bench.tokenizer, copy.deepcopy(body), not body.config.causal
    start = tokenizer.special["<|start|>"]
    known = body.tokens.weight[start].detach().clone()
    renew_marks(body, tokenizer)
    if both_ways:  # its pretraining began every window with the start
        with torch.no_grad():
            body.tokens.weight[start] = known
    model, recipe = Classifier(body, 2), Recipe(**FINE_TUNING, lr=lr, seed=seed)
    objective = FineTuning(
        bench.training(task, LABELS, seed), asked, tokenizer, task=FORMATS[task], batch_size=recipe.batch_size,
        n_ctx=body.config.n_ctx, auxiliary=0.0, both_ways=both_ways, seed=seed,
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        train(model, objective, recipe, Path(folder), precision="float32")
    return objective.evaluate(model.eval())["accuracy"]


def chosen_rates(bodies: Mapping[str, Stack], bench: Bench, seed: int) -> tuple[dict[str, float], Rows]:
    """For each body the rate that is best on validation examples of the first task, and a row for every trial."""
    task, rates, rows = TASKS[0], dict[str, float](), Rows()
    asked = bench.validation[task]
    for name, body in bodies.items():
        found = {lr: accuracy(body, bench, task, asked, lr, seed) for lr in RATES}
        rates[name] = max(found, key=found.__getitem__)
        for lr, value in found.items():
            rows.append({**row(name, task, "accuracy, validation", value, asked), "lr": lr, "seed": seed})
    return rates, rows


def label_rows(bodies: Mapping[str, Stack], bench: Bench, rates: Mapping[str, float], seed: int) -> Rows:
    """Accuracy on held-out examples of each body, and of what learns from the same labels without one."""
    rows: Rows = []
    for task in TASKS:
        learnt, asked = bench.training(task, LABELS, seed), bench.test[task]
        common, bag = Counter(example.label for example in learnt).most_common(1)[0][0], Bag(learnt)
        found = {name: accuracy(body, bench, task, asked, rates[name], seed) for name, body in bodies.items()}
        found["commonest label"] = mean(float(example.label == common) for example in asked)
        found["bag of words"] = mean(float(example.label == bag.label(example)) for example in asked)
        rows += [row(name, task, "accuracy", value, asked) for name, value in found.items()]
    return rows
