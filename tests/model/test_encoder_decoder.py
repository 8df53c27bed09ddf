"""The Transformer of 2017 against torch's own layers, and its decoding against its training."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gptlineage.model import ConfigError, EncoderDecoder, ModelConfig, build
from gptlineage.model.embeddings import sinusoids


def tiny(**changes) -> ModelConfig:
    base = dict(n_layers=2, encoder_layers=3, d_model=16, n_heads=4, n_ctx=14, vocab_size=29)
    architecture = dict(positions="sinusoidal", norm="post", final_norm=False, activation="relu")
    return ModelConfig(**{**base, **architecture, **changes})


def model_of(config: ModelConfig) -> EncoderDecoder:
    torch.manual_seed(0)
    model = build(config)
    assert isinstance(model, EncoderDecoder)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:  # biases and norms must matter too
                parameter.add_(torch.randn_like(parameter) * 0.3)
            else:
                parameter.mul_(1.5)
            assert parameter.isfinite().all(), name
    return model.eval()


def torchs(config: ModelConfig, ours: EncoderDecoder) -> tuple[nn.TransformerEncoder, nn.TransformerDecoder]:
    """torch.nn's encoder and decoder with our weights."""
    settings = dict(
        d_model=config.d_model,
        nhead=config.n_heads,
        dim_feedforward=config.d_ff,
        dropout=0.0,
        activation="relu",
        batch_first=True,
        norm_first=config.norm == "pre",
    )
    layer = nn.TransformerEncoderLayer(**settings)
    encoder = nn.TransformerEncoder(layer, config.encoder_layers, enable_nested_tensor=False)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**settings), config.n_layers)
    for theirs, blocks in ((encoder.layers, ours.encoder), (decoder.layers, ours.decoder)):
        for layer, block in zip(theirs, blocks, strict=True):
            weights = {
                "self_attn.in_proj_weight": block.attention.qkv.weight,
                "self_attn.in_proj_bias": block.attention.qkv.bias,
                "self_attn.out_proj.weight": block.attention.out.weight,
                "self_attn.out_proj.bias": block.attention.out.bias,
                "linear1.weight": block.mlp.up.weight,
                "linear1.bias": block.mlp.up.bias,
                "linear2.weight": block.mlp.down.weight,
                "linear2.bias": block.mlp.down.bias,
                "norm1.weight": block.norm1.weight,
                "norm1.bias": block.norm1.bias,
            }
            last = "norm2"
            if block.cross is not None:
                weights |= {
                    "multihead_attn.in_proj_weight": torch.cat((block.cross.q.weight, block.cross.kv.weight)),
                    "multihead_attn.in_proj_bias": torch.cat((block.cross.q.bias, block.cross.kv.bias)),
                    "multihead_attn.out_proj.weight": block.cross.out.weight,
                    "multihead_attn.out_proj.bias": block.cross.out.bias,
                    "norm2.weight": block.norm_cross.weight,
                    "norm2.bias": block.norm_cross.bias,
                }
                last = "norm3"
            weights |= {f"{last}.weight": block.norm2.weight, f"{last}.bias": block.norm2.bias}
            layer.load_state_dict(weights)
    return encoder.eval(), decoder.eval()


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_logits_equal_torchs_own_layers(norm):
    config = tiny(norm=norm)
    ours = model_of(config)
    encoder, decoder = torchs(config, ours)
    source, target = torch.randint(0, 29, (3, 9)), torch.randint(0, 29, (3, 7))
    lengths = torch.tensor([9, 4, 6])
    padding = torch.arange(9) >= lengths[:, None]
    waves = sinusoids(config.n_ctx, config.d_model)

    def embed(ids: torch.Tensor) -> torch.Tensor:
        return ours.tokens(ids) * config.d_model**0.5 + waves[: ids.shape[1]]

    with torch.inference_mode():
        memory = encoder(embed(source), src_key_padding_mask=padding)
        states = decoder(
            embed(target),
            memory,
            tgt_mask=nn.Transformer.generate_square_subsequent_mask(7),
            memory_key_padding_mask=padding,
        )
        expected = states @ ours.tokens.weight.T
        assert torch.allclose(ours(source, target, lengths), expected, atol=1e-4)


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "none"])
def test_writing_step_by_step_gives_the_logits_of_training(positions):
    model = model_of(tiny(positions=positions))
    source, target, lengths = torch.randint(0, 29, (2, 8)), torch.randint(0, 29, (2, 6)), torch.tensor([8, 3])
    with torch.inference_mode():
        writing = model.begin(source, lengths)
        steps = torch.stack([model.step(target[:, t], writing) for t in range(6)], dim=1)
        assert torch.allclose(steps, model(source, target, lengths), atol=1e-5)


def test_rows_may_be_taken_twice_and_in_another_order():
    model = model_of(tiny())
    source, lengths = torch.randint(0, 29, (2, 8)), torch.tensor([8, 3])
    with torch.inference_mode():
        writing = model.begin(source, lengths)
        model.step(torch.tensor([1, 2]), writing)
        writing.keep(torch.tensor([1, 0, 1]))
        logits = model.step(torch.tensor([5, 6, 7]), writing)
        target = torch.tensor([[2, 5], [1, 6], [2, 7]])
        expected = model(source[[1, 0, 1]], target, lengths[[1, 0, 1]])[:, -1]
    assert torch.allclose(logits, expected, atol=1e-5)


def test_padding_changes_nothing():
    model = model_of(tiny())
    source, target = torch.randint(0, 29, (1, 5)), torch.randint(0, 29, (1, 4))
    padded = torch.cat((source, torch.randint(0, 29, (1, 6))), dim=1)
    with torch.inference_mode():
        alone = model(source, target, torch.tensor([5]))
        assert torch.allclose(model(padded, target, torch.tensor([5])), alone, atol=1e-5)
        assert not torch.allclose(model(padded, target, torch.tensor([11])), alone, atol=1e-2)


def test_the_three_embeddings_are_one():
    model = model_of(tiny())
    assert sum("tokens" in name or "head" in name for name, _ in model.named_parameters()) == 1


def test_training_in_bfloat16_hides_padding_too():
    model = model_of(tiny()).train()
    source, target, lengths = torch.randint(0, 29, (2, 8)), torch.randint(0, 29, (2, 6)), torch.tensor([8, 3])
    with torch.autocast("cpu", torch.bfloat16):
        half = model(source, target, lengths)
    assert torch.allclose(half, model(source, target, lengths), atol=0.3)
    half.sum().backward()


@pytest.mark.parametrize(
    "bad", [dict(encoder_layers=-1), dict(causal=False), dict(segments=2), dict(output="transform")]
)
def test_what_does_not_fit_is_said(bad):
    with pytest.raises(ConfigError):
        tiny(**bad)


def test_a_source_that_is_too_long_is_said():
    model = model_of(tiny())
    with pytest.raises(ConfigError, match="15 tokens do not fit"):
        model.begin(torch.zeros(1, 15, dtype=torch.long), torch.tensor([15]))
