"""Padding: every row stands where it should, whatever the lengths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gptlineage.inference.padding import pad

ROWS = st.lists(st.lists(st.integers(0, 99), max_size=7), min_size=1, max_size=5).filter(lambda rows: any(rows))


@given(ROWS, st.integers(-1, 0))
def test_rows_come_back_and_the_rest_is_the_value(rows, value):
    block, lengths = pad(rows, value=value)
    assert block.shape == (len(rows), max(map(len, rows))) and lengths.tolist() == [len(row) for row in rows]
    for own, row in zip(block.tolist(), rows, strict=True):
        assert own == row + [value] * (len(own) - len(row))
