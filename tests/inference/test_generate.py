"""Decoding: the cache changes nothing, seeds decide, streams and batches agree with single texts and `transformers`."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.inference import Sampling, generate_ids, reply_to_all, sample_batch
from gptlineage.inference.generate import generate_text, pieces
from gptlineage.model import ConfigError, ModelConfig
from gptlineage.paths import data_dir
from gptlineage.text import Tokenizer, encode_prompt
from tests.model import foreign
from tests.tiny import BYTES, tiny_model

GREEDY = Sampling(temperature=0.0)
SHIPPED = Tokenizer.load(data_dir() / "tokenizer")


def ids_of(model, prompt, n=20, sampling=GREEDY, **choices) -> list[int]:
    return list(generate_ids(model, prompt, max_new_tokens=n, sampling=sampling, **choices))


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 100),
    prompt=st.lists(st.integers(0, 255), min_size=1, max_size=24),
    band=st.sampled_from([0, 5]),
    positions=st.sampled_from(["learned", "sinusoidal"]),
)
def test_the_cache_changes_no_token_not_even_beyond_the_window(seed, prompt, band, positions):
    choices = dict(attention=("dense", "banded"), band=band) if band else {}
    model = tiny_model(seed, spread=0.3, positions=positions, **choices)
    cached = ids_of(model, prompt, 60)
    assert len(cached) == 60 > model.config.n_ctx
    assert ids_of(model, prompt, 60, use_cache=False) == cached
    drawn = Sampling(temperature=1.0, top_k=0, seed=seed)
    assert ids_of(model, prompt, 40, drawn, use_cache=False) == ids_of(model, prompt, 40, drawn)


def test_greedy_takes_the_likeliest_token_each_time():
    model = tiny_model(2, spread=0.3)
    context = [1, 2, 3]
    for token in ids_of(model, context, 15):
        with torch.no_grad():
            assert token == model(torch.tensor([context]))[0, -1].argmax()
        context.append(token)


def test_beyond_the_window_the_newer_half_is_remembered():
    model = tiny_model(2, spread=0.3)  # n_ctx 24
    prompt = list(range(24))
    first = ids_of(model, prompt, 1)
    assert ids_of(model, prompt, 5)[1:] == ids_of(model, (prompt + first)[-12:], 4)


def test_a_prompt_longer_than_the_window_is_refused():
    with pytest.raises(ConfigError, match="25 tokens do not fit"):
        ids_of(tiny_model(), [1] * 25)


def test_greedy_text_equals_that_of_transformers():
    torch.manual_seed(3)
    config = ModelConfig(n_layers=2, d_model=32, n_heads=4, n_ctx=48, vocab_size=97)
    theirs, ours = foreign.gpt2(config)
    with torch.no_grad():  # strong positions: a text of 25 different places, not 25 times the same token
        theirs.transformer.wpe.weight.mul_(8)
        ours.positions.weight.mul_(8)
    for length in (1, 5, 20):
        ids = torch.randint(0, 97, (1, length))
        with torch.inference_mode():
            out = theirs.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=25, do_sample=False, pad_token_id=0
            )
        expected = out[0, length:].tolist()
        assert len(set(expected)) > 10
        assert ids_of(ours, ids[0].tolist(), 25) == expected


def test_the_seed_decides():
    model = tiny_model(spread=0.2)

    def drawn(seed):
        return ids_of(model, [65], 40, Sampling(temperature=1.0, top_k=0, seed=seed))

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert ids_of(model, [65], 40, Sampling(temperature=1e-6, seed=1)) == ids_of(model, [65], 40)


def test_stop_and_banned_tokens():
    model = tiny_model(4, spread=0.3)
    free = ids_of(model, [65], 20)
    stop = free[7]
    assert ids_of(model, [65], 20, stop=[stop]) == free[: free.index(stop)]
    assert stop not in ids_of(model, [65], 20, banned=[stop])
    # A stop token may come although it is banned: special tokens are banned, and one of them ends the text.
    assert ids_of(model, [65], 20, stop=[stop], banned=[stop]) == free[: free.index(stop)]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")))
def test_streamed_pieces_join_to_the_text_and_hold_no_half_character(text):
    for tokenizer in (BYTES, SHIPPED):
        parts = list(pieces(tokenizer, tokenizer.encode(text)))
        assert "".join(parts) == text
        assert all(parts)
        assert not any("\ufffd" in part for part in parts)


def test_bytes_that_are_no_text_show_as_such():
    assert list(pieces(BYTES, [65, 0xFF, 66])) == ["A", "\ufffd", "B"]
    assert "".join(pieces(BYTES, [65, 0xE4, 0xBB])) == "A"  # cut off before it was a character
    assert list(pieces(BYTES, [65, 0xE4, 0xBB, 0x8E])) == ["A", "从"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.integers(0, 255), min_size=1, max_size=30), min_size=1, max_size=6), st.integers(0, 50))
def test_a_padded_batch_equals_single_texts(prompts, seed):
    """Also for prompts that are too long: they keep their last tokens."""
    model = tiny_model(seed, spread=0.3, attention=("dense", "banded"), band=6)
    stop = ids_of(model, prompts[0][-14:], 4)[-1]
    banned = [BYTES.end_of_text, 70]
    rows = sample_batch(model, prompts, max_new_tokens=10, sampling=GREEDY, stop=[stop], banned=banned)
    for prompt, row in zip(prompts, rows, strict=True):
        alone = ids_of(model, prompt[-14:], 10, stop=[stop], banned=banned)
        assert row in ([*alone, stop], alone)
        assert (row[-1] == stop) == (len(alone) < 10)


def test_replies_come_back_in_the_order_asked():
    model, end = tiny_model(1, spread=0.3, n_ctx=128), BYTES.special["<|end|>"]
    talks = [[dict(role="user", content="word " * n)] for n in (3, 1, 7, 2, 5, 4)]
    spoken = ids_of(model, encode_prompt(BYTES, talks[0], 128, 80), 80, banned=BYTES.special_ids)
    with torch.no_grad():  # so that some replies end: wherever this token came, the end is likelier now
        model.tokens.weight[end] = model.tokens.weight[spoken[20]] * 1.01
    replies = reply_to_all(model, BYTES, talks, max_new_tokens=80, batch_size=4)
    banned = BYTES.special_ids
    for talk, reply in zip(talks, replies, strict=True):
        alone = ids_of(model, encode_prompt(BYTES, talk, 48), 80, stop=[end], banned=banned)
        assert reply == (BYTES.decode(alone) if len(alone) < 80 else "")
    assert len(set(replies)) > 2


def test_samples_for_the_log_are_reproducible():
    model = tiny_model(spread=0.2)
    once = generate_text(model, BYTES, "abc", max_new_tokens=12, seed=0)
    assert once == generate_text(model, BYTES, "abc", max_new_tokens=12, seed=0)
    long = "a prompt far longer than the window of this model"
    assert isinstance(generate_text(model, BYTES, long, max_new_tokens=3, seed=0), str)
