"""A run as seen from another process, by its log alone."""

from __future__ import annotations

import json

from gptlineage.training.watching import read_log, view_of, watch_run
from tests.training.runs import STEPS, run


def test_a_finished_run_is_read_back(tmp_path):
    run(tmp_path / "pretrain")
    (view, later) = watch_run(tmp_path, ["pretrain", "sft"])
    assert view.done and (view.step, view.steps) == (STEPS, STEPS)
    assert [step for step, _ in view.losses] == list(range(1, STEPS + 1))
    assert [step for step, _ in view.held_out] == [0, 5, 10, STEPS]
    assert set(view.held_out[0][1]) == {"val_loss"}
    assert view.samples[-1][1][0]["prompt"] == "abc"
    assert view.tokens_per_s > 0 and view.seconds_left == 0
    assert not later.begun and not later.done


def test_a_line_that_is_being_written_is_left_out(tmp_path):
    log = tmp_path / "log.jsonl"
    assert read_log(log) == []
    whole = json.dumps({"step": 1, "steps": 4, "loss": 2.0, "tokens_per_s": 10, "seconds": 0.5})
    log.write_bytes(f'{whole}\n{{"step": 2, "sam'.encode() + b"\xe7\x8c")
    view = view_of("pretrain", read_log(log))
    assert (view.step, view.losses, view.step_seconds, view.seconds_left) == (1, [(1, 2.0)], 0.5, 1.5)
    assert not view.done


def test_time_left_counts_the_evaluations_between_steps():
    steps = [{"step": n, "steps": 10, "loss": 1.0, "tokens_per_s": 100 * n, "seconds": 2.0 * n} for n in (1, 2, 3)]
    view = view_of("pretrain", steps)
    assert view.step_seconds == 2.0 and view.seconds_left == 14.0 and view.tokens_per_s == 200
