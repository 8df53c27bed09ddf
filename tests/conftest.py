"""What holds for every test."""

from __future__ import annotations

import pytest
import torch

THREADS = torch.get_num_threads()


@pytest.fixture(autouse=True)
def as_many_threads_as_at_first() -> None:
    """The studio computes in one thread and says so to torch; sums in another order would differ in the last bit."""
    torch.set_num_threads(THREADS)
