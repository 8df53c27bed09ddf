"""Whether a model looks back: the two steps that it takes to learn from examples in its prompt (Olsson et al. 2022).

One head must read the token before; a later one can then find what followed the last time that this token stood here.
Without them a list of examples is no more than a hint at what kind of thing is wanted.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch
from torch import Tensor

from ..inference import LanguageModel
from ..inference.inspect import attention_maps
from ..world import World

WINDOWS, ROW = 8, 24  # pages read for the first figure; tokens of a row that stands twice for the second
OPENING = 8  # a token near the beginning has hardly anything else to read


def look_back_rows(lm: LanguageModel, world: World, model: str, seed: int | None) -> list[dict[str, Any]]:
    """The best head's share of attention on the token before, and on what followed the same token earlier."""
    before = best_head(attention_maps(lm.model, pages(lm, world)), 1, OPENING)
    again = best_head(attention_maps(lm.model, twice(lm)), ROW - 1, ROW)
    return [
        {
            "model": model, "task": task, "family": "attention", "k": 0, "metric": "share of the best head",
            "value": round(value, 4), "layer": layer, "head": head, "seed": seed,
        }
        for task, (value, layer, head) in (
            ("reads the token before", before), ("reads what followed the same token", again)
        )
    ]  # fmt: skip


def best_head(maps: list[Tensor], distance: int, start: int) -> tuple[float, int, int]:
    """The largest mean weight that a head puts `distance` tokens back, from the token `start` on; layer and head."""
    shares = torch.stack([m.diagonal(-distance, -2, -1)[..., start - distance :].mean((0, 2)) for m in maps])
    layer, head = divmod(int(shares.argmax()), shares.shape[1])
    return float(shares.max()), layer, head


def pages(lm: LanguageModel, world: World) -> Tensor:
    """Held-out pages of the crawl, one after another: `[WINDOWS, n_ctx]`."""
    n_ctx, ids = lm.config.n_ctx, list[int]()
    for page in islice(world.documents("crawl", seed=2026, split="held-out"), WINDOWS * n_ctx):
        ids += [*lm.tokenizer.encode(page.text), lm.tokenizer.end_of_text]
        if len(ids) >= WINDOWS * n_ctx:
            break
    return torch.tensor(ids[: WINDOWS * n_ctx]).view(WINDOWS, n_ctx)


def twice(lm: LanguageModel) -> Tensor:
    """Rows of tokens in any order, each row standing there twice: `[WINDOWS, 2 * ROW]`."""
    generator = torch.Generator().manual_seed(2026)
    n_words = len(lm.tokenizer.vocabulary)
    rows = torch.stack([256 + torch.randperm(n_words - 256, generator=generator)[:ROW] for _ in range(WINDOWS)])
    return torch.cat([rows, rows], dim=1)
