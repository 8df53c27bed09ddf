"""The core against slow, plain references, and the configuration's own rules."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.errors import UserError
from gptlineage.lineage import diff, generation, generations
from gptlineage.lineage.describe import count_parameters
from gptlineage.model import ConfigError, KVCache, ModelConfig, build, config_from_dict
from gptlineage.model.attention import Attention, attend, visible

# lineage, size -> weights. The GPT-1 and GPT-2 counts are those of the released weights; the GPT-3 ones are worked
# out from table 2.1 (XL with 16 heads, 13B with width 5120, which fit table D.1).
PUBLISHED = {
    ("rnnsearch", "search-50"): 80_401_000,
    ("transformer", "base"): 63_082_496,
    ("transformer", "big"): 214_245_376,
    ("gpt-1", "117m"): 116_534_784,
    ("gpt-2", "small"): 124_439_808,
    ("gpt-2", "medium"): 354_823_168,
    ("gpt-2", "large"): 774_030_080,
    ("gpt-2", "xl"): 1_557_611_200,
}
TABLE_D1_MILLIONS = {
    "125m": 125.2,
    "350m": 355.9,
    "760m": 760.3,
    "1.3b": 1315.7,
    "2.7b": 2651.6,
    "6.7b": 6658.4,
    "13b": 12853,
    "175b": 174604,
}


def tiny(**changes) -> ModelConfig:
    return ModelConfig(**{**dict(n_layers=2, d_model=16, n_heads=2, n_ctx=12, vocab_size=31), **changes})


@pytest.mark.parametrize(("name", "size"), PUBLISHED)
def test_published_parameter_counts(name, size):
    assert count_parameters(generation(name).config(size)) == PUBLISHED[name, size]


@pytest.mark.parametrize("size", TABLE_D1_MILLIONS)
def test_gpt3_parameter_counts(size):
    expected = TABLE_D1_MILLIONS[size]
    millions = count_parameters(generation("gpt-3").config(size)) / 1e6
    assert millions == pytest.approx(expected, abs=0.06 if expected < 1e4 else 0.6)


def test_every_published_size_is_there():
    published = {g.name: len(g.sizes) - 1 for g in generations()}
    assert [published[name] for name in ("transformer", "gpt-1", "gpt-2", "gpt-3")] == [2, 1, 4, 8]


def slow_attention(layer: Attention, x: torch.Tensor, band: int | None) -> torch.Tensor:
    """Attention word for word: for each query, loop over the keys that it may see."""
    batch, length, width = x.shape
    queries, keys, values = layer.qkv(x).chunk(3, dim=-1)
    d_head = width // layer.n_heads
    result = torch.zeros_like(x)
    for b in range(batch):
        for h in range(layer.n_heads):
            part = slice(h * d_head, (h + 1) * d_head)
            for i in range(length):
                seen = [j for j in range(length) if (j <= i or not layer.causal) and (band is None or j > i - band)]
                scores = torch.stack([queries[b, i, part] @ keys[b, j, part] for j in seen]) / math.sqrt(d_head)
                for weight, j in zip(scores.softmax(0), seen, strict=True):
                    result[b, i, part] += weight * values[b, j, part]
    return layer.out(result)


@pytest.mark.parametrize(
    "choice",
    [dict(), dict(attention=("banded",), band=3), dict(causal=False), dict(attention=("banded",), band=1)],
)
def test_attention_equals_the_plain_loop(choice):
    torch.manual_seed(0)
    config = tiny(**choice)
    layer = Attention(config, 0)
    torch.nn.init.normal_(layer.qkv.weight)
    x = torch.randn(2, 9, 16)
    with torch.no_grad():
        assert torch.allclose(layer(x), slow_attention(layer, x, config.layer_band(0)), atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(
    norm=st.sampled_from(["post", "pre"]),
    attention=st.sampled_from([("dense",), ("banded",), ("dense", "banded")]),
    band=st.integers(1, 14),
    positions=st.sampled_from(["learned", "sinusoidal"]),
    cuts=st.lists(st.integers(1, 11), max_size=4),
    bias=st.booleans(),
)
def test_the_cache_changes_nothing(norm, attention, band, positions, cuts, bias):
    """Reading a text in any pieces with the cache gives the logits of reading it at once."""
    torch.manual_seed(0)
    config = tiny(norm=norm, attention=attention, band=band, positions=positions, bias=bias)
    model = build(config).eval()
    ids = torch.randint(0, 31, (2, 12))
    cache = KVCache(config, 2)
    with torch.inference_mode():
        expected = model(ids)
        borders = [0, *sorted(set(cuts)), 12]
        parts = [model(ids[:, a:b], cache) for a, b in pairwise(borders)]
    assert torch.allclose(torch.cat(parts, dim=1), expected, atol=1e-5)


@pytest.mark.parametrize("band", [None, 3])
def test_training_in_bfloat16_computes_the_same_attention(band):
    """What is written out for training in bfloat16 equals torch's kernel in float64, values and gradients."""
    torch.manual_seed(0)
    half = [torch.randn(2, 3, 9, 8).bfloat16().requires_grad_() for _ in range(3)]
    double = [x.detach().double().requires_grad_() for x in half]
    mask = visible(9, 9, causal=True, band=band) if band else None
    push = torch.randn(2, 3, 9, 8).double()
    ours, exact = attend(*half, mask, causal=True), attend(*double, mask, causal=True)
    torch.testing.assert_close(ours.double(), exact, atol=0.02, rtol=0.02)
    for mine, theirs in zip(
        torch.autograd.grad(ours, half, push.bfloat16()), torch.autograd.grad(exact, double, push), strict=True
    ):
        torch.testing.assert_close(mine.double(), theirs, atol=0.05, rtol=0.05)


def test_left_padding_changes_nothing():
    torch.manual_seed(0)
    config = tiny(attention=("dense", "banded"), band=4)
    model = build(config).eval()
    ids = torch.randint(0, 31, (1, 7))
    padded = torch.cat([torch.zeros(1, 3, dtype=torch.long), ids], dim=1)
    cache = KVCache(config, 1, starts=torch.tensor([3]))
    with torch.inference_mode():
        prefix = model(padded[:, :8], cache)
        rest = [model(padded[:, i : i + 1], cache) for i in (8, 9)]
        assert torch.allclose(torch.cat([prefix, *rest], 1)[:, 3:], model(ids), atol=1e-5)


def test_causality():
    model = build(tiny()).eval()
    ids = torch.randint(0, 31, (1, 12))
    changed = ids.clone()
    changed[0, 8] = (changed[0, 8] + 1) % 31
    with torch.inference_mode():
        before, after = model(ids), model(changed)
    assert torch.equal(before[:, :8], after[:, :8])
    assert not torch.allclose(before[:, 8:], after[:, 8:])


def test_a_text_longer_than_the_window_is_refused():
    with pytest.raises(ConfigError, match="13 tokens do not fit the context of 12"):
        build(tiny())(torch.zeros(1, 13, dtype=torch.long))


def test_residual_projections_start_smaller():
    torch.manual_seed(0)
    plain = build(tiny(d_model=64, residual_init="plain")).blocks[0].mlp.down.weight.std().item()
    scaled = build(tiny(d_model=64, n_layers=8)).blocks[0].mlp.down.weight.std().item()
    assert plain == pytest.approx(0.02, rel=0.05)
    assert scaled == pytest.approx(0.02 / 4, rel=0.05)


@pytest.mark.parametrize(
    "wrong",
    [
        dict(d_model=17),
        dict(n_layers=0),
        dict(norm="sandwich"),
        dict(attention=("banded",)),
        dict(attention=("banded",), band=4, causal=False),
        dict(dropout=1.0),
        dict(attention=("sparse",)),
    ],
)
def test_impossible_configurations_say_what_to_change(wrong):
    with pytest.raises(ConfigError) as caught:
        tiny(**wrong)
    assert caught.value.en and caught.value.zh and caught.value.en != caught.value.zh


def test_configurations_survive_their_file():
    for g in generations():
        for size in g.sizes:
            assert config_from_dict(g.config(size).to_dict()) == g.config(size)
    with pytest.raises(ConfigError, match="does not fit this version"):
        ModelConfig.from_dict({**tiny().to_dict(), "rotary": True})


def test_diff_is_read_from_the_configurations():
    changes = diff(generation("gpt-1"), generation("gpt-2"))
    assert changes["norm"] == ("post", "pre")
    assert changes["final_norm"] == (False, True)
    assert "activation" not in changes
    assert diff(generation("gpt-3"), generation("gpt-3")) == {}
    config = generation("gpt-2").config("xl")
    assert replace(config, band=0) == config


def test_unknown_generation_suggests_the_nearest():
    with pytest.raises(UserError, match="Did you mean 'gpt-2'"):
        generation("gpt2")
