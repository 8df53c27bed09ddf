"""GPT-3.5 (OpenAI 2022; the method is InstructGPT's, Ouyang et al. 2022).

The network stays GPT-3's. What changes is the objective, in three stages: demonstrations of good replies to single
instructions, comparisons between the model's own replies, from which a reward model learns what people like, and
reinforcement learning (PPO) against that reward model, with pretraining pages mixed in (PPO-ptx, section 3.5).
Which GPT-3 stood behind GPT-3.5 is unpublished, so there is only the miniature.
"""

from __future__ import annotations

from typing import Any

from ..training import Recipe
from .gpt3 import GPT3
from .records import Bilingual, Claim, Stage

# Muon here too; its matrices move at the rate they had in pretraining.
DEMONSTRATIONS: dict[str, Any] = dict(
    batch_size=32, optimizer="muon", lr=2e-3, weight_decay=0.0, schedule="flat", final_lr=0.0
)
COMPARISONS: dict[str, Any] = dict(batch_size=32, lr=5e-4, weight_decay=0.0)
REINFORCEMENT: dict[str, Any] = dict(batch_size=32, lr=3e-4, weight_decay=0.0)

GPT35 = GPT3.evolve(
    "gpt-3.5",
    year=2022,
    title="GPT-3.5",
    paper="Training language models to follow instructions with human feedback",
    news=Bilingual(
        "The same network, shown how instructions are followed and then rewarded for what people prefer.",
        "网络不变：先看示范学会按指令行事，再因人们更喜欢的回答而得到奖励。",
    ),
    starts_from="gpt-3",
    single_turn=True,
    stages=(
        Stage(
            objective="sft",
            release=Recipe(steps=6000, **DEMONSTRATIONS),
            quick=Recipe(steps=200, **DEMONSTRATIONS),
            options=dict(page_rows=4),
        ),
        Stage(
            objective="reward",
            release=Recipe(steps=256, **COMPARISONS),
            quick=Recipe(steps=64, **COMPARISONS),
            options=dict(replies=4, strangers=True, labeler=dict(noise=0.15, longer=0.05)),
        ),
        Stage(
            objective="ppo",
            release=Recipe(steps=240, **REINFORCEMENT),
            quick=Recipe(steps=40, **REINFORCEMENT),
            options=dict(prompts=4096, page_rows=2, settings=dict(beta=0.1, ptx=0.3)),
        ),
    ),
    claims=(
        Claim(
            Bilingual(
                "People prefer the aligned 1.3B model to the 175B GPT-3 that it is a hundredth of.",
                "人们更喜欢对齐后的 13 亿参数模型，而不是大一百多倍的 1750 亿参数 GPT-3。",
            ),
            "InstructGPT, Figure 1",
        ),
    ),
)
