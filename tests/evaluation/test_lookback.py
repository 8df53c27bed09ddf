"""The two figures find heads that were built by hand."""

from __future__ import annotations

import torch

from gptlineage.evaluation.lookback import ROW, WINDOWS, best_head, look_back_rows, pages, twice
from gptlineage.world import World
from tests.tiny import load_tiny


def test_a_head_that_reads_the_token_before_is_found():
    blind = torch.full((2, 3, 12, 12), 1 / 12)
    seeing = blind.clone()
    seeing[:, 1] = torch.eye(12).roll(1, 0)  # row t reads column t - 1
    value, layer, head = best_head([blind, seeing], 1, 4)
    assert (value, layer, head) == (1.0, 1, 1)
    assert best_head([blind], 1, 4)[0] < 0.1
    assert best_head([seeing], 2, 4)[0] < 0.1


def test_the_texts_are_what_they_should_be(tmp_path):
    lm = load_tiny(tmp_path, n_ctx=48)
    lm.tokenizer.vocabulary.extend([b"x"] * 100)  # as if there were merges
    rows = twice(lm)
    assert rows.shape == (WINDOWS, 2 * ROW)
    assert rows[:, :ROW].equal(rows[:, ROW:])
    assert all(len(set(row.tolist())) == ROW for row in rows[:, :ROW])
    assert rows.min() >= 256
    assert pages(lm, World()).shape == (WINDOWS, 48)


def test_rows_name_the_model_and_the_head(tmp_path, monkeypatch):
    from gptlineage.evaluation import lookback

    monkeypatch.setattr(lookback, "twice", lambda lm: torch.randint(0, 256, (2, 2 * ROW)))
    rows = look_back_rows(load_tiny(tmp_path, n_ctx=48, spread=0.3), World(), "tiny", 3)
    assert [row["task"] for row in rows] == ["reads the token before", "reads what followed the same token"]
    assert all(0 < row["value"] < 1 and row["model"] == "tiny" and row["seed"] == 3 for row in rows)
