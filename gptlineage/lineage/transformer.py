"""The Transformer (Vaswani et al. 2017, "Attention Is All You Need").

Recurrence goes, attention stays: every word sees every other in one step, so that a whole sentence is trained at once.
An encoder reads, a decoder writes; both repeat the one block of this family. Section 3: post-LN, ReLU, waves for
positions, one matrix for both embeddings and the output. The paper's schedule (inverse square root, section 5.3) is
there as `schedule="inverse_sqrt"`; the miniature trains with Muon, like its descendants.
"""

from __future__ import annotations

from typing import Any

from ..model import ModelConfig
from ..training import Recipe
from .records import MINI_VOCAB_SIZE, Bilingual, Claim, Generation, Stage

ARCHITECTURE: dict[str, Any] = dict(
    positions="sinusoidal", norm="post", final_norm=False, activation="relu", residual_init="plain"
)
PAPER: dict[str, Any] = dict(n_layers=6, encoder_layers=6, n_ctx=512, vocab_size=37_000, **ARCHITECTURE)
TRAINING: dict[str, Any] = dict(
    batch_size=32, optimizer="muon", lr=2e-3, matrix_lr=0.02, weight_decay=0.0, schedule="flat", final_lr=0.0
)

TRANSFORMER = Generation(
    name="transformer",
    year=2017,
    title="Transformer",
    paper="Attention Is All You Need",
    parent="rnnsearch",
    news=Bilingual(
        "No recurrence: attention alone, in layers, so that all words of a sentence are worked on at once.",
        "不再循环：只用一层层注意力，句中所有的词同时处理。",
    ),
    mixture="bitext",
    sizes=("mini", "base", "big"),
    configs={
        "mini": ModelConfig(
            n_layers=2,
            encoder_layers=2,
            d_model=128,
            n_heads=4,
            n_ctx=72,
            vocab_size=MINI_VOCAB_SIZE,
            **ARCHITECTURE,
        ),
        "base": ModelConfig(d_model=512, n_heads=8, dropout=0.1, **PAPER),
        "big": ModelConfig(d_model=1024, n_heads=16, dropout=0.3, **PAPER),
    },
    stages=(
        Stage(
            objective="translate",
            release=Recipe(steps=2000, **TRAINING),
            quick=Recipe(steps=600, **TRAINING),
            options=dict(smoothing=0.1, reverse=False),
        ),
    ),
    claims=(
        Claim(
            Bilingual(
                "English to German: BLEU 28.4, more than two above the best before, ensembles included.",
                "英译德：BLEU 28.4，比此前最好的结果（包括集成模型）高出两分多。",
            ),
            "Abstract; Table 2",
        ),
        Claim(
            Bilingual(
                "One step connects any two positions; a recurrent layer needs as many as there are words between them.",
                "任意两个位置只隔一步；循环层则要走过中间的每一个词。",
            ),
            "Table 1",
        ),
    ),
)
