"""Numbers as people say them."""

from __future__ import annotations

import pytest

from gptlineage.text.numbers import count


@pytest.mark.parametrize(
    ("n", "en", "zh"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (351_168, "351K", "35.1\u00a0万"),
        (2_059_392, "2.06M", "206\u00a0万"),
        (124_439_808, "124M", "1.24\u00a0亿"),
        (175_000_000_000, "175B", "1750\u00a0亿"),
    ],
)
def test_sizes_read_as_people_say_them(n: int, en: str, zh: str) -> None:
    assert (count(n, "en"), count(n, "zh")) == (en, zh)
