"""Which tokens may come next, so that what a person reads is text: bytes that are UTF-8 throughout.

A byte-level vocabulary can spell any character, and also sequences of bytes that are none. A small model sometimes
draws one when it changes its mind in the middle of a Chinese character; here such tokens are taken out of the draw.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from functools import lru_cache

import torch
from torch import Tensor

from ..text import Tokenizer


class Spelling:
    """Follows a text token by token, from the `ids` that stand there already."""

    def __init__(self, tokenizer: Tokenizer, ids: Iterable[int] = ()):
        self.tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        for token in ids:
            self.take(token)

    def take(self, token: int) -> None:
        self._decoder.decode(self.tokenizer.token_bytes(token))

    def forbidden(self) -> Tensor:
        """The ids that cannot come next: those whose bytes do not go on from half a character, or end it too soon."""
        return misspellings(self.tokenizer, bytes(self._decoder.getstate()[0]))


@lru_cache(maxsize=256)
def misspellings(tokenizer: Tokenizer, pending: bytes) -> Tensor:
    """The ids that are no text behind `pending`, the bytes of a character that is not complete yet."""
    found = sorted(tokenizer.special_ids) if pending else []
    for token, content in enumerate(tokenizer.vocabulary):
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(pending + content)
        except UnicodeDecodeError:
            found.append(token)
            continue
        # Python waits for a third byte of surrogates, which UTF-8 does not have: no byte could follow.
        if b"\xed\xa0" <= bytes(decoder.getstate()[0]) < b"\xee":
            found.append(token)
    return torch.tensor(found, dtype=torch.long)
