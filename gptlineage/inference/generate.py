"""Decoding: read the prompt once (prefill), then one token at a time with the key-value cache.

When the context window is full, the older half is forgotten and the newer half is read again, so that a text can
go on for ever; with or without the cache the same tokens are visible at every step.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from ..errors import UserError
from ..model import KVCache, Stack
from ..text import Tokenizer
from .sampling import Sampling, choose
from .spelling import Spelling


def check_length(max_new_tokens: int) -> int:
    if max_new_tokens < 1:
        raise UserError(
            f"max_new_tokens is {max_new_tokens}; ask for at least 1.",
            f"max_new_tokens 是 {max_new_tokens}；至少为 1。",
        )
    return max_new_tokens


def prefill(model: Stack, ids: Sequence[int]) -> tuple[Tensor, KVCache]:
    """Read a prompt: the logits after its last token, `[1, V]`, and the filled cache."""
    weight = model.tokens.weight
    cache = KVCache(model.config, device=weight.device, dtype=weight.dtype)
    states = model.hidden(torch.tensor([list(ids)], device=weight.device), cache)
    return model.unembed(states[:, -1]).float(), cache


def decode_one_token(model: Stack, token: int, cache: KVCache) -> Tensor:
    """Add one token to the cache and return the logits after it, `[1, V]`."""
    states = model.hidden(torch.tensor([[token]], device=cache.buffer.device), cache)
    return model.unembed(states[:, -1]).float()


@torch.inference_mode()
def generate_ids(
    model: Stack,
    ids: Sequence[int],
    *,
    max_new_tokens: int,
    sampling: Sampling,
    stop: Iterable[int] = (),
    banned: Iterable[int] = (),
    spelling: Spelling | None = None,
    use_cache: bool = True,
) -> Iterator[int]:
    """Yield new tokens until a `stop` token (not yielded) or `max_new_tokens`.

    `banned` tokens are never chosen, nor those that are no text behind what `spelling` has followed. Raises
    ConfigError when the prompt does not fit the context window.
    """
    context, n_ctx = list(ids), model.config.n_ctx
    stop, generator = frozenset(stop), sampling.generator()
    hidden_ids = torch.tensor(sorted(set(banned) - stop), dtype=torch.long, device=model.tokens.weight.device)
    logits, cache = prefill(model, context)
    for made in range(1, max_new_tokens + 1):
        if len(hidden_ids):
            logits[:, hidden_ids] = -torch.inf
        if spelling:
            logits[:, spelling.forbidden().to(logits.device)] = -torch.inf
        token = int(choose(logits, sampling, generator))
        if token in stop:
            return
        if spelling:
            spelling.take(token)
        yield token
        if made == max_new_tokens:
            return
        context.append(token)
        if len(context) > n_ctx:
            context = context[-(n_ctx // 2 or 1) :]
            logits, cache = prefill(model, context)
        elif use_cache:
            logits = decode_one_token(model, token, cache)
        else:
            logits, cache = prefill(model, context)


def pieces(tokenizer: Tokenizer, tokens: Iterable[int]) -> Iterator[str]:
    """Tokens as pieces of text; half a character waits for its other half, and is left out if that never comes."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for token in tokens:
        if text := decoder.decode(tokenizer.token_bytes(token)):
            yield text


def generate_text(
    model: Stack, tokenizer: Tokenizer, prompt: str, *, max_new_tokens: int, seed: int | None = None
) -> str:
    """A continuation of `prompt`, as a page would go on: for samples during training."""
    ids = [tokenizer.end_of_text, *tokenizer.encode(prompt)][: model.config.n_ctx]
    tokens = generate_ids(
        model,
        ids,
        max_new_tokens=max_new_tokens,
        sampling=Sampling(seed=seed),
        stop=[tokenizer.end_of_text],
        banned=tokenizer.special_ids,
        spelling=Spelling(tokenizer, ids),
    )
    return "".join(pieces(tokenizer, tokens))
