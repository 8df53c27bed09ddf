"""What a base model is asked: how probable is this continuation, and what would you write next.

Both in batches. A prompt that does not fit the context window loses its beginning, never its end.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from ...inference import LanguageModel, Sampling
from ...inference.batch import sample_batch
from ...model import Stack

TOKENS_PER_BATCH = 8192
Pair = tuple[list[int], list[int]]  # prompt, continuation


@torch.inference_mode()
def logprobs(model: Stack, pairs: Sequence[Pair]) -> list[float]:
    """The log-probability of each continuation after its prompt, summed over its tokens, in nats.

    Prompts must not be empty; a continuation longer than the window is scored up to its end.
    """
    n_ctx, device = model.config.n_ctx, model.tokens.weight.device
    rows = []
    for prompt, continuation in pairs:
        kept = continuation[:n_ctx]
        rows.append((prompt[-(n_ctx + 1 - len(kept)) :], kept))
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]) + len(rows[i][1]))
    scores = [0.0] * len(rows)
    start = 0
    while start < len(order):
        batch: list[int] = []
        for i in order[start:]:  # lengths rise, so the newest row is the widest
            if batch and (len(batch) + 1) * sum(map(len, rows[i])) > TOKENS_PER_BATCH:
                break
            batch.append(i)
        start += len(batch)
        width = max(len(rows[i][0]) + len(rows[i][1]) for i in batch) - 1
        inputs = torch.zeros(len(batch), width, dtype=torch.long)
        places: list[tuple[int, int]] = []
        targets: list[int] = []
        for row, i in enumerate(batch):
            prompt, continuation = rows[i]
            ids = prompt + continuation
            inputs[row, : len(ids) - 1] = torch.tensor(ids[:-1])
            places += [(row, column) for column in range(len(prompt) - 1, len(ids) - 1)]
            targets += continuation
        states = model.hidden(inputs.to(device))
        where = torch.tensor(places, device=device)
        # Only the states before a scored token are unembedded: the vocabulary is the widest matrix of a miniature.
        logits = model.unembed(states[where[:, 0], where[:, 1]]).float()
        losses = F.cross_entropy(logits, torch.tensor(targets, device=device), reduction="none")
        sums = torch.zeros(len(batch), device=device).index_add_(0, where[:, 0], -losses)
        for i, value in zip(batch, sums.tolist(), strict=True):
            scores[i] = value
    return scores


def continuations(
    lm: LanguageModel, prompts: Sequence[list[int]], sampling: Sampling, *, max_new_tokens: int, batch_size: int = 64
) -> list[str]:
    """What the model writes after each prompt, up to the end of the text or `max_new_tokens`."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))  # similar lengths together: little padding
    texts = [""] * len(prompts)
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        rows = sample_batch(
            lm.model,
            [prompts[i] for i in batch],
            max_new_tokens=max_new_tokens,
            sampling=sampling.from_place(start),
            stop=[lm.tokenizer.end_of_text],
            banned=lm.tokenizer.special_ids,
        )
        for i, row in zip(batch, rows, strict=True):
            texts[i] = lm.tokenizer.decode(row)
    return texts
