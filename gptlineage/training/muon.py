"""Muon: momentum whose update is orthogonalised, for the hidden matrices of the miniatures.

The same update as `torch.optim.Muon` (the tests hold them against each other). That one iterates in bfloat16, one
matrix at a time, which a CPU without bfloat16 units emulates slowly. Here equal shapes are stacked and multiplied
together, in whatever precision the training loop has chosen for this machine (data/results/speed.json has both).
None of the papers used it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # the quintic of Jordan et al. (2024)
ITERATIONS = 5


def orthogonalize(matrices: Tensor) -> Tensor:
    """Newton-Schulz: push the singular values of each `[..., m, n]` matrix (m <= n) to about 1."""
    a, b, c = COEFFICIENTS
    x = matrices / matrices.norm(dim=(-2, -1), keepdim=True).clamp_min(1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay, for 2-D parameters.

    A parameter with three times as many rows as columns is a fused query-key-value map and is treated as the
    three square matrices it consists of. A matrix with more rows than columns has its step scaled by
    sqrt(rows / columns), as in the original.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0
    ):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):  # type: ignore[no-untyped-def]
        for group in self.param_groups:
            by_shape: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(parameter)
                momentum = state["momentum_buffer"]
                momentum.lerp_(parameter.grad, 1 - group["momentum"])
                update = parameter.grad.lerp(momentum, group["momentum"])
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                rows, columns = parameter.shape
                pieces = 3 if rows == 3 * columns else 1
                for target, piece in zip(parameter.chunk(pieces), update.chunk(pieces), strict=True):
                    by_shape[(min(piece.shape), max(piece.shape))].append((target, piece))
            for pairs in by_shape.values():
                wide = torch.stack([p if p.shape[0] <= p.shape[1] else p.mT for _, p in pairs])
                for (target, piece), result in zip(pairs, orthogonalize(wide), strict=True):
                    scale = max(1.0, piece.shape[0] / piece.shape[1]) ** 0.5
                    target.add_(result if piece.shape[0] <= piece.shape[1] else result.mT, alpha=-group["lr"] * scale)
