"""Held-out loss by kind of text: the one score that every generation shares, whatever it was trained to do."""

from __future__ import annotations

import math
from itertools import islice
from statistics import mean
from typing import Any

from ...inference import LanguageModel
from ...world import PAGE_KINDS, World
from .grading import spread
from .scoring import Pair, logprobs

PAGES_PER_KIND, SEED = 60, 2026


def loss_rows(lm: LanguageModel, world: World, model: str, seed: int | None) -> list[dict[str, Any]]:
    """Nats per token and bits per byte for every kind of page, and the mean over the kinds ("common text").

    Bits per byte do not depend on the vocabulary, so models with other tokenizers can be compared.
    """
    rows, means = [], []
    for kind in PAGE_KINDS:
        texts = [page.text for page in islice(world.pages(kind, seed=SEED, split="held-out"), PAGES_PER_KIND)]
        totals, tokens = text_losses(lm, texts)
        n_bytes = [len(text.encode()) for text in texts]
        bits = [total / math.log(2) / size for total, size in zip(totals, n_bytes, strict=True)]
        means.append(mean(bits))
        base = {"model": model, "family": "loss", "task": kind, "k": 0, "seed": seed}
        rows.append({**base, "metric": "bits per byte", **spread(bits)})
        rows.append(
            {**base, "metric": "nats per token", "value": round(sum(totals) / sum(tokens), 4), "n": len(texts)}
        )
    common = {"model": model, "family": "loss", "task": "common text", "k": 0, "seed": seed}
    return [*rows, {**common, "metric": "bits per byte", "value": round(mean(means), 4), "n": len(means)}]


def text_losses(lm: LanguageModel, texts: list[str]) -> tuple[list[float], list[int]]:
    """Total nats of each text and its number of tokens, read in windows that overlap by half."""
    n_ctx, owners, pairs, tokens = lm.config.n_ctx, [], [], []
    for number, ids in enumerate(lm.tokenizer.encode_batch(texts)):
        tokens.append(len(ids))
        for pair in windows([lm.tokenizer.end_of_text, *ids], n_ctx):
            owners.append(number)
            pairs.append(pair)
    totals = [0.0] * len(texts)
    for owner, value in zip(owners, logprobs(lm.model, pairs), strict=True):
        totals[owner] -= value
    return totals, tokens


def windows(ids: list[int], n_ctx: int) -> list[Pair]:
    """Every id but the first is predicted once, by a window that holds at least half a context before it."""
    first = min(len(ids), n_ctx + 1)
    pairs: list[Pair] = [(ids[:1], ids[1:first])]
    half = n_ctx // 2
    for start in range(first, len(ids), half):
        pairs.append((ids[start - (n_ctx + 1 - half) : start], ids[start : start + half]))
    return pairs
