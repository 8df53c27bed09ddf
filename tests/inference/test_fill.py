"""Filling gaps: what is written stays, what is missing comes, and wrong input is told in one line."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.inference import load, load_language_model
from gptlineage.inference.fill import GAP, MOST_GAPS, Cloze, Filler, Gap, fill_text, permitted
from gptlineage.lineage import generation
from gptlineage.lineage.run import Options, train_generation
from gptlineage.paths import data_dir
from gptlineage.text import Tokenizer
from gptlineage.training import Recipe
from tests.tiny import BYTES, complaint, tiny_model

BERT = dict(causal=False, segments=2, embedding_norm=True, output="transform", norm="post", final_norm=False)
WORDS = Tokenizer.load(data_dir() / "tokenizer")
PIECES = st.text(st.sampled_from(" .,_aZ9é中😀\n\t_＿"), max_size=12) | st.text(max_size=6)


def filler(tokenizer: Tokenizer = WORDS, n_ctx: int = 48, **choices) -> Filler:
    model = tiny_model(spread=0.2, vocab_size=tokenizer.vocab_size, n_ctx=n_ctx, **BERT, **choices)
    return Filler("bert", model, tokenizer, {})


class Teacher(torch.nn.Module):
    """A model that is sure of one text, whatever it is shown: place by place, it expects that text's tokens."""

    def __init__(self, text: str, tokenizer: Tokenizer = WORDS, n_ctx: int = 48):
        super().__init__()
        self.config = filler(tokenizer, n_ctx).config
        self.tokens = torch.nn.Embedding(1, 1)
        ids = [tokenizer.special["<|start|>"], tokenizer.end_of_text, *tokenizer.encode(text), tokenizer.end_of_text]
        self.expected = torch.tensor(ids + [0] * (n_ctx - len(ids)))
        self.length = len(ids)

    def hidden(self, ids):
        expected = torch.nn.functional.one_hot(self.expected[: ids.shape[1]], self.config.vocab_size).float()
        # It believes in nothing when the text does not have the length that it knows.
        return expected.expand(len(ids), -1, -1) * (8.0 if ids.shape[1] == self.length else 0.1)

    def unembed(self, hidden):
        return hidden


@pytest.mark.parametrize(
    ("text", "gapped"),
    [
        ("Tom has a green hat.", "Tom has a ___ hat."),
        ("Tom has a green hat.", "Tom ___ hat."),  # three tokens
        ("Tom has a green hat.", "____ has a green hat."),
        ("Tom has a green hat.", "Tom has a green hat___"),
        ("Tom has a green hat.", "Tom has ___ green _____."),
        ("There are 5 cats.", "There are ___ cats."),  # a space of its own, then the digit
        ("小明有一顶绿色的帽子。", "小明有一顶___帽子。"),
        ("小明有一顶绿色的帽子。", "小明有一顶＿＿＿＿帽子。"),  # as a Chinese keyboard writes it
    ],
)
def test_what_the_model_expects_is_written(text, gapped):
    lm = Filler("bert", Teacher(text), WORDS, {})
    assert lm.generate(gapped) == text
    assert all(gap.text in text for gap in lm.fill(gapped))


def test_a_character_of_several_tokens_is_written_whole():
    lm = Filler("bert", Teacher("我爱中国", BYTES), BYTES, {})
    assert lm.generate("我爱___国") == "我爱中国"


def test_the_number_of_masks_is_the_models_choice():
    """One word or three: under the same question the answer is as long as the model expects."""
    for answer in (" hat", " big green hat"):
        text = f"Tom has a{answer} now"
        assert Filler("bert", Teacher(text), WORDS, {}).generate("Tom has a ___ now") == text
        shorter = Filler("bert", Teacher(text), WORDS, {}).generate("Tom has a ___ now", max_new_tokens=1)
        assert (shorter == text) == (answer == " hat")


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, min_size=2, max_size=4), st.sampled_from([None, 1.0]))
def test_whatever_stands_around_the_gaps_stays(parts, temperature):
    """Any characters, half of them spaces and underscores, and any vocabulary."""
    prompt = "___".join(parts)
    around = GAP.split(prompt)
    for lm in FILLERS:
        if len(around) - 1 > MOST_GAPS or len(Cloze(prompt, lm.tokenizer)) > 60:
            continue
        pieces = list(lm.stream(prompt, temperature=temperature, seed=0))
        text, place = "".join(pieces), 0
        assert text.startswith(around[0])
        for part in around:  # in this order, one behind the other
            place = text.index(part, place) + len(part)
        assert text.endswith(around[-1])
        assert len(text) > sum(map(len, around))
        assert text.isprintable() or not prompt.isprintable()
        assert "\ufffd" not in text or "\ufffd" in prompt
        assert all(pieces)


FILLERS = [filler(BYTES, 64), filler(WORDS, 64)]


@pytest.mark.parametrize("typed", ["<|mask|>", "[MASK]", "<|start|>", "<|endoftext|>"])
def test_a_mask_that_is_typed_is_text(typed):
    lm = filler()
    text = f"a {typed} ___ b"
    assert lm.generate(text).startswith(f"a {typed} ")
    ids = Cloze(text, WORDS).span(-1, 1)
    assert [token for token in ids if token in WORDS.special_ids] == [
        WORDS.special["<|start|>"], WORDS.end_of_text, WORDS.special["<|mask|>"], WORDS.end_of_text,
    ]  # fmt: skip
    with complaint("no gap"):
        lm.stream(f"Tom has a {typed} hat.")


@pytest.mark.parametrize("tokenizer", [BYTES, WORDS])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_no_special_and_nothing_unprintable_is_ever_permitted(tokenizer, n):
    for spaced in (False, True):
        table = permitted(tokenizer, spaced, n)
        assert not table[:, len(tokenizer.vocabulary) :].any()
        for token in table[0].nonzero().flatten().tolist():
            assert (tokenizer.token_bytes(token)[:1] == b" ") == spaced
        for token in table.any(0).nonzero().flatten().tolist():
            assert tokenizer.token_bytes(token).decode(errors="replace").isprintable()


def test_a_seed_repeats_and_another_differs():
    lm, text = filler(), "Tom ___ the ___ hat"
    drawn = [lm.generate(text, temperature=1.5, top_k=0, seed=seed) for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    assert lm.generate(text) == lm.generate(text, seed=5) == lm.generate(text, temperature=0)


def test_alternatives_are_probabilities_best_first():
    gaps = filler().fill("Tom has a ___ hat and a ___.")
    assert all(isinstance(gap, Gap) for gap in gaps)
    assert len(gaps) == 2
    for gap in gaps:
        texts, shares = zip(*gap.alternatives, strict=True)
        assert gap.text == texts[0]
        assert len(set(texts)) == len(texts) == 5
        assert list(shares) == sorted(shares, reverse=True)
        assert all(0 < share <= 1 for share in shares)


@torch.inference_mode()
def test_the_probability_of_one_token_is_the_models():
    lm = filler()
    cloze = Cloze("Tom has a___", WORDS)
    before, after = cloze.around(0)
    logits = lm.model(torch.tensor([[*before, WORDS.special["<|mask|>"], *after]]))[0, len(before)]
    shares = logits.softmax(-1)
    [gap] = lm.fill("Tom has a___")
    single = [(text, share) for text, share in gap.alternatives if len(WORDS.encode(text)) == 1]
    assert single or len(gap.alternatives) == 5
    for text, share in single:
        assert math.isclose(shares[WORDS.encode(text)[0]].item(), share, rel_tol=1e-3)


def test_a_full_context_leaves_room_for_what_is_written():
    lm = filler(BYTES, 24)
    assert len(lm.generate("x" * 20 + "___")) == 21  # start, two ends, twenty bytes and one mask
    with complaint("The text has 25 tokens, but bert reads at most 24; shorten it"):
        lm.stream("x" * 21 + "___")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "text is empty"),
        (" \n　", "text is empty"),
        ("Tom has a hat.", "no gap to fill; write ___"),
        ("Tom has a __ hat.", "no gap to fill"),
        (" ".join(["___"] * 9), "9 gaps, but at most 8"),
    ],
)
def test_what_cannot_be_filled_is_told_at_once(text, match):
    for ask in (filler().stream, filler().fill):
        with complaint(match):
            ask(text)  # before anything is asked of the stream


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (dict(temperature=9), "temperature 9"),
        (dict(top_k=-1), "top_k -1"),
        (dict(top_p=0), "top_p 0"),
        (dict(max_new_tokens=0), "max_new_tokens is 0"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, match):
    with complaint(match):
        filler().stream("a ___", **wrong)


def test_it_neither_converses_nor_writes_on():
    assert not filler().speaks_chat
    assert not filler().continues


def test_a_trained_one_is_opened_as_what_it_is(tmp_path):
    file = tmp_path / "story.txt"
    file.write_text("".join(f"On day {i} the fox met {i * 7} crows.\n" for i in range(80)), encoding="utf-8")
    small = replace(generation("bert").config(), n_layers=1, d_model=16, n_heads=2, d_ff=0, n_ctx=32)
    stage = replace(generation("bert").stages[0], release=Recipe(steps=3, batch_size=4))
    one = replace(generation("bert"), configs={"mini": small}, sizes=("mini",), stages=(stage,))
    folder = train_generation(one, tmp_path / "run", Options(data=str(file), tokenizer="bytes"))
    lm = load(folder)
    assert isinstance(lm, Filler)
    assert lm.generate("The f___ met").startswith("The f")
    assert 0 <= lm.provenance["history"]["mask"]["mask_right"] <= 1
    assert "of masked tokens guessed" in (folder / "README.md").read_text(encoding="utf-8")
    with complaint("does not continue text"):
        load_language_model(folder)


def test_eight_gaps_and_a_lone_surrogate():
    lm = filler()
    assert GAP.search(lm.generate(" ".join(["___"] * 8))) is None
    assert lm.generate("a\ud800___").startswith("a\ufffd")
    assert fill_text(lm.model, WORDS, "a ___") == lm.generate("a ___")
