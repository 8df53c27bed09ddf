"""What is shown of a model is what it computes: probabilities, layers, attention; and tokens are shown as they are."""

from __future__ import annotations

import json
import math
import threading
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gptlineage.inference import LanguageModel, Sampling, generate_ids
from gptlineage.inference.inspect import (
    as_token,
    attention_maps,
    attention_view,
    branch,
    entropy_bits,
    go_on,
    likeliest,
    logit_lens,
    message_ids,
    place_of_byte,
    readable,
    split_characters,
    token_reports,
)
from gptlineage.inference.spelling import Spelling
from gptlineage.text import Tokenizer
from tests.tiny import BYTES, complaint, tiny_model

MERGED = Tokenizer.train(["The cat is on the mat. 猫在垫子上。"] * 20, 300)
GREEDY = Sampling(temperature=0)


def tiny_lm(stages: tuple[str, ...] = ("pretrain",), **changes) -> LanguageModel:
    return LanguageModel("tiny", tiny_model(spread=0.2, **changes), BYTES, {"stages": list(stages)})


@pytest.mark.parametrize(
    "changes", [{}, dict(attention=("dense", "banded"), band=5), dict(norm="post"), dict(causal=False)]
)
def test_the_weights_are_those_of_the_forward_pass(changes):
    model, ids, mixed = tiny_model(spread=0.2, **changes), torch.randint(0, 256, (2, 20)), []
    for block in model.blocks:
        block.attention.register_forward_hook(lambda layer, inputs, output: mixed.append((layer, inputs[0], output)))
    maps = attention_maps(model, ids)
    assert len(maps) == 2 and len(mixed) == 2
    for weights, (layer, x, output) in zip(maps, mixed, strict=True):
        assert weights.shape == (2, 2, 20, 20)
        assert torch.allclose(weights.sum(-1), torch.ones(2, 2, 20))
        with torch.inference_mode():
            values = layer.qkv(x)[..., 32:].view(2, 20, 2, 8).transpose(1, 2)
            again = layer.out((weights @ values).transpose(1, 2).reshape(2, 20, 16))
        assert torch.allclose(again, output, atol=1e-5)
    if changes.get("causal", True):
        assert all(weights.triu(1).abs().max() == 0 for weights in maps)
    if "band" in changes:
        assert maps[1].tril(-5).abs().max() == 0 < maps[0].tril(-5).abs().max()


def test_looking_leaves_no_trace():
    model, ids = tiny_model(spread=0.2), torch.randint(0, 256, (1, 10))
    before = model(ids)
    attention_maps(model, ids)
    assert torch.equal(model(ids), before)
    assert not any(block.attention._forward_pre_hooks for block in model.blocks)


# ---- tokens


@given(st.binary())
def test_what_is_shown_is_the_bytes_of_the_text(data: bytes):
    parts = readable(data)
    assert b"".join(part.encode() if isinstance(part, str) else part for part in parts) == data
    assert all(parts) and all(type(a) is not type(b) for a, b in pairwise(parts))


@given(st.text())
def test_tokens_put_together_are_the_text(text: str):
    text = text.encode("utf-8", "replace").decode()
    tokens = [as_token(MERGED, token) for token in MERGED.encode(text)]
    assert b"".join(token.data for token in tokens) == text.encode()
    assert all(str(token).isprintable() and " " not in str(token).replace("⟨", "").split("⟩")[-1] for token in tokens)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b" is", "␣is"),
        (b".\r\n\t", ".␍↵⇥"),
        ("国".encode() + b"\xe4\xbd", "国⟨E4 BD⟩"),
        (b"\xbd\xa0 ok", "⟨BD A0⟩␣ok"),
        ("a\u3000b".encode(), "a␣b"),
        ("\u200b".encode(), "⟨E2 80 8B⟩"),  # without a shape: nothing would be seen
        (b"\x00\x1b[31m", "⟨00 1B⟩[31m"),
        ("🙂".encode(), "🙂"),
    ],
)
def test_every_token_can_be_seen(data: bytes, shown: str):
    tokenizer = Tokenizer([data])
    assert str(as_token(tokenizer, 256)) == shown


def test_special_tokens_have_names_and_no_text():
    token = as_token(BYTES, BYTES.end_of_text)
    assert (token.special, token.data, str(token)) == ("endoftext", b"", "<|endoftext|>")
    with complaint("no token 265"):
        as_token(BYTES, BYTES.vocab_size)


def test_the_parts_of_a_character_know_it():
    ids = [*BYTES.encode("a猫é"), 0xE4, *BYTES.encode("b")]
    assert split_characters(BYTES, ids) == ["", "猫", "猫", "猫", "é", "é", "", ""]


def test_a_spot_is_found_again_in_other_tokens():
    text = "The cat 猫"
    small, large = BYTES.encode(text), [MERGED.end_of_text, *MERGED.encode(text)]
    for place, token in enumerate(large[1:], 1):
        offset = len(b"".join(map(MERGED.token_bytes, large[:place])))
        assert small[place_of_byte(BYTES, small, offset)] == MERGED.token_bytes(token)[0]
    assert place_of_byte(BYTES, small, 1000) == len(small)


# ---- what is read


def test_a_text_that_cannot_be_read_is_refused():
    lm = tiny_lm()
    assert lm.read("Hi") == [BYTES.end_of_text, *b"Hi"]
    with complaint("prompt is empty"):
        lm.read(" \n")
    with complaint("24 tokens, but tiny reads at most 23"):
        lm.read("x" * 24)
    with complaint("never taught to converse"):
        message_ids(lm, "Hi")
    speaker = tiny_lm(stages=("pretrain", "sft"))
    special = BYTES.special
    assert message_ids(speaker, "Hi") == [special["<|user|>"], *b"Hi", special["<|end|>"], special["<|assistant|>"]]
    with complaint("only 18 fit"):
        message_ids(speaker, "x" * 16)


# ---- probabilities


def test_entropy_is_in_bits():
    known = torch.tensor([[0.25] * 4, [1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.5, 0.25, 0.125, 0.125]])
    assert torch.allclose(entropy_bits(known), torch.tensor([2.0, 0.0, 1.0, 1.75]))


def test_reports_are_the_models_own_probabilities():
    lm = tiny_lm()
    ids = lm.read("The cat 猫")
    with torch.inference_mode():
        wanted = lm.model(torch.tensor([ids])).softmax(-1)[0]
    reports = token_reports(lm, ids, top=4)
    assert [report.token and report.token.id for report in reports] == [*ids, None]
    first, last = reports[0], reports[-1]
    assert (first.probability, first.rank, first.entropy, first.alternatives) == (None, None, None, ())
    assert (last.probability, last.rank) == (None, None) and len(last.alternatives) == 4
    for place, report in enumerate(reports[1:], 1):
        row = wanted[place - 1]
        assert report.entropy == pytest.approx(-sum(p * math.log2(p) for p in row.tolist()), abs=1e-4)
        for one in report.alternatives:
            assert one.probability == pytest.approx(row[one.token.id].item())
        assert report.alternatives == likeliest(BYTES, row, 4)
        assert report.alternatives[0].token.id == row.argmax()
        if report.token:
            assert report.probability == pytest.approx(row[report.token.id].item())
            assert report.rank == 1 + sorted(row.tolist(), reverse=True).index(row[report.token.id].item())
    assert [report.within for report in reports] == [""] * 9 + ["猫"] * 3 + [""]


def test_a_report_is_plain_data():
    lm = tiny_lm()
    rows = json.loads(json.dumps([report.to_dict() for report in token_reports(lm, lm.read("猫 a"), top=2)]))
    assert rows[1]["token"] == "⟨E7⟩" and rows[1]["bytes"] == [0xE7] and rows[1]["id"] == 0xE7
    assert "token" not in rows[-1] and len(rows[-1]["alternatives"]) == 2
    assert set(rows[4]) == {"id", "token", "bytes", "probability", "rank", "entropy_bits", "alternatives"}


def test_a_text_as_long_as_the_window_is_read_to_its_end():
    lm = tiny_lm()
    ids = lm.read("x" * 23)
    assert len(token_reports(lm, ids)) == 25
    assert list(go_on(lm, ids, 5, GREEDY)) == []
    with complaint("cannot branch at place 24"):
        branch(lm, ids, 24, 65, max_new_tokens=5, sampling=GREEDY)


def test_a_branch_goes_on_by_the_engines_own_generation():
    lm = tiny_lm()
    ids = lm.read("The cat")
    start = [*ids[:4], 65]
    followed = generate_ids(
        lm.model, start, max_new_tokens=6, sampling=GREEDY, stop=[BYTES.end_of_text], banned=BYTES.special_ids,
        spelling=Spelling(BYTES, start),
    )
    assert branch(lm, ids, 4, 65, max_new_tokens=6, sampling=GREEDY) == [*start, *followed]
    assert len(branch(lm, ids, 4, 65, max_new_tokens=99, sampling=GREEDY)) == 24  # the window
    seeded = [branch(lm, ids, 8, 65, max_new_tokens=6, sampling=Sampling(seed=seed)) for seed in (1, 1, 2)]
    assert seeded[0] == seeded[1] != seeded[2]


def test_after_an_end_nothing_follows():
    lm = tiny_lm()
    ids = lm.read("The cat")
    assert branch(lm, ids, 8, BYTES.end_of_text, max_new_tokens=6, sampling=GREEDY) == [*ids, BYTES.end_of_text]


@pytest.mark.parametrize(("place", "token", "match"), [(0, 65, "place 0"), (9, 65, "place 9"), (3, -1, "no token -1")])
def test_a_branch_from_nowhere_is_refused(place: int, token: int, match: str):
    lm = tiny_lm()
    with complaint(match):
        branch(lm, lm.read("The cat"), place, token, max_new_tokens=6, sampling=GREEDY)


# ---- layers


@pytest.mark.parametrize("changes", [{}, dict(norm="post", final_norm=False), dict(output="transform", causal=False)])
def test_the_last_layer_of_the_lens_is_the_models_answer(changes):
    model, ids = tiny_model(spread=0.2, n_layers=3, **changes), torch.randint(0, 256, (20,))
    for position in (0, 7, 19):
        layers = logit_lens(model, ids, position)
        assert layers.shape == (3, BYTES.vocab_size)
        assert torch.allclose(layers.sum(-1), torch.ones(3))
        with torch.inference_mode():
            assert torch.allclose(layers[-1], model(ids[None]).softmax(-1)[0, position], atol=1e-6)
        assert (layers[0] - layers[-1]).abs().max() > 1e-4


def test_the_first_layer_of_the_lens_is_a_model_of_one_layer():
    """Cut off after its first block, the model says what the lens reads there."""
    model, ids = tiny_model(spread=0.2), torch.randint(0, 256, (12,))
    layers = logit_lens(model, ids, 5)
    model.blocks = model.blocks[:1]
    with torch.inference_mode():
        assert torch.allclose(layers[0], model(ids[None]).softmax(-1)[0, 5], atol=1e-6)


def test_looking_and_generating_at_once_do_not_meet():
    """The studio's visitors share one copy of a model."""
    lm = tiny_lm()
    ids = torch.tensor(lm.read("The cat is on the mat"))
    lens, maps = logit_lens(lm.model, ids, 20), attention_maps(lm.model, ids[None])
    ended, wrong = threading.Event(), []

    def generate() -> None:
        try:
            while not ended.is_set():
                list(go_on(lm, [65], 20, GREEDY))
        except Exception as error:
            wrong.append(error)

    other = threading.Thread(target=generate)
    other.start()
    try:
        for _ in range(50):
            assert torch.allclose(logit_lens(lm.model, ids, 20), lens)
            again = attention_maps(lm.model, ids[None])
            assert len(again) == 2 and all(map(torch.allclose, again, maps))
    finally:
        ended.set()
        other.join()
    assert not wrong


def test_the_attention_view_names_rows_columns_and_bands():
    lm = tiny_lm(attention=("dense", "banded"), band=3)
    ids = lm.read("The cat")
    view = attention_view(lm, ids)
    assert [token.id for token in view.rows] == ids and view.columns == view.rows
    assert view.bands == (None, 3)
    for drawn, computed in zip(view.weights, attention_maps(lm.model, torch.tensor([ids])), strict=True):
        assert torch.equal(drawn, computed[0]) and drawn.shape == (2, 8, 8)
