"""Direct preference optimisation (Rafailov et al. 2023): learn from comparisons without a reward model.

    loss = -log sigmoid( beta * [ (log pi(w) - log ref(w)) - (log pi(l) - log ref(l)) ] )

The comparisons come from the model itself: it answers a prompt several times, and the world's judge, who knows the
truth, says which answer is better. In life people judge; a simulated labeler with noise belongs to the reward model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import UserError
from ..inference import Sampling, reply_to_all
from ..inference.checkpoint import replace
from ..model import Stack
from ..text import Tokenizer, encode_prompt
from ..world import Dialogue, judge
from .sft import IGNORED, collate, sample_replies, share_right

Row = tuple[list[int], list[bool]]


@dataclass(frozen=True)
class PreferencePair:
    """Two replies to one conversation, the first of which was preferred."""

    messages: tuple[dict[str, str], ...]
    chosen: str
    rejected: str

    @staticmethod
    def write(path: Path, pairs: Sequence[PreferencePair]) -> None:
        """One JSON object a line: `messages`, `chosen`, `rejected`."""
        lines = [json.dumps(pair.__dict__, ensure_ascii=False) + "\n" for pair in pairs]
        replace(path, lambda temporary: temporary.write_text("".join(lines), encoding="utf-8"))

    @staticmethod
    def read(path: Path) -> list[PreferencePair]:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        return [PreferencePair(tuple(row["messages"]), row["chosen"], row["rejected"]) for row in rows]


def collect_pairs(
    model: Stack, tokenizer: Tokenizer, dialogues: Iterator[Dialogue], *, n_prompts: int, k: int = 4, seed: int = 0
) -> list[PreferencePair]:
    """Ask the model `k` times at temperature 1 and pair its best reply with its worst, where the judge sees a gap."""
    prompts = list(islice(dialogues, n_prompts))
    tries = [
        reply_to_all(
            model, tokenizer, [d.prompt for d in prompts], Sampling(temperature=1.0, top_k=0, seed=seed * k + attempt)
        )
        for attempt in range(k)
    ]
    pairs = []
    for dialogue, replies in zip(prompts, zip(*tries, strict=True), strict=True):
        ended = [reply for reply in replies if reply]  # a reply that never ended teaches nothing about endings
        scores = [judge(dialogue, reply).score for reply in ended]
        if ended and max(scores) > min(scores):
            best, worst = ended[int(np.argmax(scores))], ended[int(np.argmin(scores))]
            pairs.append(PreferencePair(dialogue.prompt, best, worst))
    return pairs


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

    Raises UserError when no pair is left that fits the context.
    """

    def __init__(
        self,
        model: Stack,
        tokenizer: Tokenizer,
        pairs: Sequence[PreferencePair],
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
        for pair in pairs:
            prompt = encode_prompt(tokenizer, pair.messages, n_ctx)
            rows = []
            for reply in (pair.chosen, pair.rejected):
                said = [*tokenizer.encode(reply), end]
                rows.append((prompt + said, [False] * len(prompt) + [True] * len(said)))
            if all(len(ids) <= n_ctx + 1 for ids, _ in rows):
                self.chosen.append(rows[0])
                self.rejected.append(rows[1])
        if not self.chosen:
            raise UserError(
                "The judge found no reply better than another, so there is nothing to prefer; "
                "fine-tune for longer first.",
                "评判者没有发现更好或更差的回答，因此没有偏好可学；请先微调更久。",
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
