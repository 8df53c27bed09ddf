"""From logits to the next token: temperature, top-k, top-p, and a seed. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from ..errors import UserError


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How boldly to choose. Raises UserError when a value is out of range.

    `temperature` divides the logits (0 always takes the likeliest token); `top_k` keeps the k likeliest tokens
    (0 keeps all); `top_p` keeps the likeliest tokens that together hold that much probability (1 keeps all;
    Holtzman et al. 2020). The same `seed` chooses the same tokens; None chooses anew each time.
    """

    temperature: float = 0.8
    top_k: int = 50
    top_p: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.temperature <= 5.0:
            raise UserError(
                f"The temperature {self.temperature} is out of range; choose a value from 0 to 5.",
                f"温度 {self.temperature} 超出范围；请取 0 到 5 之间的值。",
            )
        if self.top_k < 0:
            raise UserError(
                f"top_k {self.top_k} is out of range; choose 0 (off) or a positive number of tokens.",
                f"top_k {self.top_k} 超出范围；请取 0（关闭）或正整数。",
            )
        if not 0.0 < self.top_p <= 1.0:
            raise UserError(
                f"top_p {self.top_p} is out of range; choose a share above 0 and up to 1.",
                f"top_p {self.top_p} 超出范围；请取大于 0 且不超过 1 的值。",
            )

        if self.seed is not None and not -(2**63) <= self.seed < 2**63:
            raise UserError(
                f"The seed {self.seed} is out of range; choose a whole number of at most 18 digits.",
                f"种子 {self.seed} 超出范围；请取不超过 18 位的整数。",
            )

    def from_place(self, start: int) -> Sampling:
        """For the batch that begins at `start`: one seed for all batches would give the same draws again and again."""
        return self if self.seed is None else replace(self, seed=self.seed + start)

    def generator(self) -> Generator:
        generator = Generator()
        if self.seed is None:
            generator.seed()
        else:
            generator.manual_seed(self.seed)
        return generator


def distribution(logits: Tensor, sampling: Sampling) -> Tensor:
    """The probabilities that are sampled from: `[..., V] -> [..., V]`, zero for what was cut off."""
    if sampling.temperature == 0:
        return torch.zeros_like(logits).scatter_(-1, logits.argmax(-1, keepdim=True), 1.0)
    # Shifting by the maximum first keeps a tiny temperature from overflowing.
    logits = (logits - logits.amax(-1, keepdim=True)) / sampling.temperature
    if 0 < sampling.top_k < logits.shape[-1]:
        lowest_kept = logits.topk(sampling.top_k, dim=-1).values[..., -1:]
        logits = logits.masked_fill(logits < lowest_kept, -torch.inf)
    probabilities = logits.softmax(-1)
    if sampling.top_p < 1.0:
        ordered, order = probabilities.sort(dim=-1, descending=True)
        before = ordered.cumsum(-1) - ordered  # what the likelier tokens hold already
        ordered = ordered.masked_fill(before >= sampling.top_p, 0.0)
        probabilities = torch.zeros_like(probabilities).scatter_(-1, order, ordered)
        probabilities = probabilities / probabilities.sum(-1, keepdim=True)
    return probabilities


def choose(logits: Tensor, sampling: Sampling, generator: Generator) -> Tensor:
    """One token for each row: `[B, V] -> [B]`. The draw happens on the CPU: the same seed, the same text anywhere."""
    if sampling.temperature == 0:
        return logits.argmax(-1)
    probabilities = distribution(logits.cpu().float(), sampling)
    return torch.multinomial(probabilities, 1, generator=generator)[:, 0].to(logits.device)
