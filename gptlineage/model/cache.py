"""The key-value cache: what attention has already computed about the tokens it has read.

A causal model never revises the keys and values of earlier tokens, so decoding stores them once, in buffers
allocated for the whole window, and each new token costs one query instead of the whole prefix again.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .config import ModelConfig


class KVCache:
    """Keys and values of `batch_size` sequences, `[n_layers, 2, B, n_heads, n_ctx, d_head]`.

    `length` tokens are stored. `starts` ([B], optional) tells where each row begins when shorter prompts are
    padded on the left so that a batch can decode together; positions count from there.
    """

    def __init__(
        self,
        config: ModelConfig,
        batch_size: int = 1,
        *,
        starts: Tensor | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ):
        shape = (config.n_layers, 2, batch_size, config.n_heads, config.n_ctx, config.d_head)
        self.buffer = torch.zeros(shape, device=device, dtype=dtype)
        self.capacity = config.n_ctx
        self.starts = starts
        self.length = 0

    def append(self, layer: int, keys_values: Tensor) -> Tensor:
        """Store `[2, B, H, T, d_head]` behind what is there and return all of it, `[2, B, H, length + T, d_head]`.

        `length` itself moves only once all layers have stored theirs (see `Stack.hidden`).
        """
        end = self.length + keys_values.shape[3]
        stored = self.buffer[layer]
        stored[:, :, :, self.length : end] = keys_values
        return stored[:, :, :, :end]

    def keep(self, rows: Tensor) -> None:
        """Go on with some of the sequences only; `rows` is a mask or their numbers."""
        self.buffer = self.buffer[:, :, rows]
        self.starts = None if self.starts is None else self.starts[rows]
