"""Where any model's attention goes: the alignment of 2014, the three kinds of 2017, BERT's and GPT's heads.

One interface for all of them: for each kind of attention the heads of all layers, with the tokens they join. Nothing is
hooked into the network: someone else may be generating with it, in another thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..model import EncoderDecoder, RNNSearch
from ..text import Tokenizer
from .engine import LanguageModel
from .fill import Filler
from .inspect import AttentionView, Token, as_token, attention_view
from .loaded import Loaded
from .padding import pad
from .translate import Translator, beam_search


@torch.inference_mode()
def look(lm: Loaded, text: str) -> dict[str, AttentionView]:
    """The attention with which `lm` reads `text`, or translates it (its own translation, by beam search), by kind.

    "alignment" (RNNsearch); "cross", "encoder" and "decoder" (Transformer); "self" (one stack). A row of "alignment"
    and "cross" is the token that was written after that look at the source. A network without attention has no kind.
    Raises UserError when the model cannot read the text.
    """
    if isinstance(lm, Translator):
        source = lm.read(text)
        return look_translating(lm.model, lm.tokenizer, source, beam_search(lm.model, [source], lm.tokenizer)[0])
    if isinstance(lm, Filler):
        cloze = lm.read(text)
        return {"self": attention_view(lm, cloze.span(-1, len(cloze.fills)))}  # each gap as a mask
    assert isinstance(lm, LanguageModel)
    return {"self": attention_view(lm, lm.read(text))}


@torch.inference_mode()
def look_translating(
    model: EncoderDecoder | RNNSearch, tokenizer: Tokenizer, source: Sequence[int], target: Sequence[int]
) -> dict[str, AttentionView]:
    """The attention with which a translator would write `target` (without its marks) for `source` (with its end)."""
    written = tokens(tokenizer, [*target, tokenizer.special["<|end|>"]])
    given, read = [tokenizer.special["<|start|>"], *target], tokens(tokenizer, source)
    block, lengths = pad([source])
    if isinstance(model, RNNSearch):
        if not model.config.d_align:
            return {}
        reading, rows = model.begin(block, lengths), []
        for token in given:
            rows.append(model.alignment(reading))
            model.step(torch.tensor([token]), reading)
        return {"alignment": view(written, read, [torch.stack(rows, dim=1)[None]])}
    states, mask, encoder = model.embed(block), torch.ones_like(block, dtype=torch.bool)[:, None, None], []
    layer: Any
    for layer in model.encoder:
        encoder.append(layer.weights(states, mask)[0])
        states = layer(states, mask=mask)
    memory, own = model.encode(block, lengths), tokens(tokenizer, given)
    states, decoder, cross = model.embed(torch.tensor([given])), [], []
    for layer, keys_values in zip(model.decoder, memory.keys_values, strict=True):
        look_back, look_over = layer.weights(states, None, (keys_values, memory.mask))
        decoder.append(look_back)
        cross.append(look_over)
        states = layer(states, memory=(keys_values, memory.mask))
    return {
        "cross": view(written, read, cross), "encoder": view(read, read, encoder), "decoder": view(own, own, decoder)
    }  # fmt: skip


def view(rows: tuple[Token, ...], columns: tuple[Token, ...], layers: Sequence[Tensor]) -> AttentionView:
    return AttentionView(rows, columns, tuple(weights[0] for weights in layers), (None,) * len(layers))


def tokens(tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[Token, ...]:
    return tuple(as_token(tokenizer, token) for token in ids)
