"""How well a translator translates, and what its training costs: BLEU by length, work, and steps in a row."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from torch.utils.flop_counter import FlopCounterMode

from ..inference.translate import bleu, translate_all
from ..model import RNNSearch
from ..text import Tokenizer
from ..training.translation import Translation, translation_loss
from ..world.bitext import Bitext

Rows = list[dict[str, Any]]


def score(model: Any, tokenizer: Tokenizer, pairs: Sequence[Bitext], reverse: bool = False) -> Rows:
    """BLEU and exact matches of greedy translations, by direction and by the number of clauses; 0 clauses is all.

    `words` is the mean length of the English side.
    """
    rows: Rows = []
    for language in ("zh", "en"):
        sources = [pair.en if language == "zh" else pair.zh for pair in pairs]
        references = [pair.zh if language == "zh" else pair.en for pair in pairs]
        written = translate_all(model, tokenizer, sources, reverse=reverse)
        for clauses in (0, *sorted({pair.n_clauses for pair in pairs})):
            own = [i for i, pair in enumerate(pairs) if clauses in (0, pair.n_clauses)]
            words = sum(len(pairs[i].en.split()) for i in own) / len(own)
            right = sum(written[i].strip() == references[i] for i in own) / len(own)
            found = bleu([written[i] for i in own], [references[i] for i in own], language)
            task = {"task": f"into {language}", "clauses": clauses, "words": round(words, 1), "n": len(own)}
            rows += [{**task, "metric": "BLEU", "value": found}, {**task, "metric": "exact", "value": right}]
    return rows


def work(model: Any, objective: Translation, step: int = 0) -> int:
    """Floating-point operations of one training step, forwards and backwards, counted by torch on a real batch."""
    batch = objective.block([objective.examples[i] for i in objective.batches[step]], model)
    counter = FlopCounterMode(display=False)
    with counter:
        translation_loss(model, *batch).backward()
    model.zero_grad()
    total: int = counter.get_total_flops()
    return total


def sequential_steps(model: Any, n: int) -> int:
    """Operations of a layer that must wait for each other when n words are read and n written in training.

    A recurrent layer takes one step after another through the source and then through the target; a block of
    attention takes its two (three in a decoder) sub-layers, however long the sentence is (Transformer, table 1).
    """
    if isinstance(model, RNNSearch):
        return 2 * n
    return 2 * len(model.encoder) + 3 * len(model.decoder)


def seconds_per_step(models: Sequence[Any], objective: Translation, batches: int = 8, repeats: int = 5) -> list[float]:
    """The time of a training step of each model without its optimizer, the mean over real batches.

    The models take turns, and the least of several times counts: what else the machine does disturbs neither.
    """
    least = [[math.inf] * batches for _ in models]
    for _ in range(repeats):
        for step in range(batches):
            for times, model in zip(least, models, strict=True):
                batch = objective.block([objective.examples[i] for i in objective.batches[step]], model)
                began = time.perf_counter()
                translation_loss(model, *batch).backward()
                times[step] = min(times[step], time.perf_counter() - began)
                model.zero_grad(set_to_none=True)
    return [sum(times) / batches for times in least]
