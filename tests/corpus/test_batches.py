"""Shards and batches: everything that was written is read, in an order that follows from the step alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.corpus import Batches, FileSource, Shard, ShardWriter, prepare
from tests.tiny import BYTES, complaint

END = BYTES.end_of_text


def shard(path, ids, vocab_size=1 << 16) -> Shard:
    writer = ShardWriter(path, vocab_size)
    writer.write(list(ids))
    writer.close()
    return Shard(path, vocab_size)


@pytest.fixture
def numbers(tmp_path) -> Shard:
    return shard(tmp_path / "numbers.bin", range(1000))


def test_a_batch_is_a_function_of_its_step(numbers):
    forwards = [Batches(numbers, 3, 16, seed=1).batch(step) for step in range(60)]
    one = Batches(numbers, 3, 16, seed=1)
    for step in (59, 0, 40, 41, 3):
        assert one.batch(step).equal(forwards[step])
    assert not Batches(numbers, 3, 16, seed=2).batch(0).equal(forwards[0])


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 20), st.integers(1, 300), st.integers(0, 3), st.integers(0, 5))
def test_each_epoch_visits_each_window_once(tmp_path_factory, n_ctx, extra, seed, epoch):
    """Windows do not overlap (but for the token that is only ever predicted), and cover the shard but for its ends."""
    length = n_ctx + extra
    ids = shard(tmp_path_factory.getbasetemp() / "windows.bin", range(length))
    batches = Batches(ids, 1, n_ctx, seed)
    rows = [batches.batch(epoch * batches.per_epoch + i)[0] for i in range(batches.per_epoch)]
    starts = sorted(int(row[0]) for row in rows)
    assert all(row.tolist() == list(range(row[0], row[0] + n_ctx + 1)) for row in rows)
    assert all(b - a == n_ctx for a, b in pairwise(starts))
    assert starts[0] < n_ctx
    assert length - (starts[-1] + n_ctx + 1) < 2 * n_ctx


def test_epochs_differ_in_order_and_phase(numbers):
    batches = Batches(numbers, 1, 16)
    first, second = ([int(batches.batch(e * batches.per_epoch + i)[0, 0]) for i in range(20)] for e in (0, 1))
    assert first != second
    assert len({batches.starts(epoch).min() % 16 for epoch in range(30)}) > 5


def test_a_large_vocabulary_is_stored_whole(tmp_path):
    ids = [0, 65_535, 65_536, 99_999]
    assert shard(tmp_path / "wide.bin", ids, vocab_size=100_000).window(0, 4).tolist() == ids


def folder_of_texts(tmp_path) -> FileSource:
    place = tmp_path / "texts"
    place.mkdir(parents=True)
    for name, letter in (("1.txt", "a"), ("2.txt", "b")):
        (place / name).write_text(letter * 100, encoding="utf-8")
    return FileSource(place)


def test_documents_are_separated_by_end_of_text(tmp_path):
    train, val = prepare(folder_of_texts(tmp_path), BYTES, tmp_path / "c", train_tokens=5, val_tokens=99, n_ctx=8)
    assert train.window(0, 999).tolist() == [*b"a" * 90, END, *b"b" * 90]  # a finite source gives all it has
    assert val.window(0, 999).tolist() == [*b"a" * 10, END, *b"b" * 10]


class Endless:
    name, endless = "endless", True

    def __init__(self):
        self.asked = 0

    def pieces(self, split: str) -> Iterator[tuple[str, bool]]:
        while True:
            self.asked += 1
            yield split, True

    def fingerprint(self) -> str:
        return "endless"


def test_an_endless_source_gives_what_is_asked(tmp_path):
    train, val = prepare(Endless(), BYTES, tmp_path, train_tokens=10_000, val_tokens=2_000, n_ctx=8)
    assert 10_000 <= len(train) < 20_000
    assert 2_000 <= len(val) < 10_000
    assert train.window(0, 6).tolist() == [*b"train", END]


def test_the_same_corpus_is_not_written_twice(tmp_path):
    source = Endless()
    sizes = dict(train_tokens=500, val_tokens=500, n_ctx=8)
    prepare(source, BYTES, tmp_path, **sizes)
    before = source.asked
    prepare(source, BYTES, tmp_path, **sizes)
    assert source.asked == before
    prepare(source, BYTES, tmp_path, train_tokens=900, val_tokens=500, n_ctx=8)
    assert source.asked > before


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"source": "another"}'])
def test_a_corpus_that_was_cut_off_is_written_again(damage, tmp_path):
    source, place = folder_of_texts(tmp_path), tmp_path / "c"
    sizes = dict(train_tokens=0, val_tokens=99, n_ctx=8)
    expected = prepare(source, BYTES, place, **sizes)[0].window(0, 999)
    (place / "corpus.json").write_text(damage, encoding="utf-8")
    (place / "train.bin").write_bytes(b"\1\2")
    assert np.array_equal(prepare(source, BYTES, place, **sizes)[0].window(0, 999), expected)


def test_a_text_too_short_for_one_window_is_refused(tmp_path):
    for n_ctx, part in ((200, "train"), (50, "val")):
        with complaint(f"too short: .* {part} tokens, but one window needs {n_ctx + 1}"):
            prepare(folder_of_texts(tmp_path / part), BYTES, tmp_path / "c", train_tokens=0, val_tokens=99, n_ctx=n_ctx)
