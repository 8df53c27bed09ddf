"""The two ends that every stack shares: token ids become states, and states become logits again.

The Transformer adds fixed waves for the positions (section 3.5), GPT-1 and BERT learn a vector for each; BERT adds one
for the sentence that a token belongs to. The output layer compares states with the same token embeddings (tied).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .block import layer_norm
from .cache import KVCache
from .config import ConfigError, ModelConfig

WAVE_HEIGHT = 0.05  # of learned positions that start as sinusoids; as loud as the token embeddings become


def sinusoids(n_ctx: int, d_model: int) -> Tensor:
    """The Transformer's fixed positions (section 3.5), `[n_ctx, d_model]`: sine on even, cosine on odd columns."""
    with torch.device("cpu"):  # on "meta", where weights are counted, torch would load its compiler
        rate = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10_000.0) / d_model))
        angle = torch.arange(n_ctx)[:, None] * rate
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)


class Embeddings(nn.Module):
    """The base of `Stack` and `EncoderDecoder`."""

    waves: Tensor  # the fixed positions, where they are not learned

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.d_model)
        if config.positions == "learned":
            self.positions = nn.Embedding(config.n_ctx, config.d_model)
        elif config.positions == "sinusoidal":
            waves = sinusoids(config.n_ctx, config.d_model).to(self.tokens.weight.device)
            self.register_buffer("waves", waves, persistent=False)
        if config.segments:
            self.segments = nn.Embedding(config.segments, config.d_model)
        if config.embedding_norm:
            self.embedding_norm = layer_norm(config)
        self.dropout = nn.Dropout(config.dropout)
        if config.output == "transform":
            self.transform = nn.Linear(config.d_model, config.d_model)
            self.transform_norm = layer_norm(config)
            self.head_bias = nn.Parameter(torch.zeros(config.vocab_size))
        if not config.tied:
            self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)

    def embed(self, ids: Tensor, cache: KVCache | None = None, segments: Tensor | None = None) -> Tensor:
        """`[B, T] -> [B, T, d_model]`; `cache` tells how many tokens stand before, `segments [B, T]` is 0 if not given.

        Raises ConfigError when prefix and `ids` together are longer than the context window.
        """
        start = 0 if cache is None else cache.length
        end = start + ids.shape[1]
        if end > self.config.n_ctx:
            raise ConfigError(
                f"{end} tokens do not fit the context of {self.config.n_ctx}; shorten the text.",
                f"{end} 个词元超出了 {self.config.n_ctx} 的上下文窗口；请缩短文本。",
            )
        x = self.tokens(ids)
        if self.config.positions == "sinusoidal":
            x = x * math.sqrt(self.config.d_model)
        if self.config.positions != "none":
            x = x + self.places(start, end, cache).to(x.dtype)
        if self.config.segments:
            x = x + self.segments(torch.zeros_like(ids) if segments is None else segments)
        if self.config.embedding_norm:
            x = self.embedding_norm(x)
        return self.dropout(x)

    def places(self, start: int, end: int, cache: KVCache | None) -> Tensor:
        """The positions' vectors, `[T, d_model]`, or `[B, T, d_model]` where the rows of a batch begin differently."""
        table = self.positions.weight if self.config.positions == "learned" else self.waves
        if cache is None or cache.starts is None:
            return table[start:end]
        position = torch.arange(start, end, device=table.device) - cache.starts[:, None]
        return F.embedding(position.clamp_min(0), table)

    def unembed(self, hidden: Tensor) -> Tensor:
        """States to logits, `[..., d_model] -> [..., vocab_size]`."""
        matrix = self.tokens.weight if self.config.tied else self.head.weight
        if self.config.output == "linear":
            return F.linear(hidden, matrix)
        # BERT looks once more at the state before it compares (its released code; the paper does not say).
        hidden = self.transform_norm(F.gelu(self.transform(hidden)))
        return F.linear(hidden, matrix, self.head_bias)

    @property
    def n_parameters(self) -> int:
        """Trained weights, the tied embedding counted once."""
        return sum(parameter.numel() for parameter in self.parameters())
