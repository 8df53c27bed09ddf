"""Random models of `transformers`, and their weights under our names."""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoConfig,
    GPTNeoForCausalLM,
    OpenAIGPTConfig,
    OpenAIGPTLMHeadModel,
)

from gptlineage.model import ModelConfig, Stack, build


def randomize(model: torch.nn.Module) -> None:
    """Weights large enough that every part of the network matters, biases and norms included."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "ln" in name and name.endswith("weight"):
                parameter.normal_(1.0, 0.2)
            else:
                parameter.normal_(0.0, 0.15)


def gpt2_style(source: dict[str, Tensor], n_layers: int, names: dict[str, str]) -> dict[str, Tensor]:
    """GPT-1's and GPT-2's layout: fused query-key-value, matrices stored as [in, out]."""
    weights = {
        "tokens.weight": source[names["tokens"]],
        "positions.weight": source[names["positions"]],
    }
    parts = {
        "attn.c_attn": "attention.qkv",
        "attn.c_proj": "attention.out",
        "mlp.c_fc": "mlp.up",
        "mlp.c_proj": "mlp.down",
    }
    for layer in range(n_layers):
        for theirs, ours in parts.items():
            weights[f"blocks.{layer}.{ours}.weight"] = source[f"transformer.h.{layer}.{theirs}.weight"].T
            weights[f"blocks.{layer}.{ours}.bias"] = source[f"transformer.h.{layer}.{theirs}.bias"]
        for theirs, ours in (("ln_1", "norm1"), ("ln_2", "norm2")):
            for kind in ("weight", "bias"):
                weights[f"blocks.{layer}.{ours}.{kind}"] = source[f"transformer.h.{layer}.{theirs}.{kind}"]
    return weights


def gpt1(config: ModelConfig) -> tuple[torch.nn.Module, Stack]:
    theirs = OpenAIGPTLMHeadModel(
        OpenAIGPTConfig(
            vocab_size=config.vocab_size,
            n_positions=config.n_ctx,
            n_embd=config.d_model,
            n_layer=config.n_layers,
            n_head=config.n_heads,
        )
    )
    randomize(theirs)
    names = {"tokens": "transformer.tokens_embed.weight", "positions": "transformer.positions_embed.weight"}
    return theirs.eval(), load(config, gpt2_style(theirs.state_dict(), config.n_layers, names))


def gpt2(config: ModelConfig) -> tuple[torch.nn.Module, Stack]:
    theirs = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.n_ctx,
            n_embd=config.d_model,
            n_layer=config.n_layers,
            n_head=config.n_heads,
        )
    )
    randomize(theirs)
    names = {"tokens": "transformer.wte.weight", "positions": "transformer.wpe.weight"}
    source = theirs.state_dict()
    weights = gpt2_style(source, config.n_layers, names)
    weights |= {f"norm.{kind}": source[f"transformer.ln_f.{kind}"] for kind in ("weight", "bias")}
    return theirs.eval(), load(config, weights)


def gpt3(config: ModelConfig) -> tuple[torch.nn.Module, Stack]:
    """GPT-Neo alternates global and local layers. It does not scale attention by 1/sqrt(d_head), and has no bias on
    queries, keys and values; so its query weights take the scale, and ours get zero biases there."""
    theirs = GPTNeoForCausalLM(
        GPTNeoConfig(
            vocab_size=config.vocab_size,
            max_position_embeddings=config.n_ctx,
            hidden_size=config.d_model,
            num_layers=config.n_layers,
            num_heads=config.n_heads,
            attention_types=[[["global", "local"], config.n_layers // 2]],
            window_size=config.band,
        )
    )
    randomize(theirs)
    source, weights = theirs.state_dict(), {}
    weights["tokens.weight"] = source["transformer.wte.weight"]
    weights["positions.weight"] = source["transformer.wpe.weight"]
    for layer in range(config.n_layers):
        here, there = f"blocks.{layer}", f"transformer.h.{layer}"
        q, k, v = (source[f"{there}.attn.attention.{name}_proj.weight"] for name in "qkv")
        weights[f"{here}.attention.qkv.weight"] = torch.cat([q * config.d_head**0.5, k, v])
        weights[f"{here}.attention.qkv.bias"] = torch.zeros(3 * config.d_model)
        for theirs_name, ours in (
            ("attn.attention.out_proj", "attention.out"),
            ("mlp.c_fc", "mlp.up"),
            ("mlp.c_proj", "mlp.down"),
            ("ln_1", "norm1"),
            ("ln_2", "norm2"),
        ):
            for kind in ("weight", "bias"):
                weights[f"{here}.{ours}.{kind}"] = source[f"{there}.{theirs_name}.{kind}"]
    weights |= {f"norm.{kind}": source[f"transformer.ln_f.{kind}"] for kind in ("weight", "bias")}
    return theirs.eval(), load(config, weights)


def load(config: ModelConfig, weights: dict[str, Tensor]) -> Stack:
    model = build(config)
    model.load_state_dict(weights)
    return model.eval()
