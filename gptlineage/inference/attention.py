"""Where any model's attention goes: the alignment of 2014, the three kinds of 2017, BERT's and GPT's heads.

One interface for all of them: for each kind of attention the heads of all layers, with the tokens they join.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import UserError
from ..model import EncoderDecoder, RNNSearch
from ..model.attention import Attention, CrossAttention
from ..text import Tokenizer
from .engine import LanguageModel
from .inspect import AttentionView, Token, as_token, attention_view, page_ids
from .loaded import Loaded
from .translate import Translator, beam_search, pad


@contextlib.contextmanager
def recorded(model: nn.Module) -> Iterator[list[tuple[nn.Module, Tensor]]]:
    """Inside the block, every attention that the model computes is kept: (module, `[B, n_heads, T, S]`)."""
    maps: list[tuple[nn.Module, Tensor]] = []

    def keep(module: Any, inputs: tuple[Any, ...]) -> None:
        maps.append((module, module.weights(*inputs)))

    modules = [m for m in model.modules() if isinstance(m, Attention | CrossAttention)]
    handles = [module.register_forward_pre_hook(keep) for module in modules]
    try:
        yield maps
    finally:
        for handle in handles:
            handle.remove()


@torch.inference_mode()
def look(lm: Loaded, text: str) -> dict[str, AttentionView]:
    """The attention with which `lm` reads `text`, or translates it (its own translation, by beam search), by kind.

    "alignment" (RNNsearch); "cross", "encoder" and "decoder" (Transformer); "self" (one stack). A row of "alignment"
    and "cross" is the token that was written after that look at the source.
    Raises UserError when the model cannot read the text, or has no attention.
    """
    if isinstance(lm, Translator):
        source = lm.read(text)
        return look_translating(lm.model, lm.tokenizer, source, beam_search(lm.model, [source], lm.tokenizer)[0])
    if not isinstance(lm, LanguageModel):
        raise UserError(
            f"{lm.name} fills gaps, and its attention cannot be shown yet; choose another model.",
            f"{lm.name} 是填空模型，暂时不能显示其注意力；请选择其他模型。",
        )
    return {"self": attention_view(lm, page_ids(lm, text))}


@torch.inference_mode()
def look_translating(
    model: EncoderDecoder | RNNSearch, tokenizer: Tokenizer, source: Sequence[int], target: Sequence[int]
) -> dict[str, AttentionView]:
    """The attention with which a translator would write `target` (without its marks) for `source` (with its end).

    Raises UserError for a network without attention.
    """
    written = tokens(tokenizer, [*target, tokenizer.special["<|end|>"]])
    given, read = [tokenizer.special["<|start|>"], *target], tokens(tokenizer, source)
    block, lengths = pad([source])
    if isinstance(model, RNNSearch):
        if not model.config.d_align:
            raise UserError(
                "This network has no attention: its whole source is one vector.",
                "这个网络没有注意力：整句原文只是一个向量。",
            )
        reading, rows = model.begin(block, lengths), []
        for token in given:
            rows.append(model.alignment(reading))
            model.step(torch.tensor([token]), reading)
        return {"alignment": AttentionView(written, read, (torch.stack(rows, dim=1),), (None,))}
    with recorded(model) as maps:
        model(block, torch.tensor([given]), lengths)

    def view(rows: tuple[Token, ...], columns: tuple[Token, ...], modules: list[Any]) -> AttentionView:
        weights = tuple(next(w for m, w in maps if m is module)[0] for module in modules)
        return AttentionView(rows, columns, weights, (None,) * len(weights))

    own = tokens(tokenizer, given)
    return {
        "cross": view(written, read, [block.cross for block in model.decoder]),
        "encoder": view(read, read, [block.attention for block in model.encoder]),
        "decoder": view(own, own, [block.attention for block in model.decoder]),
    }


def tokens(tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[Token, ...]:
    return tuple(as_token(tokenizer, token) for token in ids)
