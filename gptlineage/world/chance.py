"""Reproducible chance: the same seed gives the same world on every platform and Python version.

Only `Random.random()` is used, whose stream Python guarantees; never `hash()` or the order of a set.
"""

from __future__ import annotations

import contextlib
import random
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")
_generator: Callable[[int], random.Random] = random.Random  # what `stream` makes; see `streams_of`


@contextlib.contextmanager
def streams_of(generator: Callable[[int], random.Random]) -> Iterator[None]:
    """Inside the block every new stream is one of these, so that what is chosen can be watched."""
    global _generator
    usual, _generator = _generator, generator
    try:
        yield
    finally:
        _generator = usual


def stream(seed: int, *labels: str) -> random.Random:
    """A generator of its own for every (seed, labels): streams of different labels do not overlap."""
    label = zlib.crc32("/".join(labels).encode())
    return _generator((abs(seed) << 33) | ((seed < 0) << 32) | label)


def below(rng: random.Random, n: int) -> int:
    """A number from 0 to n - 1."""
    return int(rng.random() * n)


def between(rng: random.Random, low: int, high: int) -> int:
    """A number from low to high, both included."""
    return low + int(rng.random() * (high - low + 1))


def pick(rng: random.Random, items: Sequence[T]) -> T:
    """One of the items; IndexError if there are none."""
    return items[int(rng.random() * len(items))]


def shuffled(rng: random.Random, items: Iterable[T]) -> list[T]:
    """The items in a new order (Fisher and Yates)."""
    out = list(items)
    for i in range(len(out) - 1, 0, -1):
        j = int(rng.random() * (i + 1))
        out[i], out[j] = out[j], out[i]
    return out


def sample(rng: random.Random, items: Sequence[T], k: int) -> list[T]:
    """k different places of the sequence (all of them when it is shorter), in random order."""
    k = min(k, len(items))
    if k * 4 > len(items):
        return shuffled(rng, items)[:k]
    chosen: list[int] = []
    while len(chosen) < k:
        i = int(rng.random() * len(items))
        if i not in chosen:
            chosen.append(i)
    return [items[i] for i in chosen]


class Wheel(Generic[T]):
    """A weighted choice, prepared once and spun often."""

    def __init__(self, weights: Iterable[tuple[T, float]]):
        """Raises ValueError when no item has a weight above zero."""
        pairs = [(item, weight) for item, weight in weights if weight > 0]
        if not pairs:
            raise ValueError("a wheel needs at least one item with a weight above zero")
        self.items = [item for item, _ in pairs]
        self.bounds = list(accumulate(weight for _, weight in pairs))

    def spin(self, rng: random.Random) -> T:
        return self.items[min(bisect_right(self.bounds, rng.random() * self.bounds[-1]), len(self.items) - 1)]


def mix32(x: int) -> int:
    """Scramble 32 bits (multiply and xor-shift), so that held-out items follow no learnable rule."""
    x &= 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return x ^ (x >> 16)


def held_out_text(text: str, one_in: int = 10) -> bool:
    """Whether this text belongs to the held-out part, one in `one_in`, for ever."""
    return mix32(zlib.crc32(text.encode())) % one_in == 0
