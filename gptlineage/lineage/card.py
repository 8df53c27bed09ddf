"""The model card that lies in every checkpoint: what it is, where it comes from, what it cannot do."""

from __future__ import annotations

from typing import Any

from ..model import Config, RecurrentConfig
from .records import Generation


def model_card(generation: Generation, provenance: dict[str, Any], config: Config) -> str:
    """A page of Markdown in English and Chinese, made from the provenance alone."""
    stages = "\n".join(
        f"| {name} | {stage['recipe']['steps']:,} | {stage['tokens']:,} | {stage['recipe']['optimizer']} "
        f"| {stage['seconds'] / 60:.1f} min | {result(stage)} |"
        for name, stage in provenance["history"].items()
    )
    return f"""---
language: [en, zh]
license: mit
tags: [gptlineage, miniature]
---

# {generation.title} ({generation.year}), a miniature

{generation.news.en}
{generation.news.zh}

This is a gptlineage miniature after *{generation.paper}*. It is not OpenAI's model and shares no weights with it.
It knows only the small bilingual world it was trained on; what it says about anything else is invented.

这是按照上述论文制作的 gptlineage 微缩模型，不是 OpenAI 的模型，也不含其权重。
它只认识训练用的双语小世界；除此之外，它说的内容都是编造的。

| | |
|-|-|
| parameters | {provenance["n_parameters"]:,} |
| shape | {shape(config)} |
| data | {provenance["data"]} |
| parent | {provenance["parent"] or "none: trained from random weights"} |
| tokens seen | {provenance["tokens_seen"]:,} |
| recipe, seed | {provenance["recipe"]}, {provenance["seed"]} |
| date | {provenance["date"]} |

| stage | steps | tokens | optimizer | time | held out |
|-|-|-|-|-|-|
{stages}
"""


def shape(config: Config) -> str:
    """The sizes that a reader asks for first."""
    if isinstance(config, RecurrentConfig):
        attention = "with" if config.d_align else "without"
        return f"recurrent, states of {config.d_hidden}, {attention} attention, sentences of {config.n_ctx} tokens"
    layers = f"{config.encoder_layers} + {config.n_layers}" if config.encoder_layers else config.n_layers
    return f"{layers} layers x {config.d_model} wide, {config.n_heads} heads, {config.n_ctx} tokens of context"


def result(stage: dict[str, Any]) -> str:
    found = []
    if "val_loss" in stage:
        found.append(f"loss {stage['val_loss']:.3f} nats/token")
    if "mask_right" in stage:
        found.append(f"{stage['mask_right']:.0%} of masked tokens guessed")
    if "bleu_zh" in stage:
        found.append(f"BLEU {stage['bleu_zh']:.1f} into Chinese, {stage['bleu_en']:.1f} into English")
    if "held_out_right" in stage:
        found.append(f"{stage['held_out_right']:.0%} of dialogues right")
    return ", ".join(found)
