"""Learning to translate: the next word of the target, given the source and the words before (2014, 2017).

Both directions are learnt by one model; the language of the source tells which. The right distribution is smoothed a
little, so that the model never becomes too sure (Transformer, section 5.4).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ..inference.padding import pad
from ..inference.translate import bleu, device_of, source_ids, translate_all
from ..text import Tokenizer

SORTED_TOGETHER = 20  # minibatches whose pairs are sorted by length before they are cut (2014, appendix B.2)
WATCHED = 100  # pairs translated at each evaluation
Pair = tuple[str, str]  # English, Chinese


def translation_loss(
    model: Any, source: Tensor, lengths: Tensor, target: Tensor, smoothing: float = 0.0
) -> Tensor:
    """Mean cross-entropy of the target's tokens after the first, in nats; `target [B, T + 1]`, -1 for padding."""
    logits = model(source, target[:, :-1].clamp_min(0), lengths)
    return F.cross_entropy(
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=-1, label_smoothing=smoothing
    )


class Translation:
    """The objective of `training.loop.train` for sentence pairs, each read in both directions.

    `reverse` turns the source around, which Sutskever et al. (2014) found to help a network without attention.
    """

    def __init__(
        self,
        pairs: Iterable[Pair],
        held_out: Sequence[Pair],
        tokenizer: Tokenizer,
        *,
        steps: int,
        batch_size: int,
        n_ctx: int,
        seed: int = 0,
        smoothing: float = 0.1,
        reverse: bool = False,
    ):
        self.tokenizer, self.smoothing, self.reverse = tokenizer, smoothing, reverse
        self.rng = random.Random(seed)
        examples = (example for pair in pairs for example in self.both_ways(pair))
        fitting = (e for e in examples if max(map(len, e)) <= n_ctx)
        self.examples = list(islice(fitting, steps * batch_size))
        self.batches = self.in_batches(batch_size)
        self.held_out = list(held_out)
        self.watched = [e for pair in self.held_out for e in self.both_ways(pair) if max(map(len, e)) <= n_ctx]

    def both_ways(self, pair: Pair) -> list[tuple[list[int], list[int]]]:
        """(source, target) as ids, from English and from Chinese, in random order."""
        ways = [(self.source(text), self.target(other)) for text, other in (pair, pair[::-1])]
        return ways if self.rng.random() < 0.5 else ways[::-1]

    def source(self, text: str) -> list[int]:
        ids = source_ids(self.tokenizer, text)
        return ids[::-1] if self.reverse else ids

    def target(self, text: str) -> list[int]:
        special = self.tokenizer.special
        return [special["<|start|>"], *self.tokenizer.encode(text), special["<|end|>"]]

    def in_batches(self, size: int) -> list[list[int]]:
        """The examples' numbers, batch by batch; those of a batch are of similar length."""
        batches: list[list[int]] = []
        for first in range(0, len(self.examples), size * SORTED_TOGETHER):
            group = list(range(first, min(first + size * SORTED_TOGETHER, len(self.examples))))
            group.sort(key=lambda i: sum(map(len, self.examples[i])))
            cut = [group[i : i + size] for i in range(0, len(group), size)]
            self.rng.shuffle(cut)
            batches += cut
        return batches

    def block(self, examples: Sequence[tuple[list[int], list[int]]], model: Any) -> tuple[Tensor, Tensor, Tensor]:
        source, lengths = pad([source for source, _ in examples], device_of(model))
        target, _ = pad([target for _, target in examples], device_of(model), value=-1)
        return source, lengths, target

    def loss(self, model: Any, step: int, part: int, parts: int) -> tuple[Tensor, int]:
        # A finite file of pairs is read again and again.
        chosen = self.batches[step % len(self.batches)]
        chosen = chosen[part * len(chosen) // parts : (part + 1) * len(chosen) // parts]
        source, lengths, target = self.block([self.examples[i] for i in chosen], model)
        tokens = int((target[:, 1:] >= 0).sum())
        return translation_loss(model, source, lengths, target, self.smoothing), tokens

    def evaluate(self, model: Any) -> dict[str, float]:
        """Loss without smoothing, in nats per target token, and greedy translations of held-out pairs, both ways."""
        losses = []
        for first in range(0, len(self.watched), 64):
            block = self.block(self.watched[first : first + 64], model)
            losses.append((translation_loss(model, *block).item(), int((block[2][:, 1:] >= 0).sum())))
        loss = sum(value * n for value, n in losses) / sum(n for _, n in losses)
        return {"val_loss": loss, **translation_scores(model, self.tokenizer, self.held_out[:WATCHED], self.reverse)}

    def sample(self, model: Any) -> list[dict[str, str]]:
        texts = [text for pair in self.held_out[:2] for text in pair]
        found = translate_all(model, self.tokenizer, texts, reverse=self.reverse)
        return [{"prompt": text, "text": other} for text, other in zip(texts, found, strict=True)]


def translation_scores(
    model: Any, tokenizer: Tokenizer, pairs: Sequence[Pair], reverse: bool = False
) -> dict[str, float]:
    """BLEU and share of exact translations in each direction, greedy."""
    english, chinese = [en for en, _ in pairs], [zh for _, zh in pairs]
    found = {}
    for language, texts, references in (("zh", english, chinese), ("en", chinese, english)):
        written = translate_all(model, tokenizer, texts, reverse=reverse)
        found[f"bleu_{language}"] = bleu(written, references, language)
        right = sum(a.strip() == b.strip() for a, b in zip(written, references, strict=True))
        found[f"exact_{language}"] = right / max(1, len(references))
    return found
