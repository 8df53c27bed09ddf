"""Numbers as people say them, in either language."""

from __future__ import annotations


def count(n: int, lang: str) -> str:
    """A number of parameters as people say it: 1.9M and 175B, or 190 万 and 1750 亿."""
    steps = ((10**8, "\u00a0亿"), (10**4, "\u00a0万")) if lang == "zh" else ((10**9, "B"), (10**6, "M"), (10**3, "K"))
    for size, unit in steps:
        if n >= size:
            return f"{n / size:.3g}{unit}" if n < 1000 * size else f"{round(n / size)}{unit}"
    return str(n)
