"""Other things than the next token that a stack's states can be read for."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import ModelConfig
from .recurrent import RecurrentConfig, RecurrentLM
from .stack import INIT_STD, Stack


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


class Classifier(nn.Module):
    """A body and a linear head that reads one state of each row (GPT-1, equation 3; BERT, section 4.1).

    An example is one row or several: the states of several rows are summed before the head names one of `n_labels`
    (GPT-1's similarity, both orders); with `choice`, every row gets one number, and they compete. `dropout` acts on
    the state (GPT-1, section 4.1: 0.1).
    """

    body: Stack | RecurrentLM

    def __init__(self, body: Stack | RecurrentLM, n_labels: int, *, choice: bool = False, dropout: float = 0.1):
        super().__init__()
        self.body, self.choice = body, choice
        self.dropout = nn.Dropout(dropout)
        self.score = nn.Linear(body.config.d_model, 1 if choice else n_labels)
        nn.init.normal_(self.score.weight, std=INIT_STD)
        nn.init.zeros_(self.score.bias)

    @property
    def config(self) -> ModelConfig | RecurrentConfig:
        return self.body.config

    def forward(
        self, ids: Tensor, places: Tensor, *, mask: Tensor | None = None, segments: Tensor | None = None
    ) -> Tensor:
        """`ids [B * N, T]`, the N rows of an example together, read at `places [B, N]` -> logits `[B, n_labels or N]`.

        `mask` and `segments` are those of `Stack.hidden`. Float32.
        """
        return self.classify(self.hidden(ids, mask=mask, segments=segments), places)

    def hidden(self, ids: Tensor, *, mask: Tensor | None = None, segments: Tensor | None = None) -> Tensor:
        """The body's states, `[R, T] -> [R, T, d_model]`."""
        if isinstance(self.body, RecurrentLM):
            return self.body.hidden(ids)
        return self.body.hidden(ids, mask=mask, segments=segments)

    def classify(self, hidden: Tensor, places: Tensor) -> Tensor:
        """From states `[B * N, T, d_model]` to logits `[B, n_labels]`, or `[B, N]` where rows compete."""
        at = torch.arange(len(hidden), device=hidden.device)
        read = hidden[at, places.flatten()].unflatten(0, tuple(places.shape))  # [B, N, d_model]
        if self.choice:
            return self.score(self.dropout(read)).squeeze(-1).float()
        return self.score(self.dropout(read.sum(1))).float()
