"""The whole model: embeddings, a stack of blocks, and the output layer that turns states into logits.

One module serves training (no cache) and decoding (with a `KVCache`): the weights are the same.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .block import NORM_EPS, Block
from .cache import KVCache
from .config import ConfigError, ModelConfig

INIT_STD = 0.02  # GPT-1, section 4.1; GPT-2 keeps it
WAVE_HEIGHT = 0.05  # of learned positions that start as sinusoids; as loud as the token embeddings become


def sinusoids(n_ctx: int, d_model: int) -> Tensor:
    """The Transformer's fixed positions (section 3.5), `[n_ctx, d_model]`: sine on even, cosine on odd columns."""
    rate = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10_000.0) / d_model))
    angle = torch.arange(n_ctx)[:, None] * rate
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)


class Stack(nn.Module):
    """`model(ids[B, T]) -> logits[B, T, vocab_size]`, float32."""

    waves: Tensor  # the fixed positions, where they are not learned

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.d_model)
        if config.positions == "learned":
            self.positions = nn.Embedding(config.n_ctx, config.d_model)
        else:
            self.register_buffer("waves", sinusoids(config.n_ctx, config.d_model), persistent=False)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layers))
        if config.final_norm:
            self.norm = nn.LayerNorm(config.d_model, eps=NORM_EPS, bias=config.bias)
        if not config.tied:
            self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.init_weights()

    def init_weights(self) -> None:
        """N(0, 0.02), biases zero, residual projections and positions as the configuration says."""
        scale = 1.0 if self.config.residual_init == "plain" else 1 / math.sqrt(2 * self.config.n_layers)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                residual = name.endswith(("attention.out.weight", "mlp.down.weight"))
                nn.init.normal_(parameter, std=INIT_STD * (scale if residual else 1.0))
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        if self.config.positions == "learned" and self.config.position_init == "sinusoidal":
            with torch.no_grad():
                self.positions.weight.copy_(WAVE_HEIGHT * sinusoids(self.config.n_ctx, self.config.d_model))

    def hidden(self, ids: Tensor, cache: KVCache | None = None) -> Tensor:
        """The last layer's states, `[B, T] -> [B, T, d_model]`; `cache` supplies and receives the prefix.

        Raises ConfigError when prefix and `ids` together are longer than the context window.
        """
        start = 0 if cache is None else cache.length
        end = start + ids.shape[1]
        if end > self.config.n_ctx:
            raise ConfigError(
                f"{end} tokens do not fit the context of {self.config.n_ctx}; shorten the text.",
                f"{end} 个词元超出了 {self.config.n_ctx} 的上下文窗口；请缩短文本。",
            )
        places = self.positions.weight if self.config.positions == "learned" else self.waves
        if cache is not None and cache.starts is not None:
            position = torch.arange(start, end, device=ids.device) - cache.starts[:, None]
            places = F.embedding(position.clamp_min(0), places)  # [B, T, d_model]
        else:
            places = places[start:end]  # [T, d_model]
        x = self.tokens(ids)
        if self.config.positions == "sinusoidal":
            x = x * math.sqrt(self.config.d_model)
        x = x + places.to(x.dtype)
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, cache)
        if cache is not None:
            cache.length = end
        return self.norm(x) if self.config.final_norm else x

    def unembed(self, hidden: Tensor) -> Tensor:
        """States to logits, `[..., d_model] -> [..., vocab_size]`."""
        return F.linear(hidden, self.tokens.weight if self.config.tied else self.head.weight)

    def forward(self, ids: Tensor, cache: KVCache | None = None) -> Tensor:
        return self.unembed(self.hidden(ids, cache)).float()

    @property
    def n_parameters(self) -> int:
        """Trained weights, the tied embedding counted once."""
        return sum(parameter.numel() for parameter in self.parameters())


def build(config: ModelConfig) -> Stack:
    """A freshly initialised model. Seed torch first for the same weights again."""
    return Stack(config)
