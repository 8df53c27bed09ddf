"""The block that every generation repeats: attention, then an MLP, each around a residual connection.

The Transformer and GPT-1 normalise *after* adding to the residual stream (post-LN); GPT-2 (section 2.3) moves
the normalisation to the input of each sub-layer (pre-LN), which is what makes 48 and 96 layers trainable.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .attention import Attention, CrossAttention
from .cache import KVCache
from .config import ModelConfig


def layer_norm(config: ModelConfig) -> nn.LayerNorm:
    return nn.LayerNorm(config.d_model, eps=config.norm_eps, bias=config.bias)


class MLP(nn.Module):
    """The position-wise feed-forward network: `[B, T, d_model] -> [B, T, d_model]` through width `d_ff`."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.activation = config.activation
        self.up = nn.Linear(config.d_model, config.d_ff, bias=config.bias)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.up(x)
        if self.activation == "relu":
            hidden = F.relu(hidden)
        else:
            hidden = F.gelu(hidden, approximate="tanh" if self.activation == "gelu_tanh" else "none")
        return self.down(hidden)


class Block(nn.Module):
    """One layer: `[B, T, d_model] -> [B, T, d_model]`. With `cross`, a layer of a decoder that reads an encoder."""

    def __init__(self, config: ModelConfig, layer: int, cross: bool = False):
        super().__init__()
        self.pre = config.norm == "pre"
        self.norm1 = layer_norm(config)
        self.attention = Attention(config, layer)
        self.cross: CrossAttention | None = None
        if cross:
            self.norm_cross, self.cross = layer_norm(config), CrossAttention(config)
        self.norm2 = layer_norm(config)
        self.mlp = MLP(config)
        self.dropout = nn.Dropout(config.dropout)

    def remember(self, source: Tensor) -> Tensor:
        """What this layer of a decoder keeps of the encoder's states: keys and values."""
        assert self.cross is not None, "only a decoder's layer reads a source"
        return self.cross.remember(source)

    def forward(
        self,
        x: Tensor,
        cache: KVCache | None = None,
        mask: Tensor | None = None,
        memory: tuple[Tensor, Tensor | None] | None = None,
    ) -> Tensor:
        """`mask` hides padding; `memory` holds the source's keys and values and the mask of its padding."""
        if self.pre:
            x = x + self.dropout(self.attention(self.norm1(x), cache, mask))
            if self.cross is not None and memory is not None:
                x = x + self.dropout(self.cross(self.norm_cross(x), *memory))
            return x + self.dropout(self.mlp(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.attention(x, cache, mask)))
        if self.cross is not None and memory is not None:
            x = self.norm_cross(x + self.dropout(self.cross(x, *memory)))
        return self.norm2(x + self.dropout(self.mlp(x)))

    def weights(
        self, x: Tensor, mask: Tensor | None = None, memory: tuple[Tensor, Tensor | None] | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Where the layer's attention goes when it is given `x`: `[B, H, T, T]`, and `[B, H, T, S]` over a source."""
        own = self.attention.weights(self.norm1(x) if self.pre else x, None, mask)
        if self.cross is None or memory is None:
            return own, None
        if self.pre:
            x = self.norm_cross(x + self.attention(self.norm1(x), None, mask))
        else:
            x = self.norm1(x + self.attention(x, None, mask))
        return own, self.cross.weights(x, *memory)
