"""Which parameter is updated how, and how fast."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.optim import Optimizer

from .muon import Muon
from .recipe import Recipe

BLOCKS = ("blocks.", "encoder.", "decoder.")  # whose matrices Muon takes


def make_optimizers(model: nn.Module, recipe: Recipe) -> list[Optimizer]:
    """AdamW with decay on matrices and embeddings only; under "muon", Muon takes the blocks' matrices."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    hidden = [p for name, p in named if recipe.optimizer == "muon" and p.dim() == 2 and name.startswith(BLOCKS)]
    rest = [p for _, p in named if not any(p is h for h in hidden)]
    groups = [
        {"params": [p for p in rest if p.dim() >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in rest if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizers: list[Optimizer] = [
        torch.optim.AdamW(groups, lr=recipe.lr, betas=recipe.betas, eps=recipe.eps, fused=True)
    ]
    if hidden:
        optimizers.append(Muon(hidden, lr=recipe.matrix_lr))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers


def lr_share(recipe: Recipe, step: int) -> float:
    """The learning rate of update number `step` (from 0) as a share of its peak."""
    warmup = max(1, round(recipe.warmup * recipe.steps))
    if step < warmup:
        return (step + 1) / warmup
    if recipe.schedule == "inverse_sqrt":  # Transformer, equation 3
        return math.sqrt(warmup / (step + 1))
    progress = (step - warmup) / max(1, recipe.steps - warmup)
    cosine, flat = 0.5 * (1 + math.cos(math.pi * progress)), min(1.0, (1 - progress) / 0.4)
    decay = cosine if recipe.schedule == "cosine" else flat
    return recipe.final_lr + (1 - recipe.final_lr) * decay


def set_lr(optimizers: list[Optimizer], share: float) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * share
