"""How a stage of training runs: the papers' hyper-parameters, under the papers' names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..errors import UserError

SCHEDULES = ("inverse_sqrt", "cosine", "flat")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The settings of one training stage.

    `steps` updates of `batch_size` windows, split into `accumulation` passes. `optimizer`: "adamw" is the papers'
    (decay on matrices only, GPT-1, section 4.1); "muon" orthogonalises the updates of the hidden matrices with
    learning rate `matrix_lr` and without decay, and leaves the rest to AdamW with `lr`. The learning rate warms up
    linearly over `warmup` of the steps (a share), then follows `schedule`: "inverse_sqrt" (Transformer, equation 3),
    or "cosine" (GPT-1) or "flat" (constant, then linear decay over the last 40 %) down to `final_lr` times its peak.
    Gradients are clipped to norm `grad_clip`.
    """

    steps: int
    batch_size: int
    optimizer: str = "adamw"
    lr: float = 1e-3
    matrix_lr: float = 0.02
    betas: tuple[float, float] = (0.9, 0.95)
    eps: float = 1e-8
    weight_decay: float = 0.1
    warmup: float = 0.02
    schedule: str = "cosine"
    final_lr: float = 0.1
    grad_clip: float = 1.0
    accumulation: int = 1
    eval_every: int = 250
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "betas", tuple(self.betas))
        if self.steps < 1 or self.batch_size < 1 or self.batch_size % self.accumulation:
            raise UserError(
                f"{self.steps} steps of batch {self.batch_size} in {self.accumulation} passes cannot run; use at least "
                "one step and a batch that divides evenly.",
                f"无法以 {self.accumulation} 次累积运行批大小 {self.batch_size} 的 {self.steps} 步；"
                "请至少运行一步，且批大小能整除。",
            )
        if self.optimizer not in ("adamw", "muon") or self.schedule not in SCHEDULES:
            raise UserError(
                f"Unknown optimizer {self.optimizer!r} or schedule {self.schedule!r}; "
                f"use adamw or muon, and one of {', '.join(SCHEDULES)}.",
                f"未知的优化器 {self.optimizer!r} 或学习率计划 {self.schedule!r}；"
                f"请用 adamw 或 muon，以及 {'、'.join(SCHEDULES)} 之一。",
            )

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "betas": list(self.betas)}
