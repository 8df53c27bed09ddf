"""The reward model (InstructGPT, section 3.5, step 2): a number for a reply, learnt from comparisons.

    loss = -1 / C(K, 2) * sum over pairs of log sigmoid( r(better) - r(worse) )                       (equation 1)

All pairs of a prompt stand in one batch element, as in the paper: K replies are read once each, and no prompt weighs
more because it has more pairs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import UserError
from ..inference.padding import pad
from ..model import Scorer
from ..text import Tokenizer, encode_prompt
from ..text.chat import Message
from ..world import Dialogue
from .comparisons import Comparison

Ids = list[int]


def reward_loss(scores: Tensor) -> Tensor:
    """Equation 1 for one prompt, from the scores `[K]` of its replies, the best first."""
    better, worse = torch.triu_indices(len(scores), len(scores), offset=1, device=scores.device)
    return -F.logsigmoid(scores[better] - scores[worse]).mean()


def scores_of(scorer: Scorer, rows: Sequence[Ids]) -> Tensor:
    """The score of each row, read at its last token: `[B]`."""
    ids, lengths = pad(rows, scorer.score.weight.device)
    return scorer(ids)[torch.arange(len(rows), device=ids.device), lengths - 1]


def encode_reply(tokenizer: Tokenizer, messages: Sequence[Message], reply: str, n_ctx: int) -> Ids:
    """A conversation with a reply and its end; the oldest turns are forgotten where it would not fit.

    Raises UserError when the last message and the reply alone are too long.
    """
    said = [*tokenizer.encode(reply), tokenizer.special["<|end|>"]]
    if len(said) >= n_ctx:
        raise UserError(
            f"A reply has {len(said)} tokens, more than the context of {n_ctx}; leave it out.",
            f"有的回答有 {len(said)} 个词元，超出了 {n_ctx} 的上下文；请去掉它。",
        )
    return [*encode_prompt(tokenizer, messages, n_ctx, len(said)), *said]


@torch.inference_mode()
def score_replies(
    scorer: Scorer, tokenizer: Tokenizer, dialogues: Sequence[Dialogue], replies: Sequence[Sequence[str]]
) -> list[list[float]]:
    """The reward model's score of each reply to each dialogue."""
    n_ctx = scorer.config.n_ctx
    rows = [
        encode_reply(tokenizer, dialogue.prompt, reply, n_ctx)
        for dialogue, group in zip(dialogues, replies, strict=True)
        for reply in group
    ]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))  # similar lengths together: little padding
    scores = [0.0] * len(rows)
    for start in range(0, len(order), 64):
        chosen = order[start : start + 64]
        for i, score in zip(chosen, scores_of(scorer, [rows[i] for i in chosen]).tolist(), strict=True):
            scores[i] = score
    found = iter(scores)
    return [[next(found) for _ in group] for group in replies]


class RewardModeling:
    """The objective of `training.loop.train` for comparisons between replies; what is trained is a `Scorer`.

    A step reads `batch_size` prompts with all of their replies. Comparisons that do not fit the context are left out;
    raises UserError when none is left.
    """

    def __init__(
        self,
        comparisons: Sequence[Comparison],
        held_out: Sequence[Comparison],
        tokenizer: Tokenizer,
        *,
        batch_size: int,
        n_ctx: int,
        seed: int = 0,
    ):
        self.tokenizer, self.batch_size, self.seed = tokenizer, batch_size, seed
        self.rows = [rows for _, rows in self._encoded(comparisons, n_ctx)]
        self.held_out = self._encoded(held_out, n_ctx)
        if not self.rows:
            raise UserError(
                "No comparison fits the model's context, so there is nothing to learn from; use shorter ones.",
                "没有一条比较能放进模型的上下文，无从学习；请使用更短的比较。",
            )

    def _encoded(self, comparisons: Sequence[Comparison], n_ctx: int) -> list[tuple[Comparison, list[Ids]]]:
        found = []
        for one in comparisons:
            with contextlib.suppress(UserError):
                rows = [encode_reply(self.tokenizer, one.messages, reply, n_ctx) for reply in one.replies]
                found.append((one, rows))
        return found

    def loss(self, model: Scorer, step: int, part: int, parts: int) -> tuple[Tensor, int]:
        places = range(step * self.batch_size, (step + 1) * self.batch_size)
        groups = [self.rows[self._order(i)] for i in np.array_split(places, parts)[part].tolist()]
        return self._loss(model, groups), sum(len(row) for group in groups for row in group)

    def _order(self, i: int) -> int:
        """The i-th prompt to be read: each epoch reads all of them once, in an order of its own."""
        epoch, offset = divmod(i, len(self.rows))
        return int(np.random.default_rng((self.seed, epoch)).permutation(len(self.rows))[offset])

    def _loss(self, model: Scorer, groups: Sequence[list[Ids]]) -> Tensor:
        scores = scores_of(model, [row for group in groups for row in group])
        return torch.stack([reward_loss(own) for own in scores.split([len(group) for group in groups])]).mean()

    def evaluate(self, model: Scorer) -> dict[str, float]:
        """Loss, the share of held-out pairs that the model orders as the labeler did, and how well it knows that."""
        losses, margins = [], []
        for _, group in self.held_out:
            scores = scores_of(model, group)
            losses.append(reward_loss(scores).item())
            better, worse = torch.triu_indices(len(scores), len(scores), offset=1)
            margins += (scores[better] - scores[worse]).tolist()
        if not margins:
            return {}
        return {
            "val_loss": float(np.mean(losses)),
            "pairs_right": float(np.mean(np.array(margins) > 0)),
            "calibration_error": calibration_error(margins),
        }

    def sample(self, model: Scorer) -> list[dict[str, str]]:
        """What the model thinks of the replies to a few held-out prompts, those that the labeler liked best first."""
        shown = []
        for comparison, group in self.held_out[:3]:
            scores = scores_of(model, group).tolist()
            text = " | ".join(f"{score:+.2f} {reply}" for score, reply in zip(scores, comparison.replies, strict=True))
            shown.append({"prompt": comparison.messages[-1]["content"], "text": text})
        return shown


def calibration_error(margins: Sequence[float], bins: int = 5) -> float:
    """How far the model's confidence in its order is from the share of pairs that it orders right, on average.

    `margins` are the scores of the better replies minus those of the worse. Confidences from 1/2 to 1 are put into bins
    of equal width, as for the expected calibration error (Guo et al. 2017, equation 3). It must be taken before
    `normalize`, which changes the scale that the confidences come from.
    """
    margin = np.array(margins)
    confidence, right = 1 / (1 + np.exp(-np.abs(margin))), margin > 0
    place = np.minimum(((confidence - 0.5) * 2 * bins).astype(int), bins - 1)
    gaps = [
        np.sum(place == b) * abs(confidence[place == b].mean() - right[place == b].mean()) for b in np.unique(place)
    ]
    return float(sum(gaps) / len(margin))


@torch.no_grad()
def normalize(scorer: Scorer, rows: Sequence[Ids], batch_size: int = 64) -> None:
    """Shift and stretch the scores so that these replies get 0 on average, with standard deviation 1.

    The paper shifts by a bias until demonstrations get 0 (section 3.5). A fixed spread as well lets one KL coefficient
    serve every reward model.
    """
    scorer.eval()
    found = torch.cat([scores_of(scorer, rows[i : i + batch_size]) for i in range(0, len(rows), batch_size)])
    mean, std = found.mean(), found.std().clamp_min(1e-6)
    scorer.score.weight /= std
    scorer.score.bias.copy_((scorer.score.bias - mean) / std)
