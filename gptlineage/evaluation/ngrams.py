"""An n-gram language model over token ids: what counting alone predicts, without any learning of representations.

Every order is interpolated with the one below it by absolute discounting with three discounts, for grams seen once,
twice and more often, and the lowest with a uniform choice of the vocabulary: no continuation is impossible. A gram is
an exact number, not a hash, and every table a sorted numpy array.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

UNESTIMATED = (0.5, 1.0, 1.5)  # discounts where there are too few grams to estimate them from
LEAST_DISCOUNT = 0.05  # above zero, so that something is always left for what was never seen


@dataclass(frozen=True)
class Grams:
    """The grams of one length. A gram's number is its place in `keys`; its context is a gram that is one shorter.

    `keys` is sorted: the context's number times the size of the vocabulary, plus the last id. `shares` are the
    discounted relative frequencies after that context, `left` is for every context what the discounts left over.
    """

    keys: np.ndarray
    shares: np.ndarray
    left: np.ndarray


class NGramModel:
    """Probabilities of the next id given up to `order` - 1 ids before it."""

    def __init__(self, tables: Sequence[Grams], vocab_size: int):
        self.tables, self.vocab_size = tuple(tables), vocab_size

    @classmethod
    def fit(cls, ids: np.ndarray, order: int, vocab_size: int) -> NGramModel:
        """Count the grams of 1 to `order` ids in `ids` [n_tokens].

        Raises ValueError for fewer ids than `order`, or an id outside the vocabulary.
        """
        ids = checked(ids, vocab_size)
        if not 1 <= order <= len(ids):
            raise ValueError(f"an order from 1 to the number of ids is needed, got order {order} and {len(ids)} ids")
        tables, contexts, n_contexts = [], np.zeros(len(ids), dtype=np.int64), 1
        for length in range(1, order + 1):
            keys, gram_at, counts = np.unique(
                contexts * vocab_size + ids[length - 1 :], return_inverse=True, return_counts=True
            )
            cut = discounts(counts)[np.minimum(counts, 3) - 1]
            owner = keys // vocab_size
            totals = np.bincount(owner, weights=counts, minlength=n_contexts)
            left = np.bincount(owner, weights=cut, minlength=n_contexts)
            # A context that stands only at the very end has no followers: all is left to the shorter one.
            left = np.divide(left, totals, out=np.ones(n_contexts), where=totals > 0)
            tables.append(Grams(keys, (counts - cut) / totals[owner], left))
            contexts, n_contexts = gram_at[:-1], len(keys)
        return cls(tables, vocab_size)

    def logprobs(self, ids: np.ndarray, order: int | None = None) -> np.ndarray:
        """The log-probability of every id after those before it, [n_tokens]; a lower `order` looks less far back.

        The first id is predicted from nothing, the second from one id, and so on.
        """
        ids = checked(ids, self.vocab_size)
        p = np.full(len(ids), 1 / self.vocab_size)
        contexts = np.zeros(len(ids), dtype=np.int64)  # the number of the gram before each id, -1 where unseen
        for table in self.tables[:order]:
            keys = contexts * self.vocab_size + ids
            places = np.minimum(np.searchsorted(table.keys, keys), len(table.keys) - 1)
            seen = table.keys[places] == keys  # never where the context is unseen: such keys are negative
            p = p * np.where(contexts >= 0, table.left[contexts], 1.0) + np.where(seen, table.shares[places], 0.0)
            contexts = np.concatenate(([-1], np.where(seen, places, -1)[:-1]))
        return np.log(p)

    def loss(self, ids: np.ndarray, order: int | None = None) -> float:
        """Mean nats per token of `ids` [n_tokens]. Raises ValueError when there are none."""
        if not len(ids):
            raise ValueError("there is no loss of no tokens")
        return -float(self.logprobs(ids, order).mean())

    def logprob(self, context_ids: Sequence[int], continuation_ids: Sequence[int]) -> float:
        """The log-probability of the continuation after the context, summed over its ids, in nats."""
        before = list(context_ids)[-(len(self.tables) - 1) :] if len(self.tables) > 1 else []
        scores = self.logprobs(np.array([*before, *continuation_ids], dtype=np.int64))
        return math.fsum(scores[len(before) :])


def discounts(counts: np.ndarray) -> np.ndarray:
    """What to take from a count of one, two, and three or more (Chen and Goodman's estimate), at most the count."""
    n1, n2, n3, n4 = (int((counts == c).sum()) for c in (1, 2, 3, 4))
    if not min(n1, n2, n3, n4):
        return np.array(UNESTIMATED)
    y = n1 / (n1 + 2 * n2)
    estimated = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    return np.clip(estimated, LEAST_DISCOUNT, (1.0, 2.0, 3.0))


def checked(ids: np.ndarray, vocab_size: int) -> np.ndarray:
    """The ids as 64-bit integers. Raises ValueError for one outside the vocabulary: it would pass for another gram."""
    ids = np.asarray(ids, dtype=np.int64)
    if len(ids) and not 0 <= ids.min() <= ids.max() < vocab_size:
        raise ValueError(f"ids must be from 0 to {vocab_size - 1}, got {ids.min()} to {ids.max()}")
    return ids
