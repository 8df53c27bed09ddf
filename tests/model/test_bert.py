"""BERT against `transformers`: the same logits from the same random weights, and as many weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from gptlineage.lineage.bert import BERT
from gptlineage.lineage.gpt1 import GPT1
from gptlineage.model import ModelConfig, Stack, build
from gptlineage.model.config import diff
from tests.model.foreign import load

TINY = [
    dict(n_layers=2, d_model=24, d_ff=40, n_heads=3, n_ctx=32, vocab_size=101),
    dict(n_layers=4, d_model=48, d_ff=192, n_heads=2, n_ctx=64, vocab_size=211),
]
PARTS = {
    "attention.output.dense": "attention.out",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "mlp.up",
    "output.dense": "mlp.down",
    "output.LayerNorm": "norm2",
}
ENDS = {
    "bert.embeddings.word_embeddings.weight": "tokens.weight",
    "bert.embeddings.position_embeddings.weight": "positions.weight",
    "bert.embeddings.token_type_embeddings.weight": "segments.weight",
    "bert.embeddings.LayerNorm.weight": "embedding_norm.weight",
    "bert.embeddings.LayerNorm.bias": "embedding_norm.bias",
    "cls.predictions.transform.dense.weight": "transform.weight",
    "cls.predictions.transform.dense.bias": "transform.bias",
    "cls.predictions.transform.LayerNorm.weight": "transform_norm.weight",
    "cls.predictions.transform.LayerNorm.bias": "transform_norm.bias",
    "cls.predictions.bias": "head_bias",
}


def their_config(config: ModelConfig) -> BertConfig:
    return BertConfig(
        vocab_size=config.vocab_size,
        hidden_size=config.d_model,
        num_hidden_layers=config.n_layers,
        num_attention_heads=config.n_heads,
        intermediate_size=config.d_ff,
        max_position_embeddings=config.n_ctx,
    )


def pair(config: ModelConfig) -> tuple[BertForMaskedLM, Stack]:
    """Their model with weights large enough that every part matters, and ours with the same."""
    theirs = BertForMaskedLM(their_config(config)).eval()
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            parameter.normal_(1.0 if name.endswith("LayerNorm.weight") else 0.0, 0.2)
    source = theirs.state_dict()
    weights = {ours: source[name] for name, ours in ENDS.items()}
    for layer in range(config.n_layers):
        there = f"bert.encoder.layer.{layer}"
        for kind in ("weight", "bias"):
            qkv = [source[f"{there}.attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            weights[f"blocks.{layer}.attention.qkv.{kind}"] = torch.cat(qkv)
            for name, ours in PARTS.items():
                weights[f"blocks.{layer}.{ours}.{kind}"] = source[f"{there}.{name}.{kind}"]
    return theirs, load(config, weights)


@pytest.mark.parametrize("sizes", TINY)
@torch.inference_mode()
def test_logits_equal_transformers(sizes):
    torch.manual_seed(1)
    config = replace(BERT.config(), **sizes)
    theirs, ours = pair(config)
    ids = torch.randint(0, config.vocab_size, (3, 30))
    plain = ours(ids)
    assert plain.std() > 0.5  # the comparison is of something
    assert (plain - theirs(ids).logits).abs().max() <= 1e-4
    segments = (torch.arange(30) >= torch.tensor([[11], [17], [30]])).long()
    real = torch.arange(30) < torch.tensor([[30], [25], [9]])
    expected = theirs(ids, attention_mask=real.long(), token_type_ids=segments).logits
    logits = ours(ids, mask=real[:, None, None], segments=segments)
    assert (logits - expected)[real].abs().max() <= 1e-4
    # Without either the agreement would mean less: both change what the model says.
    assert (ours(ids, mask=real[:, None, None]) - logits)[0].abs().max() > 0.1
    assert (ours(ids, segments=segments) - logits)[2, :9].abs().max() > 0.1


@torch.inference_mode()
def test_padding_is_not_read():
    torch.manual_seed(2)
    _, ours = pair(replace(BERT.config(), **TINY[0]))
    ids = torch.randint(0, 101, (1, 20))
    real = torch.arange(20)[None] < 12
    padded = ours(ids, mask=real[:, None, None])[:, :12]
    assert (padded - ours(ids[:, :12])).abs().max() <= 1e-4


@pytest.mark.parametrize(("size", "n_parameters"), [("base", 109_514_298), ("large", 335_174_458)])
def test_the_published_sizes(size, n_parameters):
    config = BERT.config(size)
    with torch.device("meta"):
        ours, theirs = build(config), BertForMaskedLM(their_config(config))
    assert ours.n_parameters == n_parameters == sum(p.numel() for p in theirs.parameters())
    assert config.norm_eps == theirs.config.layer_norm_eps
    assert config.dropout == theirs.config.hidden_dropout_prob


def test_the_miniature_is_gpt1s_but_for_its_choices():
    """The two are compared, so nothing but the architecture and the question may differ."""
    changed = diff(GPT1.config(), BERT.config())
    assert set(changed) == {"activation", "causal", "segments", "embedding_norm", "output", "norm_eps"}
    assert BERT.parent == "transformer"
    assert BERT.mixture == GPT1.mixture
    for quick in (True, False):
        ours, theirs = BERT.stages[0].recipe(quick), GPT1.stages[0].recipe(quick)
        assert (ours.steps, ours.batch_size) == (theirs.steps, theirs.batch_size)
