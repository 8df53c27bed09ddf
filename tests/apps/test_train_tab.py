"""The Train tab without a browser: choices, curves, and a training steered through its processes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import gptlineage as gl
from gptlineage.paths import import_app
from gptlineage.training.watching import StageView

studio = import_app("studio")
background, choosing, curves = studio.background, studio.choosing, studio.curves
progress, train, training = studio.progress, studio.train, studio.training
Choice, Training = training.Choice, training.Training
PLAN = {"fits": True, "en": "A minute.", "zh": "一分钟。", "stages": [["pretrain", 4, [1.0, 3.0]]], "usual_loss": None}

# Stands in for the command line: trains "for ever" until it is asked to stop, or ends at once with --quick.
TRAINER = """
import json, pathlib, shutil, signal, sys, time
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
log = out / "pretrain" / "log.jsonl"
log.parent.mkdir(exist_ok=True)
event = {"step": 1, "steps": 4, "loss": 8.0, "tokens_per_s": 100, "seconds": 0.5}
log.write_text(json.dumps(event) + "\\n")
def stop(*_): sys.exit("error: stopped")
signal.signal(signal.SIGTERM, stop)
(out / "said").write_text(" ".join(sys.argv[1:]))
if "--quick" in sys.argv:
    shutil.copytree(MODEL, out, dirs_exist_ok=True)
    sys.exit()
time.sleep(120)
"""


@pytest.fixture
def pool(family: list[str]) -> Any:
    return studio.models.ModelPool(family)


@pytest.fixture
def trainer(family: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    script = TRAINER.replace("MODEL", repr(family[0]))
    monkeypatch.setattr(background, "COMMAND", (sys.executable, "-c", script))


def until(true: Callable[[], Any]) -> None:
    for _ in range(3000):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it never came true")


def begun(pool: Any, root: Path, **choices: Any) -> Any:
    """A training that has written its first line."""
    found = Training(pool, root)
    found.begin(Choice("gpt-1", **choices), PLAN, "en")
    until(lambda: (found.folder / "said").exists())
    return found


# ---- one training at a time


def test_a_training_is_paused_resumed_and_stopped(pool: Any, tmp_path: Path, trainer: None) -> None:
    run = begun(pool, tmp_path, quick=False, steps=4)
    assert (run.state, run.active, run.can_resume) == ("running", True, False)
    assert (run.folder / "said").read_text().split()[:4] == ["train", "gpt-1", "--size", "mini"]
    run.begin(Choice("gpt-2"), PLAN, "en")  # one at a time
    assert run.choice.generation == "gpt-1" and len(list(tmp_path.iterdir())) == 1
    run.pause("en")
    until(lambda: run.state == "paused")
    until(lambda: run.can_resume)
    assert run.active and not run.trouble
    (run.folder / "said").unlink()
    run.resume("en")
    until(lambda: (run.folder / "said").exists())
    assert "--resume" in (run.folder / "said").read_text() and run.state == "running"
    run.stop("en")
    until(lambda: run.state == "stopped" and run.can_resume)
    assert not run.active
    run.begin(Choice("gpt-1", quick=False), PLAN, "en")
    assert run.folder.name == "my-gpt-1-2"
    run.stop("en")
    until(lambda: run.state == "stopped")


def test_a_finished_model_is_offered(pool: Any, tmp_path: Path, trainer: None) -> None:
    run = begun(pool, tmp_path)
    until(lambda: run.state == "done")
    assert run.key == "my-gpt-1" and pool.cards["my-gpt-1"].generation == "gpt-1" and not run.active
    assert training.finished_runs(tmp_path) == [str(run.folder)]
    assert Training(pool, tmp_path).state == "idle"


def test_a_failure_says_why_without_paths(pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "up.md").write_text("text", encoding="utf-8")
    fail = "import sys; data = sys.argv[sys.argv.index('--data') + 1]; sys.exit('bar\\nerror: ' + data + ' is bad')"
    monkeypatch.setattr(background, "COMMAND", (sys.executable, "-c", fail))
    run = Training(pool, tmp_path / "runs")
    run.begin(Choice("gpt-1", data=str(tmp_path / "up.md"), name="<b>novel</b>.md", uploaded=True), PLAN, "en")
    until(lambda: run.state == "failed" and run.can_resume)
    assert run.trouble == "<b>novel</b>.md is bad"
    assert (run.folder / "text.txt").read_text(encoding="utf-8") == "text"
    shown = progress.panel(run, "en")
    assert "&lt;b&gt;novel&lt;/b&gt;.md is bad" in shown and "<b>novel" not in shown and str(tmp_path) not in shown


def test_a_later_studio_finds_a_paused_run_and_one_that_goes_on(pool: Any, tmp_path: Path, trainer: None) -> None:
    first = begun(pool, tmp_path, quick=False)
    if os.name == "posix":
        second = Training(pool, tmp_path)
        assert (second.state, second.folder, second.choice) == ("running", first.folder, first.choice)
        second.pause("en")
        until(lambda: second.state == "paused" and second.can_resume)
    first.pause("en")
    until(lambda: first.state in ("paused", "failed") and not first.run.running)
    third = Training(pool, tmp_path)
    assert third.state == "paused" and third.can_resume and third.plan["stages"] == PLAN["stages"]
    third.stop("en")
    assert third.state == "stopped" and Training(pool, tmp_path).state == "idle"


def test_a_damaged_record_is_no_harm(pool: Any, tmp_path: Path) -> None:
    (tmp_path / "my-gpt-1").mkdir()
    (tmp_path / "my-gpt-1" / training.RECORD).write_text("{", encoding="utf-8")
    assert Training(pool, tmp_path).state == "idle"


def test_a_command_that_cannot_be_begun_is_a_failure(
    pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "COMMAND", (str(tmp_path / "nothing"),))
    run = Training(pool, tmp_path / "runs")
    run.begin(Choice("gpt-1"), PLAN, "en")
    assert run.state == "failed" and "nothing" in run.trouble


# ---- measuring


def test_measuring_asks_the_command_line_and_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    say = "import json, sys; assert sys.argv[-2:] == ['--estimate', '--json']; print(json.dumps([{'fits': True}]))"
    monkeypatch.setattr(background, "COMMAND", (sys.executable, "-c", say))
    asked = training.measure(Choice("gpt-1"), "en")
    with pytest.raises(StopIteration) as found:
        while True:
            next(asked)
    assert found.value.value == {"fits": True}
    fail = "import sys; sys.exit('错误：/tmp/x/a.txt 太短')"
    monkeypatch.setattr(background, "COMMAND", (sys.executable, "-c", fail))
    with pytest.raises(gl.UserError, match=r"^a\.txt 太短$"):
        for _ in training.measure(Choice("gpt-1", data="/tmp/x/a.txt", name="a.txt"), "zh"):
            pass


def test_a_page_that_is_closed_ends_the_measuring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = tmp_path / "pid"
    note = f"import os, pathlib, time; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(99)"
    monkeypatch.setattr(background, "COMMAND", (sys.executable, "-c", note))
    asked = training.measure(Choice("gpt-1"), "en")
    until(lambda: next(asked) or (pid.exists() and pid.read_text()))
    asked.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def weighed(pool: Any, tmp_path: Path, *chosen: Any) -> tuple[Any, ...]:
    return list(train.weighed(Training(pool, tmp_path / "runs"), pool, [], chosen, "en"))[-1]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (("gpt-1", "mini", None, "world", None, "quick", "0"), "whole number"),
        (("gpt-1", "mini", None, "world", None, "quick", "many"), "whole number"),
        (("gpt-1", "mini", None, "own", None, "quick", ""), "Choose a file first"),
        (("gpt-1", "175b", None, "world", None, "quick", ""), "175b"),
        (("chatgpt", "mini", None, "world", None, "quick", ""), "starts from a finished gpt-3.5"),
    ],
)
def test_choices_that_cannot_be_say_why(pool: Any, tmp_path: Path, chosen: tuple[Any, ...], words: str) -> None:
    told, plan, ask, start = weighed(pool, tmp_path, *chosen)
    assert words in told and plan is None and ask["interactive"] and not start["interactive"]


def test_what_does_not_fit_cannot_be_started(pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for fits in (True, False):
        say = f"print({json.dumps(json.dumps([{**PLAN, 'fits': fits}]))})"
        monkeypatch.setattr(background, "COMMAND", (sys.executable, "-c", say))
        chosen = ("gpt-1", "mini", None, "world", None, "quick", " 12 ")
        told, state, _, start = weighed(pool, tmp_path, *chosen)
        assert "A minute." in told and start["interactive"] == fits and state["choice"]["steps"] == 12
    assert "一分钟" in train.plan_line(state, "zh") and train.plan_line(None, "en") == ""


# ---- choices


def test_a_child_starts_from_what_there_is(pool: Any) -> None:
    assert choosing.parents(pool, "gpt-3.5") == [("GPT-3", "gpt-3")]
    choice = choosing.choice_of(pool, [], "gpt-3.5", "mini", "gpt-3", "world", None, "release", "")
    assert choice.parent == pool.cards["gpt-3"].source and not choice.quick
    assert choice.arguments()[-2:] == ["--parent", choice.parent]
    assert choosing.choice_of(pool, [], "gpt-1", "mini", "gpt-3", "world", None, "quick", "").parent is None


def test_only_texts_from_the_start_can_be_named(pool: Any, tmp_path: Path) -> None:
    given = [tmp_path / "poems.md"]
    assert ("poems.md", "0") in choosing.data_choices(given, "en")
    choice = choosing.choice_of(pool, given, "gpt-1", "mini", None, "0", None, "quick", "")
    assert (choice.data, choice.name, choice.uploaded) == (str(given[0]), "poems.md", False)
    with pytest.raises((ValueError, IndexError)):
        choosing.choice_of(pool, given, "gpt-1", "mini", None, "/etc/passwd", None, "quick", "")


def test_every_size_says_what_it_is(lang: str = "en") -> None:
    for one in gl.generations():
        sizes = choosing.size_choices(one.name, lang)
        assert [size for _, size in sizes] == list(one.sizes)
        assert all("memory" in told for told, size in sizes if size != "mini")


@pytest.mark.parametrize(
    ("content", "words"),
    [("狐狸。".encode("gb18030") * 99, "not UTF-8"), (b"", "holds no text"), (b"a\0b" * 99, "binary"), (b"x" * 99, "")],
)
def test_an_uploaded_text_is_checked_under_its_own_name(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    if not words:
        return training.check_text(str(tmp_path / "a.txt"), "novel.txt")
    with pytest.raises(gl.UserError, match=words) as caught:
        training.check_text(str(tmp_path / "a.txt"), "novel.txt")
    for line in (caught.value.en, caught.value.zh):
        assert "novel.txt" in line and str(tmp_path) not in line


def test_an_uploaded_text_may_not_be_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MOST_MEGABYTES", 1)
    (tmp_path / "a.txt").write_bytes(b"x" * 1_100_000)
    with pytest.raises(gl.UserError, match="at most 1"):
        training.check_text(str(tmp_path / "a.txt"), "a.txt")


# ---- curves


def view(steps: int = 100, taken: int = 60, **more: Any) -> StageView:
    losses = [(step, 8.0 - step / 20) for step in range(1, taken + 1)]
    samples = [(0, [{"prompt": "Once", "text": "<i>x</i>"}, {"prompt": "从前", "text": "猫"}])]
    values = dict(step=taken, steps=steps, losses=losses, held_out=[(0, {"val_loss": 8.1})], samples=samples)
    return StageView("pretrain", **{**values, **more})


@pytest.mark.parametrize("taken", [1, 2, 60, 5000])
def test_a_curve_is_sound_and_stays_in_its_place(taken: int) -> None:
    drawn = curves.chart(view(steps=max(100, taken), taken=taken), "en", usual=1.5)
    root = ElementTree.fromstring(drawn)
    assert len(drawn) < 20_000
    for path in root.iter("path"):
        points = path.get("d").replace("M", " ").replace("L", " ").replace("h0", "").split("H")[0].split()
        assert all(-0.1 <= float(number) <= 1000.1 for number in points), path.get("class")
    assert "Loss: " in root.find(".//div").get("aria-label")


def test_a_loss_that_is_no_number_is_left_out() -> None:
    drawn = curves.chart(view(losses=[(1, 8.0), (2, float("nan")), (3, float("inf")), (4, 7.0)]), "en")
    assert "nan" not in drawn and "inf" not in drawn
    assert curves.chart(view(losses=[], held_out=[]), "en") == ""


@pytest.mark.parametrize(("low", "high"), [(1.03, 8.1), (0.69, 0.7), (-3, 12), (5, 5), (120, 9000)])
def test_ticks_cover_the_range_in_round_numbers(low: float, high: float) -> None:
    marks = curves.ticks(low, high)
    assert 2 <= len(marks) <= 8 and marks[0] <= low and marks[-1] >= high - 1e-6


def test_the_panel_tells_state_speed_and_samples(pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Training(pool, tmp_path)
    assert progress.panel(run, "en") == ""
    run.choice, run.plan, run.folder, run.state = Choice("gpt-1"), PLAN, tmp_path / "my-gpt-1", "running"
    assert "Preparing" in progress.panel(run, "en") and "准备中" in progress.panel(run, "zh")
    monkeypatch.setattr(run, "views", lambda: [view(tokens_per_s=45_000, step_seconds=3.0)])
    shown = progress.panel(run, "en")
    assert "step 60 of 100" in shown and "45,000 tokens a second" in shown and "2 min left" in shown
    assert "&lt;i&gt;x&lt;/i&gt;" in shown and "<i>" not in shown
    assert 'class="run gen-gpt-1"' in shown and "on held-out text 8.1" in shown
    assert "还需 2 分钟" in progress.panel(run, "zh")


def test_earlier_samples_are_shown_in_the_readers_language() -> None:
    texts = [{"prompt": "Once", "text": "a"}, {"prompt": "从前", "text": "b"}]
    assert [sample["text"] for sample in progress.nearest(texts, "zh")] == ["b"]
    assert [sample["text"] for sample in progress.nearest(texts, "en")] == ["a"]
    assert progress.nearest([], "en") == []
