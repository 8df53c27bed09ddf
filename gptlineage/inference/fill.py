"""Filling gaps: what a model that reads both ways can do for a person (BERT, section 3.1: the masked tokens).

A gap is written as three or more underscores and stands for one to four tokens; how many, the model must guess too. So
every number of masks is tried, and the fill whose tokens are the likeliest together is taken (the mean of their
log-probabilities would favour four tokens: of 25 English gaps of one token 44 % got one, by the sum 84 %). Tokens, and
gaps, are filled one after another, the most certain first, since each one tells something about the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ..errors import UserError
from ..model import Stack
from ..text import Tokenizer
from .generate import check_length
from .loaded import Loaded
from .sampling import Sampling, choose

GAP = re.compile("[_＿]{3,}")
MOST_GAPS, MOST_MASKS = 8, 4
SHOWN = 5  # alternatives
LIKELIEST = Sampling(temperature=0.0)


@dataclass(frozen=True)
class Gap:
    """What was written into a gap, and the likeliest `(text, probability)` for it, best first."""

    text: str
    alternatives: list[tuple[str, float]]


class Fill(NamedTuple):
    """Tokens for one gap, and the sum of their log-probabilities when each was filled in, in nats."""

    logprob: float
    ids: list[int]


class Cloze:
    """A text with gaps, as the model reads it; those that are not filled yet are shown as one mask each."""

    def __init__(self, text: str, tokenizer: Tokenizer):
        self.tokenizer, self.parts = tokenizer, GAP.split(text)
        # Most English tokens begin with their space, so the space before a gap belongs to the gap.
        joins = bool(permitted(tokenizer, True, 1).any())
        self.spaced = [joins and part.endswith(" ") for part in self.parts[:-1]]
        cut = [part[:-1] if spaced else part for part, spaced in zip(self.parts, [*self.spaced, False], strict=True)]
        self.texts = [tokenizer.encode(part) for part in cut]
        self.texts[0] = [tokenizer.special["<|start|>"], tokenizer.end_of_text, *self.texts[0]]
        self.texts[-1] = [*self.texts[-1], tokenizer.end_of_text]
        self.fills: list[list[int] | None] = [None] * len(self.spaced)

    @property
    def open(self) -> list[int]:
        return [gap for gap, fill in enumerate(self.fills) if fill is None]

    def span(self, first: int, last: int) -> list[int]:
        """The ids from behind gap number `first` up to gap number `last`, neither included; -1 is the beginning."""
        mask = [self.tokenizer.special["<|mask|>"]]
        ids = list(self.texts[first + 1])
        for gap in range(first + 1, last):
            ids += (self.fills[gap] or mask) + self.texts[gap + 1]
        return ids

    def around(self, gap: int) -> tuple[list[int], list[int]]:
        return self.span(-1, gap), self.span(gap, len(self.fills))

    def __len__(self) -> int:
        return len(self.span(-1, len(self.fills)))

    def written(self, gap: int, ids: list[int]) -> str:
        return self.tokenizer.decode(ids)[self.spaced[gap] :]


@lru_cache(maxsize=16)
def permitted(tokenizer: Tokenizer, spaced: bool, n: int) -> Tensor:
    """Which tokens may fill each of the `n` places of a gap, `[n, vocab_size]`.

    Printable ones; the first brings the space before the gap, or none where there is none; the last does not end in
    one; and a single one is no part of a character.
    """
    table = torch.zeros(n, tokenizer.vocab_size, dtype=torch.bool)
    for token, content in enumerate(tokenizer.vocabulary):
        text = content.decode("utf-8", errors="replace")
        if text.isprintable():
            table[:, token] = True
            table[0, token] = text.startswith(" ") == spaced
            table[-1, token] &= not text.endswith(" ") and (n > 1 or "\ufffd" not in text)
    return table


@torch.inference_mode()
def fills_of_length(
    model: Stack, cloze: Cloze, gap: int, n: int, sampling: Sampling, generator: Generator
) -> list[Fill]:
    """Ways to fill a gap with `n` tokens: one that is drawn, or else the likeliest few.

    These differ in their most certain token, and take the likeliest ones for the rest. There may be none at all, where
    the tokens do not add up to whole characters.
    """
    device, (before, after) = model.tokens.weight.device, cloze.around(gap)
    allowed = permitted(cloze.tokenizer, cloze.spaced[gap], n).to(device)
    if not allowed.any(-1).all():
        return []
    rows = torch.tensor([[*before, *[cloze.tokenizer.special["<|mask|>"]] * n, *after]], device=device)
    gaps = rows[:, len(before) : len(before) + n]  # a view: what is written here, the model reads
    empty, logprob = torch.ones_like(gaps, dtype=torch.bool), torch.zeros(1, device=device)
    for step in range(n):
        states = model.hidden(rows)[:, len(before) : len(before) + n]
        logprobs = model.unembed(states).float().log_softmax(-1).masked_fill(~allowed, -torch.inf)  # [R, n, V]
        place = logprobs.amax(-1).masked_fill(~empty, -torch.inf).argmax(-1)
        here = logprobs[torch.arange(len(rows), device=device), place]  # [R, V]
        if step == 0 and sampling.temperature == 0:
            tokens = here[0].topk(min(SHOWN, int(here.isfinite().sum()))).indices
            many = torch.zeros_like(tokens)
            rows, empty, logprob, place, here = rows[many], empty[many], logprob[many], place[many], here[many]
            gaps = rows[:, len(before) : len(before) + n]
        else:
            tokens = choose(here, sampling, generator)
        logprob = logprob + here.gather(1, tokens[:, None])[:, 0]
        gaps.scatter_(1, place[:, None], tokens[:, None])
        empty.scatter_(1, place[:, None], False)
    found = [Fill(total, ids) for total, ids in zip(logprob.tolist(), gaps.tolist(), strict=True)]
    return [fill for fill in found if "\ufffd" not in cloze.tokenizer.decode(fill.ids)]


def fill_gaps(model: Stack, cloze: Cloze, sampling: Sampling = LIKELIEST, most: int = MOST_MASKS) -> list[Gap]:
    """Fill all gaps of `cloze`, in place, with at most `most` tokens each; a seed chooses the same again."""
    gaps, generator = [Gap("", [])] * len(cloze.fills), sampling.generator()
    while cloze.open:
        room = model.config.n_ctx - len(cloze) + 1
        best: dict[int, tuple[Fill, list[Fill]]] = {}
        for gap in cloze.open:
            ways = [
                way
                for n in range(1, min(most, room) + 1)
                for way in fills_of_length(model, cloze, gap, n, sampling, generator)
            ]
            ways.sort(reverse=True)
            scores = torch.tensor([[way.logprob for way in ways]])
            best[gap] = ways[int(choose(scores, sampling, generator))], ways
        gap = max(best, key=lambda number: best[number][0].logprob)
        chosen, ways = best[gap]
        cloze.fills[gap] = chosen.ids
        texts: dict[str, float] = {}
        for way in ways:
            texts.setdefault(cloze.written(gap, way.ids), float(torch.tensor(way.logprob).exp()))
        gaps[gap] = Gap(cloze.written(gap, chosen.ids), list(texts.items())[:SHOWN])
    return gaps


def fill_text(model: Stack, tokenizer: Tokenizer, text: str) -> str:
    """`text` with its gaps filled by what is likeliest: for samples during training."""
    cloze = Cloze(text, tokenizer)
    return "".join(woven(cloze.parts, fill_gaps(model, cloze)))


def woven(parts: list[str], gaps: list[Gap]) -> Iterator[str]:
    for part, gap in zip(parts, gaps, strict=False):
        yield from (part, gap.text)
    yield parts[-1]


@dataclass(frozen=True)
class Filler(Loaded):
    """A model that fills the gaps of a text."""

    model: Stack

    def stream(
        self,
        prompt: str,
        *,
        max_new_tokens: int = MOST_MASKS,
        temperature: float | None = None,
        top_k: int = 50,
        top_p: float = 1.0,
        seed: int | None = None,
    ) -> Iterator[str]:
        """All of `prompt` with its gaps filled, piece by piece: with what is likeliest, or drawn at a `temperature`.

        A gap takes at most `max_new_tokens` tokens, and never more than four. Raises UserError for a text that is
        empty, too long, or has no gaps or too many, and for settings out of range.
        """
        sampling = Sampling(temperature=temperature or 0.0, top_k=top_k, top_p=top_p, seed=seed)
        most = min(check_length(max_new_tokens), MOST_MASKS)
        cloze = self.read(prompt)
        return (piece for piece in woven(cloze.parts, fill_gaps(self.model, cloze, sampling, most)) if piece)

    def fill(self, text: str) -> list[Gap]:
        """What is likeliest in each gap, with the alternatives; errors as for `stream`."""
        return fill_gaps(self.model, self.read(text))

    def read(self, text: str) -> Cloze:
        """The text as the model reads it. Raises UserError when there is nothing to fill, or too much."""
        text = self.tokenizer.decode(self.tokenizer.encode(text))  # without what is no Unicode
        if not text.strip():
            raise UserError(
                "The text is empty; give a sentence with a gap, such as 'Tom has a green ___.'",
                "文本为空；请给出一个留有空缺的句子，例如“小明有一顶___的帽子。”",
            )
        n_gaps = len(GAP.findall(text))
        if not n_gaps:
            raise UserError(
                "There is no gap to fill; write ___ where something is missing, such as 'Tom has a green ___.'",
                "没有要填的空；请用 ___ 标出空缺，例如“小明有一顶___的帽子。”",
            )
        if n_gaps > MOST_GAPS:
            raise UserError(
                f"There are {n_gaps} gaps, but at most {MOST_GAPS} can be filled at once; leave fewer.",
                f"共有 {n_gaps} 处空缺，一次最多填 {MOST_GAPS} 处；请减少一些。",
            )
        cloze = Cloze(text, self.tokenizer)
        if len(cloze) > self.config.n_ctx:
            raise UserError(
                f"The text has {len(cloze)} tokens, but {self.name} reads at most {self.config.n_ctx}; shorten it.",
                f"文本有 {len(cloze)} 个词元，而 {self.name} 最多读取 {self.config.n_ctx} 个；请缩短。",
            )
        return cloze
