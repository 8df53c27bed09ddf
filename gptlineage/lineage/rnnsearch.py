"""RNNsearch (Bahdanau, Cho and Bengio 2014, "Neural Machine Translation by Jointly Learning to Align and Translate").

A recurrent network that translates looks back at the source before every word it writes. Before it, a sentence had to
fit into one vector (RNNencdec: Cho et al. 2014; here the size "fixed", with as many weights). Architecture as in
appendix A, initialisation as in B.1; the miniatures have one vocabulary and read either language, the paper had two
vocabularies and one direction. It trained with Adadelta; Adam takes a tenth of the steps here.
"""

from __future__ import annotations

from typing import Any

from ..model import RecurrentConfig
from ..training import Recipe
from .records import MINI_VOCAB_SIZE, Bilingual, Claim, Generation, Stage

PAPER: dict[str, Any] = dict(d_embed=620, d_hidden=1000, d_maxout=500, n_ctx=50, vocab_size=30_000, shared=False)
MINI: dict[str, Any] = dict(d_embed=96, d_maxout=64, n_ctx=72, vocab_size=MINI_VOCAB_SIZE)

RNNSEARCH = Generation(
    name="rnnsearch",
    year=2014,
    title="RNNsearch",
    paper="Neural Machine Translation by Jointly Learning to Align and Translate",
    parent=None,
    news=Bilingual(
        "A network that translates looks back over the whole source before each word: attention is invented.",
        "翻译网络每写一个词，都回看整句原文：注意力由此诞生。",
    ),
    mixture="bitext",
    sizes=("mini", "fixed", "search-50", "enc-50"),
    configs={
        "mini": RecurrentConfig(d_hidden=128, d_align=96, **MINI),
        "fixed": RecurrentConfig(d_hidden=134, **MINI),
        "search-50": RecurrentConfig(d_align=1000, **PAPER),
        "enc-50": RecurrentConfig(**PAPER),
    },
    stages=(
        Stage(
            objective="translate",
            release=Recipe(steps=2000, batch_size=32, lr=4e-3, weight_decay=0.0, schedule="flat", final_lr=0.0),
            quick=Recipe(steps=600, batch_size=32, lr=4e-3, weight_decay=0.0, schedule="flat", final_lr=0.0),
            options=dict(smoothing=0.0, reverse=False),
        ),
    ),
    claims=(
        Claim(
            Bilingual(
                "English to French, trained on sentences of up to 50 words: BLEU 26.75 with attention, 17.82 without.",
                "英译法，用不超过 50 词的句子训练：有注意力时 BLEU 为 26.75，没有时为 17.82。",
            ),
            "Table 1",
        ),
        Claim(
            Bilingual(
                "Without attention the quality falls as sentences grow; with it, it does not.",
                "没有注意力时，句子越长质量越差；有注意力时则不会。",
            ),
            "Figure 2",
        ),
    ),
)
