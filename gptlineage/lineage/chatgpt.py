"""ChatGPT (OpenAI 2022).

GPT-3.5 taught to hold a conversation: demonstrations of several turns, with a memory, changes of subject, system
messages and refusals, then comparisons. These are learnt with DPO here, which needs no separate reward model; OpenAI
used one, and PPO, as GPT-3.5 does. ChatGPT's own size and data are unpublished, so there is only the miniature.
"""

from __future__ import annotations

from ..training import Recipe
from .gpt35 import DEMONSTRATIONS, GPT35
from .records import Bilingual, Claim, Stage

# What is learnt late is practised more than it is asked for, and what the exam has no kind for; the rest, a seventh,
# is what people ask. Three in ten type as people do, in small letters and with slips in names: the world's own do not.
PRACTICE = {
    "rewrite": 0.11, "correct": 0.06, "system": 0.09, "scramble": 0.07, "sum": 0.07, "fact_short": 0.06,
    "memory": 0.05, "mixed": 0.05, "passage": 0.04, "follow_up": 0.03, "list_three": 0.02, "sentiment": 0.02,
    "translate": 0.02, "recommend": 0.02, "harmful": 0.02,
    "free talk": 0.13,
}  # fmt: skip
# Gentler than GPT-3.5's, since they go on for nearly three times as long; the full rate was not tried at this length.
CONVERSATIONS = {**DEMONSTRATIONS, "lr": 1.5e-3, "matrix_lr": 0.01}

CHATGPT = GPT35.evolve(
    "chatgpt",
    year=2022,
    title="ChatGPT",
    paper="Introducing ChatGPT (OpenAI, 30 November 2022)",
    news=Bilingual(
        "Tuned on whole conversations: it remembers what was said, follows up, and declines politely.",
        "用整段对话微调：记得前面说过的话，能接着追问回答，也会礼貌地拒绝。",
    ),
    starts_from="gpt-3.5",
    single_turn=False,
    stages=(
        Stage(
            objective="sft",
            release=Recipe(steps=18_000, eval_every=1000, **CONVERSATIONS),
            quick=Recipe(steps=250, **DEMONSTRATIONS),
            options=dict(page_rows=2, practice=PRACTICE, newcomers=0.8, careless=0.3),
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
                "The dialogue format lets it answer follow-up questions, admit its mistakes, challenge incorrect "
                "premises and reject inappropriate requests.",
                "对话形式使它能够回答追问、承认错误、质疑不正确的前提，并拒绝不当的请求。",
            ),
            "OpenAI, 30 November 2022",
        ),
    ),
)
