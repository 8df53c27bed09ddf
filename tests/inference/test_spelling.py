"""Whatever a model wants to say, what a person reads is text."""

from __future__ import annotations

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gptlineage.inference import Sampling, generate_ids
from gptlineage.inference.generate import pieces
from gptlineage.inference.spelling import Spelling, misspellings
from gptlineage.paths import data_dir
from gptlineage.text import Tokenizer
from tests.tiny import BYTES, tiny_model

SHIPPED = Tokenizer.load(data_dir() / "tokenizer")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.text(alphabet="a汤é😀", max_size=3))
@example(103, "a")  # it happens to write the bytes of U+FFFD
def test_an_untrained_model_of_bytes_writes_text(seed, prompt):
    """It draws among all bytes alike, three in four of which begin or go on with no character."""
    model = tiny_model(seed % 7, spread=0.3, n_ctx=64)
    ids = [BYTES.end_of_text, *BYTES.encode(prompt)]
    drawn = generate_ids(
        model, ids, max_new_tokens=30, sampling=Sampling(temperature=2.0, top_k=0, seed=seed),
        banned=BYTES.special_ids, spelling=Spelling(BYTES, ids),
    )  # fmt: skip
    written = bytes(drawn).replace("\ufffd".encode(), b"")  # the sign for what is no character is one itself
    assert "\ufffd" not in "".join(pieces(BYTES, written))


@given(st.text(min_size=1, max_size=12))
def test_no_text_is_forbidden(text):
    text = text.encode("utf-8", "replace").decode()
    for tokenizer in (BYTES, SHIPPED):
        spelling = Spelling(tokenizer)
        for token in tokenizer.encode(text):
            assert token not in spelling.forbidden()
            spelling.take(token)
        assert tokenizer.end_of_text not in spelling.forbidden()


def test_half_a_character_must_be_ended_first():
    begun = misspellings(BYTES, b"\xe4\xbb")
    assert set(range(256)) - set(begun.tolist()) == set(range(0x80, 0xC0))
    assert BYTES.end_of_text in begun and BYTES.end_of_text not in misspellings(BYTES, b"")
    assert torch.isin(torch.tensor([0x80, 0xFF]), misspellings(BYTES, b"")).all()
