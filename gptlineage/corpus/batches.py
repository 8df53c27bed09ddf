"""Batches that depend on nothing but the step, so that a resumed run sees exactly what it would have seen."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .shards import Shard


class Batches:
    """Windows of `n_ctx + 1` ids from a shard: each epoch visits every window once, in a new order and phase."""

    def __init__(self, shard: Shard, batch_size: int, n_ctx: int, seed: int = 0):
        self.shard, self.batch_size, self.n_ctx, self.seed = shard, batch_size, n_ctx, seed
        self.per_epoch = max(1, (len(shard) - 1 - n_ctx) // n_ctx)
        self._epoch, self._starts = -1, np.empty(0, dtype=np.int64)

    def starts(self, epoch: int) -> np.ndarray:
        """Where this epoch's windows begin, shuffled."""
        if epoch != self._epoch:
            rng = np.random.default_rng((self.seed, epoch))
            phase = int(rng.integers(0, min(self.n_ctx, len(self.shard) - self.n_ctx)))
            n_windows = min(self.per_epoch, (len(self.shard) - phase - 1) // self.n_ctx)
            self._starts = phase + self.n_ctx * rng.permutation(max(1, n_windows))
            self._epoch = epoch
        return self._starts

    def batch(self, step: int) -> Tensor:
        """The ids of step number `step`, `[batch_size, n_ctx + 1]`."""
        rows = []
        for index in range(step * self.batch_size, (step + 1) * self.batch_size):
            epoch, offset = divmod(index, self.per_epoch)
            starts = self.starts(epoch)
            rows.append(self.shard.window(int(starts[offset % len(starts)]), self.n_ctx + 1))
        return torch.from_numpy(np.stack(rows))
