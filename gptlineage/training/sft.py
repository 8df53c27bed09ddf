"""Supervised fine-tuning on demonstrations (InstructGPT, section 3.5, step 1).

The loss counts the assistant's tokens only. Every step also reads some pages of the pretraining corpus, without
which a small model forgets the facts that the demonstrations do not happen to mention.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..corpus import Batches, Shard
from ..inference import reply_to_all
from ..model import Stack
from ..text import Tokenizer, encode_dialogue
from ..world import Dialogue, judge
from .pretrain import held_out_loss, next_token_loss

IGNORED = -100  # the target of a token that is not learnt
POOL = 16  # batches sorted by length together, so that little is padded


Row = tuple[Sequence[int] | np.ndarray, Sequence[bool] | np.ndarray]  # ids, and which of them are learnt


def collate(rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    """Right-pad `(ids, said)` rows to inputs and targets `[B, T]`; targets are IGNORED where nothing is learnt."""
    width = max(len(ids) for ids, _ in rows) - 1
    inputs = torch.zeros(len(rows), width, dtype=torch.long)
    targets = torch.full((len(rows), width), IGNORED)
    for row, (ids, said) in enumerate(rows):
        every, learnt = torch.as_tensor(ids, dtype=torch.long), torch.as_tensor(said)
        inputs[row, : len(every) - 1] = every[:-1]
        targets[row, : len(every) - 1] = torch.where(learnt[1:], every[1:], IGNORED)
    return inputs, targets


def reply_loss(model: Stack, inputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of the assistant's tokens, in nats; the logits of the others are never computed."""
    learnt = targets != IGNORED
    return F.cross_entropy(model.unembed(model.hidden(inputs)[learnt]).float(), targets[learnt])


class DialogueBatches:
    """Demonstrations as batches of similar length; like `corpus.Batches`, a function of the step alone."""

    def __init__(self, rows: Sequence[Row], batch_size: int, seed: int):
        self.rows, self.batch_size, self.seed = rows, batch_size, seed
        self.per_epoch = max(1, len(rows) // batch_size)
        self._epoch, self._order = -1, np.empty((0, 0), dtype=np.int64)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        epoch, offset = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            rng = np.random.default_rng((self.seed, epoch))
            order = rng.permutation(len(self.rows))
            pools = np.array_split(order, max(1, len(order) // (self.batch_size * POOL)))
            by_length = np.concatenate([sorted(pool, key=lambda i: len(self.rows[i][0])) for pool in pools])
            whole = by_length[: self.per_epoch * self.batch_size].reshape(self.per_epoch, -1)
            self._epoch, self._order = epoch, whole[rng.permutation(len(whole))]
        return collate([self.rows[i] for i in self._order[offset]])


class SupervisedFineTuning:
    """The objective of `training.loop.train` for demonstrations."""

    def __init__(
        self,
        dialogues: Iterable[Dialogue],
        held_out: Sequence[Dialogue],
        pages: Shard,
        val: Shard,
        tokenizer: Tokenizer,
        *,
        batch_size: int,
        page_rows: int,
        n_ctx: int,
        seed: int = 0,
    ):
        encoded = (encode_dialogue(tokenizer, dialogue.messages) for dialogue in dialogues)
        # As arrays, because half a million conversations as lists of Python's numbers take gigabytes.
        rows = [(np.array(ids, np.int32), np.array(said)) for ids, said in encoded if len(ids) <= n_ctx + 1]
        self.batches = DialogueBatches(rows, batch_size, seed)
        self.pages = Batches(pages, page_rows, n_ctx, seed + 1) if page_rows else None
        self.held_out, self.val, self.tokenizer, self.n_ctx = held_out, val, tokenizer, n_ctx

    def loss(self, model: Stack, step: int, part: int, parts: int) -> tuple[Tensor, int]:
        device = model.tokens.weight.device
        inputs, targets = (tensor.chunk(parts)[part].to(device) for tensor in self.batches.batch(step))
        loss, tokens = reply_loss(model, inputs, targets), int((targets != IGNORED).sum())
        if self.pages is not None:
            ids = self.pages.batch(step).chunk(parts)[part].to(device)
            loss = loss + next_token_loss(model, ids)
            tokens += ids.shape[0] * self.n_ctx
        return loss, tokens

    def evaluate(self, model: Stack) -> dict[str, float]:
        return {
            "val_loss": held_out_loss(model, self.val),
            "held_out_right": share_right(model, self.tokenizer, self.held_out),
        }

    def sample(self, model: Stack) -> list[dict[str, str]]:
        return sample_replies(model, self.tokenizer, self.held_out)


def share_right(model: Stack, tokenizer: Tokenizer, dialogues: Sequence[Dialogue]) -> float:
    """The share of dialogues to which the judge accepts the model's greedy reply."""
    replies = reply_to_all(model, tokenizer, [dialogue.prompt for dialogue in dialogues])
    return sum(judge(d, reply).right for d, reply in zip(dialogues, replies, strict=True)) / len(dialogues)


def sample_replies(
    model: Stack, tokenizer: Tokenizer, dialogues: Sequence[Dialogue], n: int = 3
) -> list[dict[str, str]]:
    """What the model answers to the first `n` dialogues, for the log."""
    replies = reply_to_all(model, tokenizer, [dialogue.prompt for dialogue in dialogues[:n]])
    return [{"prompt": d.prompt[-1]["content"], "text": reply} for d, reply in zip(dialogues, replies, strict=False)]
