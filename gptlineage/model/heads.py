"""Other things than the next token that a stack's states can be read for."""

from __future__ import annotations

from torch import Tensor, nn

from .config import ModelConfig
from .stack import Stack


class Scorer(nn.Module):
    """A stack with one number for every token in the place of logits: `scorer(ids[B, T]) -> [B, T]`, float32.

    Read at the last token of a reply it is InstructGPT's reward model (section 3.5); read at every token, the value
    function that PPO needs. `summed` adds the numbers up from the first token on: then a liking for short replies, or
    for a word, is one direction of the head, which a handful of comparisons can find. The prompt's share is the same
    for all replies to it.
    """

    body: Stack

    def __init__(self, body: Stack, summed: bool = False):
        super().__init__()
        self.body, self.summed = body, summed
        self.score = nn.Linear(body.config.d_model, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)

    @property
    def config(self) -> ModelConfig:
        return self.body.config

    def forward(self, ids: Tensor) -> Tensor:
        scores = self.score(self.body.hidden(ids)).squeeze(-1).float()
        return scores.cumsum(-1) if self.summed else scores
