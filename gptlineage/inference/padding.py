"""Rows of different lengths as one block: whoever reads a batch pads it here."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def pad(
    rows: Sequence[Sequence[int]], device: torch.device | str = "cpu", value: int = 0
) -> tuple[Tensor, Tensor]:
    """The rows with `value` behind the shorter ones, `[B, T]`, and their lengths `[B]`."""
    lengths = [len(row) for row in rows]
    block = torch.full((len(rows), max(lengths)), value, dtype=torch.long)
    for number, row in enumerate(rows):
        block[number, : len(row)] = torch.tensor(row)
    return block.to(device), torch.tensor(lengths, device=device)
