"""Does attention align what translates what? The world's sentence pairs know; so a picture becomes a number.

Each pair has links between spans of words (`world.bitext`). For every linked span that is written, the source token
with the most attention is looked up: it should lie in the span that is translated. With one answer for each link,
Och and Ney's (2003) alignment error rate is the share of links that are missed. A control guesses by position alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..inference import Translator
from ..inference.attention import look_translating
from ..inference.translate import source_ids
from ..text import Tokenizer
from ..world.bitext import Bitext, Span

Link = tuple[Span, Span]  # in the source, in the target


def token_spans(tokenizer: Tokenizer, text: str) -> list[Span]:
    """The characters `[start, end)` that each token of `text` touches."""
    borders = [0]  # the byte at which each character begins
    for character in text:
        borders.append(borders[-1] + len(character.encode()))
    place = {byte: i for i, begin in enumerate(borders[:-1]) for byte in range(begin, borders[i + 1])}
    spans, byte = [], 0
    for token in tokenizer.encode(text):
        size = len(tokenizer.token_bytes(token))
        spans.append((place[byte], place[byte + size - 1] + 1))
        byte += size
    return spans


def tokens_of(span: Span, spans: Sequence[Span]) -> list[int]:
    """The tokens that share a character with the span."""
    return [i for i, (start, end) in enumerate(spans) if start < span[1] and span[0] < end]


def missed(weights: Tensor, links: Sequence[Link], source: Sequence[Span], target: Sequence[Span]) -> list[bool]:
    """For each link whether the most attended source token lies outside its span; `weights [target, source]`."""
    found = []
    for from_span, to_span in links:
        rows = tokens_of(to_span, target)
        best = int(weights[rows, : len(source)].sum(0).argmax())
        found.append(best not in tokens_of(from_span, source))
    return found


def diagonal(n_target: int, n_source: int) -> Tensor:
    """The control: each target token looks at the place as far along the source as itself, `[target, source]`."""
    place = ((torch.arange(n_target) + 0.5) / n_target * n_source).long()
    return torch.nn.functional.one_hot(place, n_source).float()


def alignment_errors(lm: Translator, pairs: Sequence[Bitext]) -> dict[str, float]:
    """The alignment error rate of each layer and head, of each layer's mean, and of the control, both directions.

    Keys: "alignment", or "layer 1", "layer 1 head 2" ...; "diagonal" is the control.
    """
    errors: dict[str, list[bool]] = {}
    for pair in pairs:
        ways = ((pair.en, pair.zh, pair.links), (pair.zh, pair.en, [(b, a) for a, b in pair.links]))
        for text, other, links in ways:
            source, target = token_spans(lm.tokenizer, text), token_spans(lm.tokenizer, other)
            with torch.inference_mode():
                maps = look_translating(
                    lm.model, lm.tokenizer, source_ids(lm.tokenizer, text), lm.tokenizer.encode(other)
                )
            named = {"diagonal": diagonal(len(target), len(source))}
            if "alignment" in maps:
                named["alignment"] = maps["alignment"].weights[0][0]
            for layer, heads in enumerate(maps["cross"].weights if "cross" in maps else (), 1):
                named[f"layer {layer}"] = heads.mean(0)
                named |= {f"layer {layer} head {head}": weights for head, weights in enumerate(heads, 1)}
            for name, weights in named.items():
                errors.setdefault(name, []).extend(missed(weights, links, source, target))
    return {name: sum(wrong) / len(wrong) for name, wrong in errors.items()}
