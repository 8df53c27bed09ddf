"""GPT-1 (Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training").

Takes the decoder half of the Transformer and trains it to predict the next word of books; the same body is then
reused for every task. Architecture as in section 4.1 and the released code: post-LN without a final norm, the
tanh form of GELU, learned positions, biases everywhere, a tied output layer.
"""

from __future__ import annotations

from ..training import Recipe
from .records import MINI_PRETRAINING, Bilingual, Claim, Stage
from .transformer import TRANSFORMER

GPT1 = TRANSFORMER.evolve(
    "gpt-1",
    year=2018,
    title="GPT-1",
    paper="Improving Language Understanding by Generative Pre-Training",
    news=Bilingual(
        "Only the Transformer's decoder, pretrained on books to predict the next word.",
        "只保留 Transformer 的解码器，在书籍上预训练，学习预测下一个词。",
    ),
    changed=dict(encoder_layers=0, positions="learned", activation="gelu_tanh"),
    mini=dict(n_layers=2, d_model=96, n_heads=3, n_ctx=128, position_init="sinusoidal"),
    paper_sizes={
        "117m": dict(n_layers=12, d_model=768, n_heads=12, n_ctx=512, vocab_size=40_478, dropout=0.1),
    },
    mixture="books",
    stages=(
        Stage(
            objective="pretrain",
            release=Recipe(steps=2000, batch_size=16, **MINI_PRETRAINING),
            quick=Recipe(steps=900, batch_size=16, **MINI_PRETRAINING),
        ),
    ),
    claims=(
        Claim(
            Bilingual(
                "One pretrained body, fine-tuned, sets the state of the art on 9 of 12 language tasks.",
                "同一个预训练模型经过微调，在 12 项语言任务中的 9 项上刷新了最好成绩。",
            ),
            "Abstract",
        ),
        Claim(
            Bilingual(
                "Without pretraining the average score falls from 74.7 to 59.9.",
                "没有预训练时，平均分从 74.7 降到 59.9。",
            ),
            "Table 5",
        ),
    ),
)
