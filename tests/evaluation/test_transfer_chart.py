"""The picture of the transfer experiment is drawn from rows alone, whatever of it is there yet."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from gptlineage.evaluation.transfer import arms
from gptlineage.evaluation.transfer_chart import chart, middle, whole


def rows_of(seeds: tuple[int, ...]) -> list[dict]:
    rows = [
        {"model": arm.start, **asdict(arm), "metric": "accuracy", "value": 0.5 + 0.1 * seed}
        for seed in seeds
        for arm in arms(seed, 2)
    ]
    bag = {"model": "bag of words", "metric": "accuracy", "value": 0.5, "seed": 0}
    return rows + [{**bag, "task": "where", "labels": n} for n in (100, 1000)]


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_the_picture_is_drawn(tmp_path, seeds):
    rows = rows_of(seeds)
    chart(rows, tmp_path / "pictures" / "transfer.png")
    assert (tmp_path / "pictures" / "transfer.png").stat().st_size > 10_000
    chart([row for row in rows if row["task"] == "where"][:3], tmp_path / "some.png")


def test_only_whole_transfers_with_the_auxiliary_loss_are_compared_by_labels():
    rows = [row for row in rows_of((0,)) if row["task"] == "where"]
    kept = [row for row in rows if row["model"] == "Transformer, pretrained" and whole(row, rows)]
    assert {row["layers"] for row in kept} == {2} and {row["auxiliary"] for row in kept} == {0.5}
    assert [row["labels"] for row in kept] == [1000, 100, 300, 3000]
    assert middle(rows) == 1000
