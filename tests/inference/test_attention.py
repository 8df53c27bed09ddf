"""Attention maps of translators: they are what the forward pass computed, with the right labels."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import gptlineage as gl
from gptlineage.inference import Translator
from gptlineage.inference.attention import look, look_translating
from gptlineage.inference.translate import source_ids
from gptlineage.model import RecurrentConfig, build
from tests.inference.test_translate import RECURRENT, START, TOKENIZER, TRANSFORMER, translator


def test_a_transformer_has_three_kinds_and_every_row_adds_up_to_one():
    lm = translator(TRANSFORMER, scale=1.0)
    views = look_translating(lm.model, TOKENIZER, source_ids(TOKENIZER, "abc"), TOKENIZER.encode("xy"))
    assert list(views) == ["cross", "encoder", "decoder"]
    shapes = {kind: tuple(view.weights[0].shape) for kind, view in views.items()}
    assert shapes == {"cross": (2, 3, 4), "encoder": (2, 4, 4), "decoder": (2, 3, 3)}
    for view in views.values():
        assert torch.allclose(view.weights[0].sum(-1), torch.ones(()), atol=1e-5)
    assert [str(token) for token in views["cross"].rows] == ["x", "y", "<|end|>"]
    assert [str(token) for token in views["cross"].columns] == ["a", "b", "c", "<|end|>"]
    assert [str(token) for token in views["decoder"].rows] == ["<|start|>", "x", "y"]
    assert float(views["decoder"].weights[0][:, 0, 1:].abs().max()) == 0  # nothing looks ahead


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_the_maps_are_what_the_forward_pass_mixes(norm):
    """Values mixed with the weights give the output of the attention that the forward pass computes."""
    lm = translator(replace(TRANSFORMER, norm=norm), scale=1.0)
    block, seen = lm.model.decoder[0].cross, []
    handle = block.register_forward_hook(lambda module, given, result: seen.append((given, result)))
    source, target = source_ids(TOKENIZER, "abc"), TOKENIZER.encode("xy")
    with torch.inference_mode():
        lm.model(torch.tensor([source]), torch.tensor([[START, *target]]), torch.tensor([4]))
        handle.remove()
        (_, memory, _), result = seen[0]
        weights = look_translating(lm.model, TOKENIZER, source, target)["cross"].weights[0]
        mixed = (weights[None] @ memory[1]).transpose(1, 2).flatten(2)
        assert torch.allclose(block.out(mixed), result, atol=1e-5)


def test_an_alignment_has_one_row_for_every_word_that_was_written():
    lm = translator(RECURRENT, scale=1.0)
    view = look_translating(lm.model, TOKENIZER, source_ids(TOKENIZER, "abc"), TOKENIZER.encode("xy"))["alignment"]
    assert view.weights[0].shape == (1, 3, 4)
    with torch.inference_mode():
        reading = lm.model.begin(torch.tensor([source_ids(TOKENIZER, "abc")]), torch.tensor([4]))
        assert torch.allclose(view.weights[0][0, 0], lm.model.alignment(reading)[0])


def test_a_network_without_attention_has_no_kind_of_it():
    config = RecurrentConfig(**{**RECURRENT.to_dict(), "d_align": 0})
    assert look(Translator("fixed", build(config).eval(), TOKENIZER, {}), "Tom likes pears.") == {}


def test_a_model_that_continues_text_has_its_own_heads():
    views = look(gl.load("gpt-3"), "Tom likes pears.")
    assert list(views) == ["self"]
    view = views["self"]
    assert view.rows == view.columns and len(view.weights) == gl.generation("gpt-3").config().n_layers
