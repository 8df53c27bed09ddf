"""GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners").

The same decoder, larger, on text from the web, and asked to do tasks without any fine-tuning. Section 2.3: the norm
moves to the input of each sub-layer, one more norm follows the last block, and the projections into the residual
stream start smaller with depth. The paper's 1/sqrt(N) is absent from the released code; we follow its
re-implementations, N = 2 x n_layers.
"""

from __future__ import annotations

from ..training import Recipe
from .gpt1 import GPT1
from .records import MINI_PRETRAINING, Bilingual, Claim, Stage

GPT2 = GPT1.evolve(
    "gpt-2",
    year=2019,
    title="GPT-2",
    paper="Language Models are Unsupervised Multitask Learners",
    news=Bilingual(
        "Norm before each sub-layer, a wider and longer model, the web instead of books: tasks without fine-tuning.",
        "归一化移到每个子层之前，模型更大、上下文更长，用网页代替书籍：不微调也能做任务。",
    ),
    changed=dict(norm="pre", final_norm=True, residual_init="1/sqrt(2L)"),
    mini=dict(n_layers=3, d_model=128, n_heads=4, n_ctx=192),
    paper_sizes={
        "small": dict(n_layers=12, d_model=768, n_heads=12, n_ctx=1024, vocab_size=50_257),
        "medium": dict(n_layers=24, d_model=1024, n_heads=16, n_ctx=1024, vocab_size=50_257),
        "large": dict(n_layers=36, d_model=1280, n_heads=20, n_ctx=1024, vocab_size=50_257),
        "xl": dict(n_layers=48, d_model=1600, n_heads=25, n_ctx=1024, vocab_size=50_257),
    },
    mixture="web",
    stages=(
        Stage(
            objective="pretrain",
            release=Recipe(steps=3500, batch_size=12, **MINI_PRETRAINING),
            quick=Recipe(steps=1500, batch_size=12, **MINI_PRETRAINING),
        ),
    ),
    claims=(
        Claim(
            Bilingual(
                "Without fine-tuning, the state of the art on 7 of 8 language-modelling data sets.",
                "不经微调，在 8 个语言建模数据集中的 7 个上达到最好成绩。",
            ),
            "Abstract; Table 3",
        ),
        Claim(
            Bilingual(
                "Zero-shot performance rises with model size, from 117M to 1542M parameters.",
                "零样本成绩随模型规模（1.17 亿到 15.42 亿参数）而上升。",
            ),
            "Figure 1",
        ),
    ),
)
