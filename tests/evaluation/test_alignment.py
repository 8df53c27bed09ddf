"""Alignments: spans of characters become tokens, and a known attention gets the error rate it deserves."""

from __future__ import annotations

from itertools import islice

import torch
from hypothesis import given
from hypothesis import strategies as st

from gptlineage.evaluation.alignment import alignment_errors, diagonal, missed, token_spans, tokens_of
from gptlineage.paths import data_dir
from gptlineage.text import Tokenizer
from gptlineage.world.bitext import Bitexts
from tests.inference.test_translate import RECURRENT, TRANSFORMER, translator

WORDS = Tokenizer.load(data_dir() / "tokenizer")


@given(st.text(alphabet="ab 汤姆喜欢é", max_size=12))
def test_tokens_cover_their_text(text):
    for tokenizer in (WORDS, Tokenizer()):
        spans = token_spans(tokenizer, text)
        assert len(spans) == len(tokenizer.encode(text))
        covered = {i for start, end in spans for i in range(start, end)}
        assert covered == set(range(len(text)))


def test_tokens_of_a_word():
    spans = token_spans(WORDS, "汤姆喜欢梨。")
    found = tokens_of((4, 5), spans)
    assert WORDS.decode([WORDS.encode("汤姆喜欢梨。")[i] for i in found]).strip("。") == "梨"


def test_a_perfect_attention_misses_nothing_and_a_wrong_one_all():
    source = target = [(0, 1), (1, 2), (2, 3), (3, 4)]
    links = [((0, 1), (3, 4)), ((2, 4), (0, 1))]
    right = torch.tensor([[0, 0, 0.1, 0.9], [0.25] * 4, [0.25] * 4, [0.7, 0.1, 0.1, 0.1]])
    assert missed(right, links, source, target) == [False, False]
    assert missed(right.flip(1), links, source, target) == [True, True]
    assert missed(diagonal(4, 4), links, source, target) == [True, True]


def test_every_layer_and_head_is_scored_beside_the_control():
    pairs = list(islice(Bitexts().pairs(seed=5, n_clauses=1), 2))
    lm = translator(type(TRANSFORMER)(**{**TRANSFORMER.to_dict(), "n_ctx": 200, "attention": ("dense",)}), scale=1.0)
    found = alignment_errors(lm, pairs)
    assert set(found) == {"diagonal", "layer 1", "layer 1 head 1", "layer 1 head 2"}
    recurrent = alignment_errors(translator(type(RECURRENT)(**{**RECURRENT.to_dict(), "n_ctx": 200}), 1.0), pairs)
    assert set(recurrent) == {"diagonal", "alignment"} and recurrent["diagonal"] == found["diagonal"]
    assert all(0 <= value <= 1 for value in found.values())
