"""Fine-tuning as GPT-1 did it (section 3): every task becomes rows of tokens, and one linear head reads one state.

    classification   S text E                            one row
    entailment       S premise $ hypothesis E            one row
    similarity       S a $ b E   and   S b $ a E         two rows, whose states are summed
    choice           S text $ answer_k E                 K rows, whose numbers compete

S, $ and E are the start, delimiter and extract tokens; the head reads the state at E. All weights train, on the
loss of the task plus `auxiliary` times that of the next token of the same rows (equation 5).

A body that looks both ways is read at its first token instead, as BERT is (section 4): S text $ and S a $ b $, the
second text in segment 1, one order of two is enough, and there is no next token to predict. BERT's released code has
one more layer before the head, which comes out of its second task; ours, pretrained without that task, has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import UserError
from ..inference.padding import pad
from ..model import Classifier, ModelConfig, RecurrentLM, Stack
from ..text import Tokenizer
from ..world.labels import Example

Ids = list[int]
AUXILIARY = 0.5  # lambda (GPT-1, section 4.1)
MARKS = ("<|start|>", "<|delimiter|>", "<|extract|>")
ROWS_AT_ONCE = 256  # when evaluating


@dataclass(frozen=True)
class Row:
    """What the body reads: ids, the segment of each, and at which place the head reads."""

    ids: Ids
    segments: Ids
    place: int


def transform(
    tokenizer: Tokenizer, task: str, example: Example, n_ctx: int, *, both_ways: bool = False
) -> list[Row]:
    """The rows of an example (GPT-1, figure 1; `both_ways`: BERT, figure 4). The longest text is cut where they are
    too long.

    Raises UserError for an unknown task, or an example that is none of this task's.
    """
    wanted = {"classification": (1, 0), "entailment": (2, 0), "similarity": (2, 0), "choice": (1, 2)}
    n_texts, fewest = wanted.get(task, (-1, 0))
    if len(example.texts) != n_texts or len(example.choices) < fewest:
        raise UserError(
            f"{example.texts!r} is no example of {task!r}; there are {', '.join(wanted)}.",
            f"{example.texts!r} 不是任务 {task!r} 的样例；任务有 {'、'.join(wanted)}。",
        )
    texts = example.texts
    if task == "choice":
        orders = [(*texts, choice) for choice in example.choices]
    else:
        orders = [texts, texts[::-1]] if task == "similarity" and not both_ways else [texts]
    return [row_of(tokenizer, order, n_ctx, both_ways) for order in orders]


def row_of(tokenizer: Tokenizer, texts: Sequence[str], n_ctx: int, both_ways: bool = False) -> Row:
    start, delimiter, extract = (tokenizer.special[mark] for mark in MARKS)
    encoded = [tokenizer.encode(text) for text in texts]
    while sum(map(len, encoded)) + len(encoded) + 1 > n_ctx:
        max(encoded, key=len).pop()
    ids, segments = [start], [0]
    for number, own in enumerate(encoded):
        last = number == len(encoded) - 1
        ids += [*own, extract if last and not both_ways else delimiter]
        segments += [number] * (len(own) + 1)
    return Row(ids, segments, 0 if both_ways else len(ids) - 1)


@torch.no_grad()
def renew_marks(body: Stack | RecurrentLM, tokenizer: Tokenizer) -> None:
    """Give start, delimiter and extract fresh embeddings: in pretraining they only were what never came (tied head).

    GPT-1 adds them to the vocabulary when it begins to fine-tune (section 4.1), N(0, 0.02).
    """
    for mark in MARKS:
        nn.init.normal_(body.tokens.weight[tokenizer.special[mark]], std=0.02)


class FineTuning:
    """The objective of `training.loop.train` for labelled examples; what is trained is a `Classifier`.

    A step reads `batch_size` examples; each epoch reads all of them once, in an order of its own. `auxiliary` weighs
    the language modelling loss. Raises UserError when there is nothing to learn from, or `auxiliary` is asked of a
    body that looks both ways.
    """

    def __init__(
        self,
        train: Sequence[Example],
        held_out: Sequence[Example],
        tokenizer: Tokenizer,
        *,
        task: str,
        batch_size: int,
        n_ctx: int,
        auxiliary: float = AUXILIARY,
        both_ways: bool = False,
        seed: int = 0,
    ):
        if not train:
            raise UserError("There are no labelled examples to learn from.", "没有可供学习的带标签样例。")
        if auxiliary and both_ways:
            raise UserError(
                "A model that looks both ways has no next token to predict; fine-tune it with auxiliary=0.",
                "双向模型没有“下一个词”可预测；请用 auxiliary=0 微调。",
            )
        self.batch_size, self.auxiliary, self.both_ways, self.seed = batch_size, auxiliary, both_ways, seed

        def rows(examples: Sequence[Example]) -> list[list[Row]]:
            return [transform(tokenizer, task, example, n_ctx, both_ways=both_ways) for example in examples]

        self.train, self.rows = train, rows(train)
        self.held_out, self.held_out_rows = held_out, rows(held_out)

    def loss(self, model: Classifier, step: int, part: int, parts: int) -> tuple[Tensor, int]:
        places = range(step * self.batch_size, (step + 1) * self.batch_size)
        chosen = [self._order(i) for i in np.array_split(places, parts)[part].tolist()]
        groups = [self.rows[i] for i in chosen]
        labels = torch.tensor([self.train[i].label for i in chosen])
        return self._loss(model, groups, labels), sum(len(row.ids) for group in groups for row in group)

    def _order(self, i: int) -> int:
        epoch, offset = divmod(i, len(self.train))
        return int(np.random.default_rng((self.seed, epoch)).permutation(len(self.train))[offset])

    def _loss(self, model: Classifier, groups: Sequence[list[Row]], labels: Tensor) -> Tensor:
        ids, real, segments, places = block_of(groups, model.score.weight.device)
        hidden = model.hidden(ids, **self._seen(real, segments, model))
        loss = F.cross_entropy(model.classify(hidden, places), labels.to(ids.device))
        if self.auxiliary:
            loss = loss + self.auxiliary * row_loss(model.body, hidden, ids, real)
        return loss

    def _seen(self, real: Tensor, segments: Tensor, model: Classifier) -> dict[str, Tensor]:
        """What a body that looks both ways must be told; the others do not see padding, which comes last."""
        if not self.both_ways:
            return {}
        told = {"mask": real[:, None, None, :]}
        kinds = model.config.segments if isinstance(model.config, ModelConfig) else 0
        return {**told, "segments": segments.clamp_max(kinds - 1)} if kinds else told

    @torch.inference_mode()
    def logits(self, model: Classifier, groups: Sequence[list[Row]]) -> Tensor:
        """`[len(groups), n_labels or N]`, float32, in the model's present mode."""
        found, at_once = [], max(1, ROWS_AT_ONCE // len(groups[0]))
        for first in range(0, len(groups), at_once):
            ids, real, segments, places = block_of(groups[first : first + at_once], model.score.weight.device)
            found.append(model(ids, places, **self._seen(real, segments, model)))
        return torch.cat(found)

    def evaluate(self, model: Classifier) -> dict[str, float]:
        """Loss of the task in nats, and the share of held-out examples that get their label."""
        if not self.held_out:
            return {}
        logits = self.logits(model, self.held_out_rows)
        labels = torch.tensor([example.label for example in self.held_out], device=logits.device)
        right = (logits.argmax(-1) == labels).float().mean().item()
        return {"val_loss": F.cross_entropy(logits, labels).item(), "accuracy": right}

    def sample(self, model: Classifier) -> list[dict[str, str]]:
        """How a few held-out examples are labelled, with the probability of the label."""
        shown = []
        for example, row in zip(self.held_out[:3], self.held_out_rows, strict=False):
            probability, label = self.logits(model, [row]).softmax(-1)[0].max(-1)
            named = example.choices[int(label)] if example.choices else str(int(label))
            shown.append({"prompt": " | ".join(example.texts), "text": f"{named} ({probability.item():.2f})"})
        return shown


def row_loss(body: Stack | RecurrentLM, hidden: Tensor, ids: Tensor, real: Tensor) -> Tensor:
    """Mean loss of the next token, in nats: over each row's own tokens first, then over the rows (released code)."""
    follows = real[:, 1:]
    logits = body.unembed(hidden[:, :-1][follows]).float()  # only where a token follows: the head costs most
    losses = F.cross_entropy(logits, ids[:, 1:][follows], reduction="none")
    return (losses * (1 / follows.sum(1)).repeat_interleave(follows.sum(1))).sum() / len(ids)


def block_of(groups: Sequence[list[Row]], device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Padded ids, which of them are real, and segments, `[B * N, T]` each; the places to read, `[B, N]`."""
    rows = [row for group in groups for row in group]
    ids, lengths = pad([row.ids for row in rows], device)
    segments, _ = pad([row.segments for row in rows], device)
    real = torch.arange(ids.shape[1], device=device) < lengths[:, None]
    places = torch.tensor([[row.place for row in group] for group in groups], device=device)
    return ids, real, segments, places
