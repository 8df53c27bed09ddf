"""ChatGPT (OpenAI 2022; the method is InstructGPT's, Ouyang et al. 2022).

The network stays GPT-3's. What changes is the objective: first demonstrations of good replies, then comparisons
between replies. The comparisons are learnt with DPO here, which needs no separate reward model; OpenAI used one,
and PPO. ChatGPT's own size and data are unpublished, so there is only the miniature.
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

CHATGPT = GPT3.evolve(
    "chatgpt",
    year=2022,
    title="ChatGPT",
    paper="Training language models to follow instructions with human feedback",
    news=Bilingual(
        "The same network, tuned on conversations and then on preferences: it answers instead of continuing.",
        "网络不变，先用对话微调，再按偏好调整：它回答问题，而不只是续写。",
    ),
    starts_from="gpt-3",
    stages=(
        Stage(
            objective="sft",
            release=Recipe(steps=4500, **DEMONSTRATIONS),
            quick=Recipe(steps=400, **DEMONSTRATIONS),
            options=dict(page_rows=4),
        ),
        Stage(
            objective="dpo",
            release=Recipe(steps=20, batch_size=32, lr=5e-5, weight_decay=0.0),
            quick=Recipe(steps=20, batch_size=32, lr=5e-5, weight_decay=0.0),
            options=dict(
                prompts=1024, replies=4, beta=0.3, strangers=False, labeler=dict(noise=0.0, longer=0.0)
            ),
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
