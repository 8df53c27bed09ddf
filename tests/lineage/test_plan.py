"""The plan of a run: measured, honest about what is not, and in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gptlineage.lineage import generation, plan
from gptlineage.lineage.plan import Plan, make_plan, size_of, span
from gptlineage.lineage.run import starting_from
from tests.lineage.test_run import options, story, tiny  # noqa: F401  (story is a fixture)
from tests.tiny import complaint, load_tiny, save_tiny


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path):
    yield
    assert not (tmp_path / "run").exists()


def test_a_run_on_ones_own_text(story, tmp_path):  # noqa: F811
    found = make_plan(tiny("gpt-2"), tmp_path / "run", options(story, steps=300))
    ((objective, steps, seconds),) = found.stages
    assert (objective, steps) == ("pretrain", 300) and 0 < seconds[0] < seconds[1]
    assert found.fits and found.from_nothing and found.usual_loss is None
    told = found.sentence()
    assert "blind guessing" in told.en
    assert "depends on the text" in told.en and "取决于文本" in told.zh
    assert found.to_dict()["zh"] == told.zh


def test_the_released_model_tells_what_is_usual(tmp_path):
    found = make_plan(tiny("gpt-2"), tmp_path / "run", options("world"))
    assert found.usual_loss and f"{found.usual_loss:.2f}" in found.sentence().en


def test_later_stages_are_told_from_the_record_or_named(tmp_path, monkeypatch):
    parent = load_tiny(tmp_path / "gpt-3", n_ctx=256)
    short = tiny("gpt-3.5", n_ctx=256)
    short = replace(short, stages=short.stages[:2])
    monkeypatch.setattr(plan, "ASKED", 2)
    first, second = make_plan(short, tmp_path / "run", options("world"), parent=parent).stages
    assert first[2] and second[2] and second[2][1] / second[2][0] > 3
    monkeypatch.setattr(plan, "history_of", lambda *_: {})
    untold = make_plan(short, tmp_path / "run", options("world"), parent=parent)
    assert untold.stages[1][2] is None
    assert "longer for reward" in untold.sentence().en and "reward" in untold.sentence().zh


def test_what_does_not_fit_is_refused_without_trying(tmp_path):
    found = make_plan(generation("gpt-3"), tmp_path / "run", options("world", size="175b"))
    assert not found.fits and found.seconds is None and found.first_loss is None
    assert "needs at least" in found.sentence().en and "至少需要" in found.sentence().zh


def test_bad_data_is_refused_as_in_training(story, tmp_path):  # noqa: F811
    with complaint("There is no file"):
        make_plan(tiny("gpt-2"), tmp_path / "run", options(str(tmp_path / "none.txt")))
    (tmp_path / "short.txt").write_text("Too short.", encoding="utf-8")
    with complaint("too short"):
        make_plan(tiny("gpt-2"), tmp_path / "run", options(str(tmp_path / "short.txt")))


@pytest.mark.parametrize(
    ("low", "high", "en", "zh"),
    [
        (0.1, 0.4, "0.5 to 1 seconds", " 0.5 到 1 秒"),
        (8, 21, "8 to 21 seconds", " 8 到 21 秒"),
        (90, 200, "1.5 to 3.3 minutes", " 1.5 到 3.3 分钟"),
        (7000, 40_000, "1.9 to 11 hours", " 1.9 到 11 小时"),
    ],
)
def test_spans_read_as_people_say_them(low, high, en, zh):
    assert span(low, high, "en") == en
    assert span(low, high, "zh") == zh


def test_sizes_read_as_people_say_them():
    found = [size_of(n) for n in (36_000, 531 * 10**6, 2.44e9, 2.8e12)]
    assert found == ["36 kB", "531 MB", "2.4 GB", "2,800 GB"]


def test_only_the_right_parent_will_do(tmp_path):
    save_tiny(tmp_path / "mine")  # a gpt-2
    child = replace(tiny("gpt-3.5"), starts_from="gpt-2")
    begun, parent = starting_from(child, str(tmp_path / "mine"))
    assert begun.starts_from == str(tmp_path / "mine") and parent.provenance["generation"] == "gpt-2"
    with complaint("starts from a gpt-3"):
        starting_from(tiny("gpt-3.5"), str(tmp_path / "mine"))
    with complaint("starts from nothing"):
        starting_from(tiny("gpt-1"), str(tmp_path / "mine"))


def test_a_plan_survives_as_plain_data():
    told = Plan("gpt-1", "mini", 10, 3072, 10**9, 2 * 10**9, (("pretrain", 5, (60.0, 120.0)),), 8.0)
    assert told.to_dict()["seconds"] == (60.0, 120.0)
    assert "1 to 2 minutes" in told.to_dict()["en"]
