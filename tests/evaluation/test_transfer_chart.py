"""The picture of the transfer experiment is drawn from rows alone, whatever of it is there yet."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from gptlineage.evaluation.transfer import arms
from gptlineage.evaluation.transfer_chart import ablations, chart, middle, only_start


def rows_of(seeds: tuple[int, ...]) -> list[dict]:
    rows = [
        {"model": arm.start, **asdict(arm), "metric": "accuracy", "value": 0.5 + 0.1 * seed}
        for seed in seeds
        for arm in arms(seed, 2)
    ]
    bag = {"model": "bag of words", "metric": "accuracy", "value": 0.5, "seed": 0}
    return rows + [{**bag, "task": task, "labels": n} for n in (100, 1000) for task in ("where", "choice")]


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_the_picture_is_drawn(tmp_path, seeds):
    rows = rows_of(seeds)
    chart(rows, tmp_path / "pictures" / "transfer.png")
    assert (tmp_path / "pictures" / "transfer.png").stat().st_size > 10_000
    chart([row for row in rows if row["task"] == "where"], tmp_path / "one_task.png")


def test_every_bar_holds_one_arm():
    """One row for each seed, none of another number of labels, layers or updates."""
    rows = rows_of((0, 1))
    where, choice = ([row for row in rows if row["task"] == task] for task in ("where", "choice"))
    for groups in (ablations(where), only_start(choice)):
        assert all(len(group) == (1 if name == "bag of words" else 2) for name, group in groups.items()), groups
        for group in groups.values():
            assert len({(r.get("layers"), r["labels"], r.get("auxiliary"), r.get("steps")) for r in group}) == 1
    assert len(ablations(where)) == 7 and len(only_start(choice)) == 4
    assert {row["labels"] for row in middle(where)} == {1000}
