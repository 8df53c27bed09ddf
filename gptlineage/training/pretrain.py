"""Pretraining: predict the next token (GPT-1, equation 1; GPT-2 and GPT-3 change everything but this)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..corpus import Batches, Shard
from ..inference import generate_text
from ..model import Stack
from ..text import Tokenizer

EVAL_WINDOWS = 64


def next_token_loss(model: Stack, ids: Tensor) -> Tensor:
    """Mean cross-entropy of each token given those before it; `ids` is `[B, T + 1]`. In nats."""
    logits = model(ids[:, :-1])  # [B, T, V]
    return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


def held_out_loss(model: Stack, shard: Shard, n_windows: int = EVAL_WINDOWS) -> float:
    """Mean loss over evenly spaced, non-overlapping windows of a shard, in nats per token."""
    n_ctx, device = model.config.n_ctx, model.tokens.weight.device
    n_windows = min(n_windows, (len(shard) - 1) // n_ctx)
    stride = (len(shard) - 1) // n_windows
    losses = []
    for i in range(n_windows):
        ids = torch.from_numpy(shard.window(i * stride, n_ctx + 1))[None].to(device)
        losses.append(next_token_loss(model, ids).item())
    return sum(losses) / len(losses)


class Pretraining:
    """The objective of `training.loop.train` for a corpus."""

    def __init__(
        self,
        train: Shard,
        val: Shard,
        tokenizer: Tokenizer,
        *,
        batch_size: int,
        n_ctx: int,
        seed: int = 0,
        prompts: tuple[str, ...] = ("",),
    ):
        self.batches = Batches(train, batch_size, n_ctx, seed)
        self.val, self.tokenizer, self.prompts = val, tokenizer, prompts

    def loss(self, model: Stack, step: int, part: int, parts: int) -> tuple[Tensor, int]:
        ids = self.batches.batch(step).chunk(parts)[part].to(model.tokens.weight.device)
        return next_token_loss(model, ids), ids.shape[0] * (ids.shape[1] - 1)

    def evaluate(self, model: Stack) -> dict[str, float]:
        return {"val_loss": held_out_loss(model, self.val)}

    def sample(self, model: Stack) -> list[dict[str, str]]:
        return [
            {"prompt": prompt, "text": generate_text(model, self.tokenizer, prompt, max_new_tokens=40, seed=0)}
            for prompt in self.prompts
        ]
