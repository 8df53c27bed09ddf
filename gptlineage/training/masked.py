"""Masked language modelling: guess hidden tokens from what stands on both sides (BERT, section 3.1, task 1).

BERT's second task, telling whether one text follows another, is left out: RoBERTa (Liu et al. 2019) disputed its use.
So every window is one segment, and begins with <|start|>, which is BERT's [CLS].
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..corpus import Batches, Shard
from ..inference.fill import fill_text
from ..model import Stack
from ..text import Tokenizer
from .pretrain import EVAL_WINDOWS

CHOSEN = 0.15  # of the tokens are to be guessed
# Of these so many are shown as a mask, so many as any other token, and the rest as they are: a text that a person gives
# has no masks, so the model must not rely on them.
MASKED, RANDOM = 0.8, 0.1
# Short windows come first, as in the paper (128 of 512 tokens, for nine tenths of the steps): after 300 steps among 128
# tokens a miniature still guesses by frequency alone (loss 5.5), among 32 it uses the neighbours of a gap (4.7). But
# with the paper's share the positions behind the 32 stay unknown: 2.1 on short windows, then 4.5 on whole ones. So here
# whole windows come after a third of the steps, every other time; short ones stay, as a person's texts are short.
SHORTER, SHORT_FOR = 4, 1 / 3


class Corruption:
    """`windows [B, T]` as the model reads them (`shown`), with the `places [B, K]` and the `tokens [B, K]` to guess."""

    def __init__(self, windows: Tensor, tokenizer: Tokenizer, rng: np.random.Generator):
        first_special, (rows, length) = len(tokenizer.vocabulary), windows.shape
        noise = torch.from_numpy(rng.random((rows, length)))
        noise[windows >= first_special] = 2.0  # specials are no text: they come last, and are not guessed
        self.places = noise.argsort(-1)[:, : max(1, round(CHOSEN * length))]
        self.tokens = windows.gather(1, self.places)
        fate = torch.from_numpy(rng.random(self.places.shape))
        other = torch.from_numpy(rng.integers(first_special, size=self.places.shape))
        seen = torch.where(fate < MASKED + RANDOM, other, self.tokens)
        seen = seen.masked_fill(fate < MASKED, tokenizer.special["<|mask|>"])
        self.shown = windows.scatter(1, self.places, seen)
        self.masked = fate < MASKED  # [B, K]


def masked_logits(model: Stack, shown: Tensor, places: Tensor) -> Tensor:
    """The logits at the `places [B, K]` only, `[B, K, V]`: the others are not guessed, and the head costs most."""
    states = model.hidden(shown)
    return model.unembed(states.gather(1, places[..., None].expand(-1, -1, states.shape[-1]))).float()


class MaskedLanguageModeling:
    """The objective of `training.loop.train` for a corpus and a model that looks both ways.

    It reads the windows that `Pretraining` reads under the same seed, so that the two can be compared; <|start|> stands
    in the place of the first token. Which tokens are hidden follows from seed and step alone.
    """

    def __init__(
        self,
        train: Shard,
        val: Shard,
        tokenizer: Tokenizer,
        *,
        steps: int,
        batch_size: int,
        n_ctx: int,
        seed: int = 0,
        prompts: tuple[str, ...] = (),
    ):
        self.batches = Batches(train, batch_size, n_ctx, seed)
        self.tokenizer, self.prompts = tokenizer, prompts
        self.steps, self.n_ctx, self.seed = steps, n_ctx, seed
        n_windows = min(EVAL_WINDOWS, len(val) // n_ctx)
        held_out = np.stack([val.window(i * (len(val) // n_windows), n_ctx) for i in range(n_windows)])
        # One corruption for good, whatever the run's seed: runs are compared by it.
        self.held_out = self.corrupt(torch.from_numpy(held_out), n_ctx, np.random.default_rng(0))

    def corrupt(self, windows: Tensor, length: int, rng: np.random.Generator) -> Corruption:
        """Windows of at least `n_ctx` tokens, cut to `length`; each piece begins with the start."""
        pieces = windows[:, : self.n_ctx // length * length].reshape(-1, length).clone()
        pieces[:, 0] = self.tokenizer.special["<|start|>"]
        return Corruption(pieces, self.tokenizer, rng)

    def length(self, step: int) -> int:
        """How many tokens the windows of a step have."""
        whole = step >= SHORT_FOR * self.steps and step % 2
        return self.n_ctx if whole else self.n_ctx // SHORTER

    def loss(self, model: Stack, step: int, part: int, parts: int) -> tuple[Tensor, int]:
        """Mean cross-entropy of the chosen tokens, in nats; all tokens of the windows count as read."""
        hidden = self.corrupt(self.batches.batch(step), self.length(step), np.random.default_rng((self.seed, step)))
        device = model.tokens.weight.device
        shown, places, tokens = (
            tensor.chunk(parts)[part].to(device) for tensor in (hidden.shown, hidden.places, hidden.tokens)
        )
        logits = masked_logits(model, shown, places)
        return F.cross_entropy(logits.flatten(0, 1), tokens.flatten()), shown.numel()

    def evaluate(self, model: Stack) -> dict[str, float]:
        """`val_loss`, in nats per chosen token, and `mask_right`, the share of masks whose token is the likeliest."""
        device, one = model.tokens.weight.device, self.held_out
        logits = masked_logits(model, one.shown.to(device), one.places.to(device)).cpu()
        right = logits.argmax(-1) == one.tokens
        return {
            "val_loss": F.cross_entropy(logits.flatten(0, 1), one.tokens.flatten()).item(),
            "mask_right": right[one.masked].float().mean().item(),
        }

    def sample(self, model: Stack) -> list[dict[str, str]]:
        return [{"prompt": prompt, "text": fill_text(model, self.tokenizer, prompt)} for prompt in self.prompts]
