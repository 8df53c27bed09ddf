"""Other things than the next token that a stack's states can be read for."""

from __future__ import annotations

from torch import Tensor, nn

from .config import ModelConfig
from .stack import Stack


class Scorer(nn.Module):
    """A stack with one number for every token in the place of logits: `scorer(ids[B, T]) -> [B, T]`, float32.

    Read at the last token of a reply it is InstructGPT's reward model (section 3.5); read at every token, the value
    function that PPO needs.
    """

    body: Stack

    def __init__(self, body: Stack):
        super().__init__()
        self.body = body
        self.score = nn.Linear(body.config.d_model, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)

    @property
    def config(self) -> ModelConfig:
        return self.body.config

    def forward(self, ids: Tensor) -> Tensor:
        return self.score(self.body.hidden(ids)).squeeze(-1).float()
