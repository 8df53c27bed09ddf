"""One stack of blocks: all of GPT, and all of BERT.

One module serves training (no cache) and decoding (with a `KVCache`): the weights are the same.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .block import Block, layer_norm
from .cache import KVCache
from .config import ModelConfig
from .embeddings import WAVE_HEIGHT, Embeddings, sinusoids

INIT_STD = 0.02  # GPT-1, section 4.1; GPT-2 and BERT keep it


class Stack(Embeddings):
    """`model(ids[B, T]) -> logits[B, T, vocab_size]`, float32."""

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layers))
        if config.final_norm:
            self.norm = layer_norm(config)
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

    def hidden(
        self,
        ids: Tensor,
        cache: KVCache | None = None,
        *,
        mask: Tensor | None = None,
        segments: Tensor | None = None,
    ) -> Tensor:
        """The last layer's states, `[B, T] -> [B, T, d_model]`; `cache` supplies and receives the prefix.

        A stack that looks both ways takes a `mask [B, 1, 1, T]`, false for padding, and BERT's the `segments [B, T]`.
        Raises ConfigError when prefix and `ids` together are longer than the context window.
        """
        x = self.embed(ids, cache, segments)
        for block in self.blocks:
            x = block(x, cache, mask)
        if cache is not None:
            cache.length += ids.shape[1]
        return self.norm(x) if self.config.final_norm else x

    def forward(
        self,
        ids: Tensor,
        cache: KVCache | None = None,
        *,
        mask: Tensor | None = None,
        segments: Tensor | None = None,
    ) -> Tensor:
        return self.unembed(self.hidden(ids, cache, mask=mask, segments=segments)).float()
