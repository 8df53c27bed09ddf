"""Looking inside a model: how likely it found each token, what else it might have said, and where its attention goes.

Everything here is computed from a loaded model and a list of token ids; front ends only draw it. A *place* i in a
text is where token i stands. The model chose that token after reading tokens 0 to i-1, and the place behind the last
token is the one that is still to be filled.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from ..errors import UserError
from ..model import Stack
from ..text import Tokenizer, encode_prompt
from .engine import LanguageModel, check_length
from .fill import Filler
from .generate import generate_ids
from .sampling import Sampling
from .spelling import Spelling

MARKS = {"\n": "↵", "\r": "␍", "\t": "⇥"}  # how line breaks and tabs are shown where they must be seen


# ---- Tokens for a reader's eyes


def readable(data: bytes) -> list[str | bytes]:
    """`data` as stretches of text and, where there is nothing to read, of bytes: put together, they are `data` again.

    Bytes are those that are no whole character (a token may end within one) and characters without a shape.
    """
    units: list[Any] = []  # characters and bytes, as they come
    while data:
        try:
            text, broken, data = data.decode("utf-8"), b"", b""
        except UnicodeDecodeError as error:
            text, broken, data = data[: error.start].decode("utf-8"), data[error.start : error.end], data[error.end :]
        units += [character if has_shape(character) else character.encode() for character in text]
        units += [broken] if broken else []
    return [kind().join(stretch) for kind, stretch in groupby(units, type)]


def has_shape(character: str) -> bool:
    return character.isprintable() or character in MARKS or is_space(character)


def is_space(character: str) -> bool:
    return unicodedata.category(character) == "Zs"


def visible(text: str) -> str:
    """`text` with marks for its white space."""
    return "".join("␣" if is_space(character) else MARKS.get(character, character) for character in text)


def hexadecimal(data: bytes) -> str:
    return f"⟨{data.hex(' ').upper()}⟩"


@dataclass(frozen=True)
class Token:
    """A token as it is shown: its stretches of text and bytes (see `readable`), or the name of a special one."""

    id: int
    parts: tuple[str | bytes, ...] = ()
    special: str = ""

    @property
    def data(self) -> bytes:
        """The bytes that the token stands for; a special token has none."""
        return b"".join(part.encode() if isinstance(part, str) else part for part in self.parts)

    def __str__(self) -> str:
        """Every token as something one can see: ␣is, ↵, ⟨E4 BD⟩, <|endoftext|>."""
        if self.special:
            return f"<|{self.special}|>"
        return "".join(visible(part) if isinstance(part, str) else hexadecimal(part) for part in self.parts)


def as_token(tokenizer: Tokenizer, token: int) -> Token:
    """Raises UserError for an id that the vocabulary does not have."""
    if not 0 <= token < tokenizer.vocab_size:
        raise UserError(
            f"There is no token {token}; the vocabulary has ids 0 to {tokenizer.vocab_size - 1}.",
            f"没有编号为 {token} 的词元；词表的编号是 0 到 {tokenizer.vocab_size - 1}。",
        )
    if token in tokenizer.special_ids:
        return Token(token, special=next(name.strip("<|>") for name, id in tokenizer.special.items() if id == token))
    return Token(token, tuple(readable(tokenizer.token_bytes(token))))


def split_characters(tokenizer: Tokenizer, ids: Sequence[int]) -> list[str]:
    """For each token the characters of which it holds only some bytes: "黎" for ⟨E9 BB⟩ and for ⟨8E⟩ behind it."""
    pieces = [tokenizer.token_bytes(token) for token in ids]
    owner = [number for number, piece in enumerate(pieces) for _ in piece]  # of each byte
    held, at = [""] * len(pieces), 0
    for part in readable(b"".join(pieces)):
        for character in part if isinstance(part, str) else ():
            size = len(character.encode())
            owners = dict.fromkeys(owner[at : at + size])
            for number in owners if len(owners) > 1 else ():
                held[number] += character
            at += size
        at += len(part) if isinstance(part, bytes) else 0
    return held


# ---- What a model reads


def message_ids(lm: LanguageModel, text: str) -> list[int]:
    """`text` as a person's message, up to where the assistant begins; a quarter of the context stays free for it.

    Raises UserError when it is empty or too long, or when the model was never taught to converse.
    """
    if not lm.speaks_chat:
        raise UserError(
            f"{lm.name} was never taught to converse; let it read the text as a page.",
            f"{lm.name} 没有学过对话；请让它把这段文字当作一页来读。",
        )
    n_ctx = lm.config.n_ctx
    return encode_prompt(lm.tokenizer, [{"role": "user", "content": text}], n_ctx, n_ctx // 4)


def place_of_byte(tokenizer: Tokenizer, ids: Sequence[int], offset: int) -> int:
    """The place whose token holds byte `offset` of the text; that behind the last token when the text is shorter.

    So one spot in a text can be found again in the tokens of another model.
    """
    end = 0
    for place, token in enumerate(ids):
        end += len(tokenizer.token_bytes(token))
        if end > offset:
            return place
    return len(ids)


# ---- Probabilities


def entropy_bits(probabilities: Tensor) -> Tensor:
    """How unsure a distribution is, in bits: `[..., V] -> [...]`; 0 when it is certain, log2(V) when all are equal."""
    return torch.special.entr(probabilities).sum(-1) / math.log(2)


@dataclass(frozen=True)
class Alternative:
    token: Token
    probability: float


def likeliest(tokenizer: Tokenizer, probabilities: Tensor, top: int) -> tuple[Alternative, ...]:
    """The `top` likeliest tokens of a distribution `[V]`, likeliest first."""
    values, ids = probabilities.topk(min(top, len(probabilities)))
    pairs = zip(ids.tolist(), values.tolist(), strict=True)
    return tuple(Alternative(as_token(tokenizer, token), probability) for token, probability in pairs)


@dataclass(frozen=True)
class TokenReport:
    """What a model thought at one place of a text.

    `token` is None behind the last token. `probability` (0 to 1) and `rank` (1 for the likeliest) tell how the token
    that stands there was expected, `entropy` (bits) how open the choice was, `alternatives` what the model would
    have put there. At the very first place, where it had read nothing, all of these are empty. `within` names the
    characters of which the token holds only some bytes.
    """

    token: Token | None
    probability: float | None = None
    rank: int | None = None
    entropy: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    within: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For JSON: a token is its id, how it is shown, and its bytes."""

        def plain(token: Token | None) -> dict[str, Any]:
            return {} if token is None else {"id": token.id, "token": str(token), "bytes": list(token.data)}

        return {
            **plain(self.token),
            "probability": self.probability,
            "rank": self.rank,
            "entropy_bits": self.entropy,
            "alternatives": [{**plain(one.token), "probability": one.probability} for one in self.alternatives],
        }


@torch.inference_mode()
def token_reports(lm: LanguageModel, ids: Sequence[int], top: int = 10) -> list[TokenReport]:
    """A report for each place of `ids` and one for the place behind: `len(ids) + 1` of them.

    The probabilities are the model's own, `model(ids).softmax(-1)`, before any temperature. Raises ConfigError when
    `ids` do not fit the context window.
    """
    row = torch.tensor([list(ids)], device=lm.model.tokens.weight.device)
    probabilities = lm.model(row)[0].softmax(-1).cpu()  # [T, V]
    entropies = entropy_bits(probabilities).tolist()
    chosen = probabilities[:-1].gather(-1, row[0, 1:, None].cpu())  # [T-1, 1]
    ranks = (1 + (probabilities[:-1] > chosen).sum(-1)).tolist()
    within = split_characters(lm.tokenizer, ids)
    reports = [TokenReport(as_token(lm.tokenizer, ids[0]), within=within[0])]
    for place in range(1, len(ids) + 1):
        last = place == len(ids)
        reports.append(
            TokenReport(
                token=None if last else as_token(lm.tokenizer, ids[place]),
                probability=None if last else float(chosen[place - 1]),
                rank=None if last else ranks[place - 1],
                entropy=entropies[place - 1],
                alternatives=likeliest(lm.tokenizer, probabilities[place - 1], top),
                within="" if last else within[place],
            )
        )
    return reports


def go_on(lm: LanguageModel, ids: Sequence[int], max_new_tokens: int, sampling: Sampling) -> Iterator[int]:
    """The ids with which the model goes on, by the engine's own generation, as far as its window reaches.

    It ends where a page or a turn ends. Raises UserError unless `max_new_tokens` is at least 1.
    """
    ends = {lm.tokenizer.end_of_text, lm.tokenizer.special["<|end|>"]}
    room = min(check_length(max_new_tokens), lm.config.n_ctx - len(ids))
    if room < 1:
        return iter(())
    spelling, banned = Spelling(lm.tokenizer, ids), lm.tokenizer.special_ids
    return generate_ids(
        lm.model, ids, max_new_tokens=room, sampling=sampling, stop=ends, banned=banned, spelling=spelling
    )


def branch(
    lm: LanguageModel, ids: Sequence[int], place: int, token: int, *, max_new_tokens: int, sampling: Sampling
) -> list[int]:
    """The text that comes about when `token` stands at `place`: what stood before, the token, and what follows it.

    `max_new_tokens` counts what follows; the whole is never longer than the context window, and after a special
    token nothing follows. Raises UserError when the text has no such place or the vocabulary no such token.
    """
    as_token(lm.tokenizer, token)
    if not 1 <= place <= min(len(ids), lm.config.n_ctx - 1):
        raise UserError(
            f"The text cannot branch at place {place}; choose one from 1 to {min(len(ids), lm.config.n_ctx - 1)}.",
            f"文本无法在位置 {place} 分支；请取 1 到 {min(len(ids), lm.config.n_ctx - 1)}。",
        )
    start = [*ids[:place], token]
    if token in lm.tokenizer.special_ids:
        return start
    return [*start, *go_on(lm, start, max_new_tokens, sampling)]


# ---- Layers and heads


@torch.inference_mode()
def logit_lens(model: Stack, ids: Tensor, position: int) -> Tensor:
    """What each layer would predict after the token at `position`: `[T] -> [n_layers, vocab_size]`, probabilities.

    The residual stream after each block is read as if it were the last (nostalgebraist 2020). Pre-norm models keep
    their stream unnormalised, so the final norm comes first; in a post-norm model such as GPT-1 every block ends
    in a norm of its own, and its state is unembedded as it is. The last row is the model's own prediction.
    Raises IndexError when there is no such position, ConfigError when `ids` do not fit the context window.
    """
    x, states = model.embed(ids[None]), []
    for block in model.blocks:
        x = block(x)
        states.append(x[0, position])
    stream = torch.stack(states)  # [n_layers, d_model]
    return model.unembed(model.norm(stream) if model.config.final_norm else stream).float().softmax(-1)


@torch.inference_mode()
def attention_maps(model: Stack, ids: Tensor) -> list[Tensor]:
    """For each layer the weights `[B, n_heads, T, T]` with which a token (row) reads the others (column).

    Computed beside the forward pass, which never forms them; rows add up to 1, and what a token may not see gets 0.
    No hooks: someone else may be generating with the same model, in another thread.
    """
    x, maps = model.embed(ids), []
    block: Any
    for block in model.blocks:
        maps.append(block.weights(x)[0])
        x = block(x)
    return maps


@dataclass(frozen=True)
class AttentionView:
    """All heads over one text, ready to be drawn: each row is a token that reads, each column one that is read.

    `weights` holds for each layer `[n_heads, len(rows), len(columns)]`, whose rows add up to 1; `bands` tells how
    many tokens the layer can see, None for all. A translator's rows are the target's tokens, its columns the source's.
    """

    rows: tuple[Token, ...]
    columns: tuple[Token, ...]
    weights: tuple[Tensor, ...]
    bands: tuple[int | None, ...]


def attention_view(lm: LanguageModel | Filler, ids: Sequence[int]) -> AttentionView:
    """Self-attention of one stack. Raises ConfigError when `ids` do not fit the context window."""
    row = torch.tensor([list(ids)], device=lm.model.tokens.weight.device)
    maps = attention_maps(lm.model, row)
    tokens = tuple(as_token(lm.tokenizer, token) for token in ids)
    bands = tuple(lm.config.layer_band(layer) for layer in range(lm.config.n_layers))
    return AttentionView(tokens, tokens, tuple(layer[0].cpu() for layer in maps), bands)
