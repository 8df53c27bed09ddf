"""The Transformer of 2017 (Vaswani et al., section 3.1): one stack reads the source, another writes the target.

Both are made of the blocks that every later generation keeps. The encoder looks both ways; the decoder looks back over
what it has written and, in each layer once more, over the encoder's states. One matrix embeds the source, embeds the
target and, as output layer, compares the states with all words (section 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from .block import Block, layer_norm
from .cache import KVCache
from .config import ModelConfig
from .embeddings import Embeddings


@dataclass
class Memory:
    """What the decoder knows of the sources: each layer's keys and values, and `mask [B, 1, 1, S]` over no padding."""

    keys_values: list[Tensor]  # n_layers of [2, B, n_heads, S, d_head]
    mask: Tensor


@dataclass
class Writing:
    """Targets being written, token by token, one row each."""

    memory: Memory
    cache: KVCache

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows, in this order; one may be taken twice (beam search)."""
        self.cache.keep(rows)
        self.memory = Memory([kv[:, rows] for kv in self.memory.keys_values], self.memory.mask[rows])


class EncoderDecoder(Embeddings):
    """`model(source[B, S], target[B, T], lengths[B]) -> logits[B, T, vocab_size]`, float32."""

    decoder: Any  # a ModuleList of Block

    def __init__(self, config: ModelConfig):
        super().__init__(config)
        both_ways = replace(config, causal=False, encoder_layers=0)
        self.encoder = nn.ModuleList(Block(both_ways, layer) for layer in range(config.encoder_layers))
        self.decoder = nn.ModuleList(Block(config, layer, cross=True) for layer in range(config.n_layers))
        if config.final_norm:
            self.encoder_norm, self.norm = layer_norm(config), layer_norm(config)
        self.init_weights()

    def init_weights(self) -> None:
        """The paper says nothing; as its authors' code: Xavier for the maps, N(0, 1/d_model) for the embeddings."""
        for name, parameter in self.named_parameters():
            if name.startswith(("tokens", "positions")):
                nn.init.normal_(parameter, std=self.config.d_model**-0.5)
            elif parameter.dim() == 2:
                nn.init.xavier_uniform_(parameter)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def encode(self, source: Tensor, lengths: Tensor) -> Memory:
        """Read sources, `[B, S]`, of which `lengths [B]` tokens each are no padding.

        Raises ConfigError when they are longer than the context window.
        """
        mask = (torch.arange(source.shape[1], device=source.device) < lengths[:, None])[:, None, None]
        x = self.embed(source)
        for block in self.encoder:
            x = block(x, mask=mask)
        if self.config.final_norm:
            x = self.encoder_norm(x)
        return Memory([block.remember(x) for block in self.decoder], mask)

    def decode(self, target: Tensor, memory: Memory, cache: KVCache | None = None) -> Tensor:
        """The logits after each token of the targets, `[B, T] -> [B, T, vocab_size]`."""
        x = self.embed(target, cache)
        for block, keys_values in zip(self.decoder, memory.keys_values, strict=True):
            x = block(x, cache, memory=(keys_values, memory.mask))
        if cache is not None:
            cache.length += target.shape[1]
        return self.unembed(self.norm(x) if self.config.final_norm else x).float()

    def forward(self, source: Tensor, target: Tensor, lengths: Tensor) -> Tensor:
        return self.decode(target, self.encode(source, lengths))

    def begin(self, source: Tensor, lengths: Tensor) -> Writing:
        """Read the sources and be ready to write."""
        weight = self.tokens.weight
        cache = KVCache(self.config, len(source), device=weight.device, dtype=weight.dtype)
        return Writing(self.encode(source, lengths), cache)

    def step(self, tokens: Tensor, writing: Writing) -> Tensor:
        """Add one token to each target, `[B]`, and return the logits of the next, `[B, vocab_size]`."""
        return self.decode(tokens[:, None], writing.memory, writing.cache)[:, -1]
