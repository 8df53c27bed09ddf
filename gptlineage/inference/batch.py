"""Many replies at once: prompts of different lengths are padded on the left and decode together.

For the exam and for the preference stage, which need thousands of replies; a person's chat uses `generate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from ..model import KVCache, Stack
from ..text import Tokenizer, encode_prompt
from .sampling import Sampling, choose


@torch.inference_mode()
def sample_batch(
    model: Stack,
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    sampling: Sampling,
    stop: Iterable[int],
    banned: Iterable[int] = (),
) -> list[list[int]]:
    """A reply to each prompt, its stop token included; a reply that was cut off ends without one.

    Prompt and reply share the context window: a prompt keeps its last `n_ctx - max_new_tokens` tokens.
    """
    device, n_ctx = model.tokens.weight.device, model.config.n_ctx
    room = max(1, n_ctx - max_new_tokens)
    kept = [list(prompt)[-room:] for prompt in prompts]
    width = max(map(len, kept))
    padded = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in kept], device=device)
    starts = torch.tensor([width - len(prompt) for prompt in kept], device=device)
    stop_ids = torch.tensor(sorted(set(stop)), device=device)
    hidden_ids = torch.tensor(sorted(set(banned) - set(stop)), dtype=torch.long, device=device)
    generator = sampling.generator()
    cache = KVCache(model.config, len(kept), starts=starts, device=device, dtype=model.tokens.weight.dtype)
    states = model.hidden(padded, cache)
    replies: list[list[int]] = [[] for _ in kept]
    going = list(range(len(kept)))  # whose tokens the rows of the batch are
    finished = torch.zeros(len(kept), dtype=torch.bool, device=device)
    for _ in range(min(max_new_tokens, n_ctx - width)):
        logits = model.unembed(states[:, -1]).float()
        logits[:, hidden_ids] = -torch.inf
        token = choose(logits, sampling, generator)
        for number, value, over in zip(going, token.tolist(), finished.tolist(), strict=True):
            if not over:
                replies[number].append(value)
        finished |= torch.isin(token, stop_ids)
        if finished.all():
            break
        if 2 * int(finished.sum()) >= len(going):  # most replies are short: the rest need not carry them along
            going = [number for number, over in zip(going, finished.tolist(), strict=True) if not over]
            cache.keep(~finished)
            token, finished = token[~finished], finished[~finished]
        states = model.hidden(token[:, None], cache)
    return replies


def reply_to_all(
    model: Stack,
    tokenizer: Tokenizer,
    conversations: Sequence[Sequence[dict[str, str]]],
    sampling: Sampling | None = None,
    *,
    max_new_tokens: int = 80,
    batch_size: int = 64,
) -> list[str]:
    """The model's reply to each conversation, greedy unless told otherwise; "" for one that does not end."""
    sampling = sampling or Sampling(temperature=0.0)
    end, n_ctx = tokenizer.special["<|end|>"], model.config.n_ctx
    prompts = [encode_prompt(tokenizer, messages, n_ctx, max_new_tokens) for messages in conversations]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))  # similar lengths together: little padding
    replies = [""] * len(prompts)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        rows = sample_batch(
            model,
            [prompts[i] for i in chosen],
            max_new_tokens=max_new_tokens,
            sampling=sampling.from_place(start),
            stop=[end],
            banned=tokenizer.special_ids,
        )
        for i, row in zip(chosen, rows, strict=True):
            replies[i] = tokenizer.decode(row) if row and row[-1] == end else ""
    return replies
