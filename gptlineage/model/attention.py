"""Multi-head attention (Transformer, section 3.2; GPT-1 to GPT-3 use it with a causal mask, BERT without one).

Dense layers see every earlier token. Banded layers see only the last `band` tokens, as every other layer of
GPT-3 does (section 2.1); the paper does not publish the width, so it is a field of the configuration. We count
the token itself into the band, as OpenAI's released sparse-attention code does.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .cache import KVCache
from .config import ModelConfig


def visible(
    n_queries: int,
    n_keys: int,
    *,
    causal: bool,
    band: int | None = None,
    starts: Tensor | None = None,
    device: torch.device | str = "cpu",
) -> Tensor | None:
    """Which keys each query may read, as a boolean mask `[n_queries, n_keys]`, or `[B, 1, ...]` with `starts`.

    The queries are the last `n_queries` of the `n_keys` tokens. Returns None where nothing is hidden.
    """
    single = n_queries == 1 and (band is None or band >= n_keys)
    if starts is None and (not causal or single):
        return None
    query = torch.arange(n_keys - n_queries, n_keys, device=device)[:, None]
    key = torch.arange(n_keys, device=device)[None, :]
    mask = (key <= query) if causal else torch.ones(n_queries, n_keys, dtype=torch.bool, device=device)
    if band is not None:
        mask = mask & (key > query - band)
    if starts is not None:
        # A padded query sees itself only, so that its softmax is over something; nobody reads the result.
        mask = (mask & (key >= starts[:, None, None])) | (key == query)
        mask = mask[:, None]  # [B, 1, n_queries, n_keys]
    return mask


def attend(
    queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, *, causal: bool, dropout: float = 0.0
) -> Tensor:
    """softmax(Q K^T / sqrt(d_head)) V (Transformer, equation 1): `[B, H, T, d_head]` each, the result like `queries`.

    `mask` tells which keys a query may read; without one, `causal` hides the later ones.
    """
    if queries.device.type != "cpu" or queries.dtype != torch.bfloat16 or dropout or not torch.is_grad_enabled():
        return F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=mask, dropout_p=dropout, is_causal=causal and mask is None
        )
    # Training in bfloat16 on a CPU: torch's fused kernel takes twice as long there as the formula written out.
    (batch, n_heads, n_queries, d_head), n_keys = queries.shape, keys.shape[2]
    if mask is None:
        mask = visible(n_queries, n_keys, causal=causal)
    hidden = torch.zeros(1, n_queries, n_keys, dtype=queries.dtype)
    if mask is not None and mask.dim() == 4:  # the rows of the batch differ: padding
        mask = mask.expand(batch, n_heads, n_queries, n_keys).flatten(0, 1)
    if mask is not None:
        hidden = hidden.masked_fill(~mask, -torch.inf)
    scores = torch.baddbmm(hidden, queries.flatten(0, 1), keys.flatten(0, 1).mT, alpha=d_head**-0.5)
    return torch.bmm(scores.softmax(-1), values.flatten(0, 1)).view_as(queries)


class Attention(nn.Module):
    """Self-attention of one layer: `[B, T, d_model] -> [B, T, d_model]`."""

    def __init__(self, config: ModelConfig, layer: int):
        super().__init__()
        self.layer, self.n_heads, self.causal = layer, config.n_heads, config.causal
        self.band, self.dropout = config.layer_band(layer), config.dropout
        self.qkv = nn.Linear(config.d_model, 3 * config.d_model, bias=config.bias)
        self.out = nn.Linear(config.d_model, config.d_model, bias=config.bias)

    def forward(self, x: Tensor, cache: KVCache | None = None, mask: Tensor | None = None) -> Tensor:
        """`mask` hides padding where attention looks both ways: `[B, 1, 1, T]`, true for what may be read."""
        batch, length, width = x.shape
        # [B, T, 3C] -> [B, T, 3, H, C/H] -> three of [B, H, T, C/H]
        qkv = self.qkv(x).view(batch, length, 3, self.n_heads, width // self.n_heads)
        qkv = qkv.permute(2, 0, 3, 1, 4)
        queries, keys, values = qkv.unbind(0)
        starts = None
        if cache is not None:
            keys, values = cache.append(self.layer, qkv[1:]).unbind(0)
            starts = cache.starts
        n_keys = keys.shape[2]
        if length == 1 and starts is None and self.band is not None:
            keys, values = keys[:, :, -self.band :], values[:, :, -self.band :]
            mask = None
        elif self.causal and n_keys == length and starts is None and (self.band or n_keys) >= n_keys:
            mask = None
        elif mask is None:
            mask = visible(length, n_keys, causal=self.causal, band=self.band, starts=starts, device=x.device)
        mixed = attend(
            queries,
            keys,
            values,
            mask,
            causal=self.causal and length > 1,
            dropout=self.dropout if self.training else 0.0,
        )
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))

    def weights(self, x: Tensor, cache: None = None, mask: Tensor | None = None) -> Tensor:
        """How much each token reads of each other one, `[B, T, C] -> [B, H, T, T]`; for looking, not for training.

        What `forward` takes, except that there is no cache: the whole text is given at once.
        """
        batch, length, width = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.n_heads, width // self.n_heads)
        queries, keys, _ = qkv.permute(2, 0, 3, 1, 4).float().unbind(0)
        scores = queries @ keys.mT * queries.shape[-1] ** -0.5
        if mask is None:
            mask = visible(length, length, causal=self.causal, band=self.band, device=x.device)
        return (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1)


class CrossAttention(nn.Module):
    """The decoder's look at the source (section 3.2.3): queries from its own states, keys and values from elsewhere."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.n_heads, self.dropout = config.n_heads, config.dropout
        self.q = nn.Linear(config.d_model, config.d_model, bias=config.bias)
        self.kv = nn.Linear(config.d_model, 2 * config.d_model, bias=config.bias)
        self.out = nn.Linear(config.d_model, config.d_model, bias=config.bias)

    def remember(self, source: Tensor) -> Tensor:
        """Keys and values of the encoder's states, once for all steps: `[B, S, C] -> [2, B, H, S, C/H]`."""
        batch, length, width = source.shape
        kv = self.kv(source).view(batch, length, 2, self.n_heads, width // self.n_heads)
        return kv.permute(2, 0, 3, 1, 4)

    def queries(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        return self.q(x).view(batch, length, self.n_heads, width // self.n_heads).transpose(1, 2)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        """`x [B, T, C]` reads `memory`; `mask [B, 1, 1, S]` is true for what is no padding."""
        dropout = self.dropout if self.training else 0.0
        mixed = attend(self.queries(x), memory[0], memory[1], mask, causal=False, dropout=dropout)
        return self.out(mixed.transpose(1, 2).reshape(x.shape))

    def weights(self, x: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        """How much each target token reads of each source token, `[B, H, T, S]`."""
        queries, keys = self.queries(x).float(), memory[0].float()
        scores = queries @ keys.mT * queries.shape[-1] ** -0.5
        return (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1)
