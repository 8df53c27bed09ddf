"""The attention that is shown is the attention that is computed."""

from __future__ import annotations

import pytest
import torch

from gptlineage.inference.inspect import attention_maps
from tests.tiny import tiny_model


@pytest.mark.parametrize(
    "changes", [{}, dict(attention=("dense", "banded"), band=5), dict(norm="post"), dict(causal=False)]
)
def test_the_weights_are_those_of_the_forward_pass(changes):
    model, ids, mixed = tiny_model(spread=0.2, **changes), torch.randint(0, 256, (2, 20)), []
    for block in model.blocks:
        block.attention.register_forward_hook(lambda layer, inputs, output: mixed.append((layer, inputs[0], output)))
    maps = attention_maps(model, ids)
    assert len(maps) == 2 and len(mixed) == 2
    for weights, (layer, x, output) in zip(maps, mixed, strict=True):
        assert weights.shape == (2, 2, 20, 20)
        assert torch.allclose(weights.sum(-1), torch.ones(2, 2, 20))
        with torch.inference_mode():
            values = layer.qkv(x)[..., 32:].view(2, 20, 2, 8).transpose(1, 2)
            again = layer.out((weights @ values).transpose(1, 2).reshape(2, 20, 16))
        assert torch.allclose(again, output, atol=1e-5)
    if changes.get("causal", True):
        assert all(weights.triu(1).abs().max() == 0 for weights in maps)
    if "band" in changes:
        assert maps[1].tril(-5).abs().max() == 0 < maps[0].tril(-5).abs().max()


def test_looking_leaves_no_trace():
    model, ids = tiny_model(spread=0.2), torch.randint(0, 256, (1, 10))
    before = model(ids)
    attention_maps(model, ids)
    assert torch.equal(model(ids), before)
    assert not any(block.attention._forward_pre_hooks for block in model.blocks)
