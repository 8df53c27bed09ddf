"""Looking inside a model: where its attention goes."""

from __future__ import annotations

import torch
from torch import Tensor

from ..model import Stack
from ..model.attention import Attention


@torch.inference_mode()
def attention_maps(model: Stack, ids: Tensor) -> list[Tensor]:
    """For each layer the weights `[B, n_heads, T, T]` with which a token (row) reads the others (column).

    Computed beside the forward pass, which never forms them; rows add up to 1, and what a token may not see gets 0.
    """
    maps: list[Tensor] = []
    handles = [
        module.register_forward_pre_hook(lambda attention, inputs: maps.append(attention.weights(inputs[0])))
        for module in model.modules()
        if isinstance(module, Attention)
    ]
    try:
        model.hidden(ids)
    finally:
        for handle in handles:
            handle.remove()
    return maps
