"""One setting of the C library that a training step on a CPU feels: what happens to freed memory.

Every step frees and asks again for the same large tensors. By default glibc gives each back to the system at once,
which then hands out new pages, cleared one by one: about a quarter of a step at the GPT-3 miniature's shape
(data/results/speed.json has the whole step). Elsewhere than on Linux with glibc this does nothing.
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # mallopt(3)
KEPT_BYTES = 1 << 30


def keep_freed_memory() -> None:
    """Let the process keep up to a gigabyte of freed memory for its next allocations."""
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(MMAP_THRESHOLD, KEPT_BYTES)
    mallopt(TRIM_THRESHOLD, KEPT_BYTES)
