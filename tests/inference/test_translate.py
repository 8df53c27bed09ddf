"""Beam search against an exhaustive search, and what a translator says of texts that it cannot read."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import gptlineage as gl
from gptlineage.inference import Translator
from gptlineage.inference.translate import beam_search, bleu, length_penalty, source_ids, translate_all
from gptlineage.model import ModelConfig, RecurrentConfig, build
from gptlineage.text import Tokenizer

TOKENIZER = Tokenizer()
START, END = TOKENIZER.special["<|start|>"], TOKENIZER.special["<|end|>"]
TRANSFORMER = ModelConfig(
    n_layers=1, encoder_layers=1, d_model=16, n_heads=2, n_ctx=40, vocab_size=TOKENIZER.vocab_size,
    positions="sinusoidal", norm="post", final_norm=False,
)  # fmt: skip
RECURRENT = RecurrentConfig(
    d_embed=8, d_hidden=10, d_align=6, d_maxout=5, n_ctx=40, vocab_size=TOKENIZER.vocab_size
)
BOTH = pytest.mark.parametrize("config", [TRANSFORMER, RECURRENT], ids=["transformer", "recurrent"])


def translator(config, scale: float = 3.0) -> Translator:
    torch.manual_seed(1)
    model = build(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return Translator("tiny", model.eval(), TOKENIZER, {})


class Spelled(torch.nn.Module):
    """A "translator" of three tokens whose next token depends on the last two only, through a table."""

    def __init__(self, seed: int, n_ctx: int = 6):
        super().__init__()
        self.table = torch.nn.Parameter(torch.empty(TOKENIZER.vocab_size, TOKENIZER.vocab_size))
        self.config = TRANSFORMER.__class__(
            **{**TRANSFORMER.to_dict(), "n_ctx": n_ctx, "attention": ("dense",)}
        )
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            self.table.fill_(-40.0)
            for row in (97, 98, START):
                for column in (97, 98, END):
                    self.table[row, column] = torch.randn((), generator=generator) * 2

    def begin(self, source, lengths):
        class Nothing:
            def keep(self, rows):
                pass

        return Nothing()

    def step(self, tokens, writing):
        return self.table[tokens].clone()


def best_by_force(model: Spelled, most: int, alpha: float) -> list[int]:
    """The best of all texts of at most `most - 1` tokens that end."""
    logs = model.table.detach().log_softmax(-1)
    found = []
    for n in range(most):
        for text in itertools.product((97, 98), repeat=n):
            path = [START, *text, END]
            score = sum(float(logs[a, b]) for a, b in itertools.pairwise(path))
            found.append((score / length_penalty(n + 1, alpha), list(text)))
    return max(found)[1]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_a_wide_beam_finds_the_best_of_all(seed, alpha):
    model = Spelled(seed)
    with torch.inference_mode():
        found = beam_search(model, [[97, END]], TOKENIZER, beam=40, alpha=alpha)
    assert found[0] == best_by_force(model, 5, alpha)


@BOTH
def test_a_beam_of_one_is_greedy(config):
    lm = translator(config)
    text = "Tom likes pears."
    by_beam = lm.translate(text, beam=1)
    assert by_beam == lm.generate(text, temperature=0.0, max_new_tokens=40)


@BOTH
def test_many_at_once_are_the_same_as_one_at_a_time(config):
    lm = translator(config)
    texts = ["Tom likes pears.", "汤姆喜欢梨。", "Ann sings.", "A dog saw Tom."]
    alone = [translate_all(lm.model, TOKENIZER, [text])[0] for text in texts]
    assert translate_all(lm.model, TOKENIZER, texts, batch_size=3) == alone


@BOTH
def test_a_wider_beam_never_finds_a_less_likely_text(config):
    """Of one length, and without the length penalty."""
    lm = translator(config, scale=1.5)
    ids = source_ids(TOKENIZER, "Tom likes pears.")

    def logprob(text: list[int]) -> float:
        source = torch.tensor([ids])
        target = torch.tensor([[START, *text]])
        with torch.inference_mode():
            logs = lm.model(source, target, torch.tensor([len(ids)])).log_softmax(-1)[0]
        return sum(float(logs[t, token]) for t, token in enumerate([*text, END][: len(logs)]))

    narrow = beam_search(lm.model, [ids], TOKENIZER, beam=1, alpha=0.0)[0]
    wide = beam_search(lm.model, [ids], TOKENIZER, beam=6, alpha=0.0)[0]
    if len(narrow) < 39 and len(wide) < 39:
        assert logprob(wide) >= logprob(narrow) - 1e-4


@BOTH
def test_the_same_seed_draws_the_same_translation(config):
    lm = translator(config, scale=1.0)
    drawn = [lm.generate("Tom likes pears.", temperature=1.0, seed=seed, max_new_tokens=12) for seed in (3, 3, 4)]
    assert drawn[0] == drawn[1] != drawn[2]


@BOTH
def test_special_tokens_are_never_written(config):
    lm = translator(config)
    for seed in range(5):
        assert "<|" not in lm.generate("Tom likes pears.", temperature=2.0, top_k=0, seed=seed)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "too little"), ("   ", "too little"), ("a", "too little"), ("我", "too little"), ("42?", "too little"),
        ("Где мяч?", "cannot read"), ("ボールはどこ", "cannot read"), ("a" * 50, "reads at most 39"),
    ],
)  # fmt: skip
def test_what_cannot_be_translated_is_said_in_one_line(text, line):
    with pytest.raises(gl.UserError, match=line) as caught:
        translator(TRANSFORMER).generate(text)
    assert "\n" not in caught.value.en and "\n" not in caught.value.zh


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_translated_or_refused(text):
    lm = translator(TRANSFORMER)
    try:
        assert isinstance(lm.generate(text, max_new_tokens=3), str)
    except gl.UserError as error:
        assert error.en and error.zh


def test_bleu_knows_both_languages():
    assert bleu(["汤姆昨天在公园里看见了一只猫。"], ["汤姆昨天在公园里看见了一只猫。"], "zh") == pytest.approx(100)
    one_word_off = bleu(["Tom saw a cat in the park."], ["Tom saw a dog in the park."], "en")
    assert one_word_off == pytest.approx(50)  # (7/8 5/7 3/6 1/5)^(1/4)
    assert 0 < bleu(["汤姆昨天在公园里看见了一只猫。"], ["汤姆昨天在院子里看见了一只猫。"], "zh") < 100


def test_only_models_that_continue_text_are_opened_as_language_models(tmp_path):
    from gptlineage.inference import load_language_model, save_model

    lm = translator(RECURRENT)
    save_model(tmp_path / "run", lm.model, TOKENIZER, {"generation": "rnnsearch"}, "card")
    again = gl.load(tmp_path / "run")
    assert isinstance(again, Translator) and not again.continues and not again.speaks_chat
    assert again.generate("Tom likes pears.") == lm.generate("Tom likes pears.")
    with pytest.raises(gl.UserError, match="does not continue text"):
        load_language_model(tmp_path / "run")
