"""Direct preference optimisation (Rafailov et al. 2023): learn from comparisons without a reward model.

    loss = -log sigmoid( beta * [ (log pi(w) - log ref(w)) - (log pi(l) - log ref(l)) ] )

Of each comparison the best and the worst reply are read: where the labeler errs, it is least often between these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import UserError
from ..model import Stack
from ..text import Tokenizer, encode_prompt
from ..world import Dialogue
from .comparisons import Comparison
from .sft import IGNORED, Row, collate, sample_replies, share_right


def reply_logprob(model: Stack, inputs: Tensor, targets: Tensor) -> Tensor:
    """Log-probability of each row's reply, summed over its tokens: `[B, T] -> [B]`."""
    logits = model(inputs)
    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none")
    return -losses.view(targets.shape).sum(-1)


def dpo_loss(chosen: Tensor, rejected: Tensor, reference_gap: Tensor, beta: float) -> Tensor:
    """The loss above from log-probabilities `[B]`; `reference_gap` is log ref(w) - log ref(l)."""
    return -F.logsigmoid(beta * ((chosen - rejected) - reference_gap)).mean()


class DirectPreference:
    """The objective of `training.loop.train` for comparisons; `model` as it is now becomes the reference.

    Raises UserError when no comparison is left that fits the context.
    """

    def __init__(
        self,
        model: Stack,
        tokenizer: Tokenizer,
        comparisons: Sequence[Comparison],
        held_out: Sequence[Dialogue],
        *,
        batch_size: int,
        beta: float = 0.3,
        seed: int = 0,
    ):
        self.tokenizer, self.beta, self.batch_size, self.seed = tokenizer, beta, batch_size, seed
        self.held_out = held_out
        end, n_ctx = tokenizer.special["<|end|>"], model.config.n_ctx
        self.chosen: list[Row] = []
        self.rejected: list[Row] = []
        for comparison in comparisons:
            try:
                prompt = encode_prompt(tokenizer, comparison.messages, n_ctx)
            except UserError:  # the prompt alone is too long
                continue
            rows = []
            for reply in (comparison.replies[0], comparison.replies[-1]):
                said = [*tokenizer.encode(reply), end]
                rows.append((prompt + said, [False] * len(prompt) + [True] * len(said)))
            if all(len(ids) <= n_ctx + 1 for ids, _ in rows):
                self.chosen.append(rows[0])
                self.rejected.append(rows[1])
        if not self.chosen:
            raise UserError(
                "No comparison fits the model's context, so there is nothing to prefer; use shorter ones.",
                "没有一条比较能放进模型的上下文，因此没有偏好可学；请使用更短的比较。",
            )
        self.reference_gap = self._gaps(model)

    @torch.inference_mode()
    def _gaps(self, model: Stack) -> Tensor:
        model.eval()
        gaps = []
        for start in range(0, len(self.chosen), self.batch_size):
            chosen, rejected = self._logprobs(model, range(start, min(start + self.batch_size, len(self.chosen))))
            gaps.append(chosen - rejected)
        return torch.cat(gaps).clone()

    def _logprobs(self, model: Stack, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Log-probabilities of the chosen and the rejected replies, `[B]` each, in one pass."""
        rows = [self.chosen[i] for i in indices] + [self.rejected[i] for i in indices]
        inputs, targets = (tensor.to(model.tokens.weight.device) for tensor in collate(rows))
        chosen, rejected = reply_logprob(model, inputs, targets).chunk(2)
        return chosen, rejected

    def loss(self, model: Stack, step: int, part: int, parts: int) -> tuple[Tensor, int]:
        per_epoch = max(1, len(self.chosen) // self.batch_size)
        epoch, offset = divmod(step, per_epoch)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.chosen))
        indices = np.array_split(order[offset * self.batch_size : (offset + 1) * self.batch_size], parts)[part]
        chosen, rejected = self._logprobs(model, indices.tolist())
        loss = dpo_loss(chosen, rejected, self.reference_gap[indices].to(chosen.device), self.beta)
        return loss, sum(len(self.chosen[i][0]) + len(self.rejected[i][0]) for i in indices)

    def evaluate(self, model: Stack) -> dict[str, float]:
        return {"held_out_right": share_right(model, self.tokenizer, self.held_out)}

    def sample(self, model: Stack) -> list[dict[str, str]]:
        return sample_replies(model, self.tokenizer, self.held_out)
