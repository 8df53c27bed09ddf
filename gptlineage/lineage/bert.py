"""BERT (Devlin et al. 2018, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding").

The other half of the Transformer: its encoder alone, which reads in both directions and learns by filling gaps.
Architecture as in section 3 and the released code: post-LN as in the Transformer, but learned positions, the exact
GELU, a norm over the embeddings, segments, and one more layer before the tied output. The miniature has GPT-1's body,
data and number of steps, so that the two differ in what they are asked to guess; without the paper's second task (see
`training.masked`) it meets one segment only.
"""

from __future__ import annotations

from typing import Any

from ..training import Recipe
from .records import MINI_PRETRAINING, Bilingual, Claim, Stage
from .transformer import TRANSFORMER

# At GPT-1's rates it guesses by frequency alone for 600 steps and more: a gap has no word of its own to start from.
TRAINING: dict[str, Any] = {**MINI_PRETRAINING, "lr": 2e-3, "matrix_lr": 0.02}

BERT = TRANSFORMER.evolve(
    "bert",
    year=2018,
    title="BERT",
    paper="BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
    news=Bilingual(
        "Only the Transformer's encoder: it reads in both directions and learns by filling gaps, but cannot write on.",
        "只保留 Transformer 的编码器：左右两边的文字都能看到，靠做完形填空来学习，但不会续写。",
    ),
    changed=dict(
        encoder_layers=0,
        causal=False,
        positions="learned",
        activation="gelu",
        embedding_norm=True,
        segments=2,
        output="transform",
        norm_eps=1e-12,
    ),
    mini=dict(n_layers=2, d_model=96, n_heads=3, n_ctx=128, position_init="sinusoidal"),
    paper_sizes={
        "base": dict(n_layers=12, d_model=768, n_heads=12, n_ctx=512, vocab_size=30_522, dropout=0.1),
        "large": dict(n_layers=24, d_model=1024, n_heads=16, n_ctx=512, vocab_size=30_522, dropout=0.1),
    },
    mixture="books",
    stages=(
        Stage(
            objective="mask",
            release=Recipe(steps=2000, batch_size=16, **TRAINING),
            quick=Recipe(steps=900, batch_size=16, **TRAINING),
        ),
    ),
    claims=(
        Claim(
            Bilingual(
                "At GPT-1's size the average score rises from 75.1 to 79.6; BERT large reaches 82.1.",
                "与 GPT-1 规模相当时，平均分从 75.1 升到 79.6；BERT large 达到 82.1。",
            ),
            "Table 1",
        ),
        Claim(
            Bilingual(
                "Without the right-hand context, finding answers in a text (SQuAD, F1) falls from 87.9 to 77.8, "
                "while sentiment (SST-2) hardly suffers: 92.6 to 92.1.",
                "看不到右边的文字时，在文中找答案（SQuAD，F1）从 87.9 降到 77.8，"
                "而情感分类（SST-2）几乎不受影响：从 92.6 到 92.1。",
            ),
            "Table 5",
        ),
    ),
)
