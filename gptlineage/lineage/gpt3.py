"""GPT-3 (Brown et al. 2020, "Language Models are Few-Shot Learners").

GPT-2's network a hundred times larger, on a weighted mix of crawled text, with every other layer's attention limited
to a band (section 2.1); examples in the prompt take the place of gradient updates. The band's width is unpublished:
256 here at full size, as GPT-Neo chose, with the dense layer first; 8 in the miniature, which learns sooner with it
than with 64. Two rows of table 2.1 contradict themselves; the XL model gets 16 heads and the 13B model width 5120,
which fit the parameter counts of table D.1.
"""

from __future__ import annotations

from typing import Any

from ..training import Recipe
from .gpt2 import GPT2
from .records import MINI_PRETRAINING, Bilingual, Claim, Stage

# The larger model wants half the rates of its parents: data/results/sweep.json.
PRETRAINING = {**MINI_PRETRAINING, "lr": 3e-3, "matrix_lr": 0.02}


def published(n_layers: int, d_model: int, n_heads: int) -> dict[str, Any]:
    return dict(n_layers=n_layers, d_model=d_model, n_heads=n_heads, n_ctx=2048, vocab_size=50_257, band=256)


GPT3 = GPT2.evolve(
    "gpt-3",
    year=2020,
    title="GPT-3",
    paper="Language Models are Few-Shot Learners",
    news=Bilingual(
        "Much larger, with banded attention in every other layer: it learns a task from examples in the prompt.",
        "规模大得多，隔层使用带状注意力：从提示中的几个例子学会任务。",
    ),
    changed=dict(attention=("dense", "banded"), band=8),
    mini=dict(n_layers=4, d_model=192, n_heads=6, n_ctx=256),
    paper_sizes={
        "125m": published(12, 768, 12),
        "350m": published(24, 1024, 16),
        "760m": published(24, 1536, 16),
        "1.3b": published(24, 2048, 16),
        "2.7b": published(32, 2560, 32),
        "6.7b": published(32, 4096, 32),
        "13b": published(40, 5120, 40),
        "175b": published(96, 12_288, 96),
    },
    mixture="crawl",
    stages=(
        Stage(
            objective="pretrain",
            release=Recipe(steps=5000, batch_size=12, **PRETRAINING),
            quick=Recipe(steps=1500, batch_size=12, **PRETRAINING),
        ),
    ),
    claims=(
        Claim(
            Bilingual(
                "Loss falls as a power of compute: L = 2.57 x C^-0.048 (C in PF-days).",
                "损失按计算量的幂次下降：L = 2.57 × C^-0.048（C 以 PF-day 计）。",
            ),
            "Figure 3.1",
        ),
        Claim(
            Bilingual(
                "LAMBADA accuracy rises from 76.2 without examples to 86.4 with a few of them.",
                "LAMBADA 准确率从零样本的 76.2 升至少样本的 86.4。",
            ),
            "Table 3.2",
        ),
    ),
)
