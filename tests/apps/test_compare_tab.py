"""Compare's parts that need no browser: what has changed, scores, the order of the columns, files for a slide."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gptlineage as gl
from gptlineage.inference import save_model
from gptlineage.model import Scorer
from gptlineage.paths import import_app

studio = import_app("studio")
changing, scoring, compare, models = studio.changing, studio.scoring, studio.compare, studio.models
Finish = studio.race.Finish
SETTINGS = {"temperature": 0.8, "top_k": 50, "top_p": 1.0, "max_new_tokens": 16, "seed": 0}


@pytest.fixture(scope="module")
def pool(family: list[str]) -> Any:
    return models.ModelPool(family)


def finish(prompt: str = "The cat", **texts: str) -> Any:
    return Finish(prompt, SETTINGS, True, texts or {"gpt-1": "a", "chatgpt": "b"})


def unmarked(markup: str) -> str:
    return html.unescape(re.sub(r"</?mark>", "", markup))


@given(st.text(max_size=60), st.text(max_size=60))
def test_marks_leave_the_text_as_it_is(before: str, after: str) -> None:
    marked, line = changing.marked(before, after, "en")
    assert unmarked(marked) == after and "<" not in re.sub(r"</?mark>", "", marked)
    assert ("<mark>" in marked) <= (before != after) and line


def test_only_what_is_new_is_marked() -> None:
    marked, line = changing.marked("The cat sat down.", "The dog sat down.", "en")
    assert marked == "The <mark>dog</mark> sat down." and "4 of 5" in line
    marked, line = changing.marked("法国的首都", "日本的首都", "zh")
    assert marked == "<mark>日本</mark>的首都" and "5 个" in line
    assert "Exactly" in changing.marked("Same.", "Same.", "en")[1]


@given(st.text(max_size=80))
def test_the_words_to_change_hold_the_prompt(prompt: str) -> None:
    markup = changing.words_to_change(prompt, "en")
    shown = markup.split("</p>", 1)[1]
    assert html.unescape(re.sub(r"<[^>]*>", "", shown)) == prompt
    for start, end, word in re.findall(r'data-start="(\d+)" data-end="(\d+)"[^>]*>([^<]*)<', shown):
        assert prompt[int(start) : int(end)] == html.unescape(word)


def test_chinese_is_changed_character_by_character() -> None:
    assert changing.words_to_change("法国 is GPT-3's", "zh").count("<button") == 5  # 法, 国, is, GPT, 3's


def test_only_runs_that_differ_in_the_prompt_are_compared() -> None:
    dials = (0.8, 50, 1.0, 16, "0")
    former = finish("A")
    assert compare.comparable(former, "B", True, dials) == former.texts
    assert compare.comparable(former, "A", True, dials) is None
    assert compare.comparable(former, "B", False, dials) is None
    assert compare.comparable(former, "B", True, (0.9, *dials[1:])) is None
    assert compare.comparable(former, "B", True, (*dials[:-1], "1")) is None
    assert compare.comparable(None, "B", True, dials) is None


def wanted(kind: str, answer: str | None = None, rewarder: str | None = None, question: Any = None) -> Any:
    return scoring.Wanted(kind, answer, rewarder, question)


def test_every_column_gets_its_likelihood(pool: Any) -> None:
    found = scoring.scores(pool, finish(), wanted("likelihood", "sat"), "en")
    assert set(found) == {"gpt-1", "chatgpt"}
    assert all("likelihood" in score.words and score.value < 0 for score in found.values())
    long = scoring.scores(pool, finish("The cat is on the mat. " * 9), wanted("likelihood", "sat"), "zh")
    assert long["gpt-1"].value is None and "缩短" in long["gpt-1"].words  # too long for one is told in its column


def test_the_judge_marks_the_exams_questions_only(pool: Any) -> None:
    prompt, question = scoring.draw_question("en")
    reference = scoring.exam_question(*question).reference
    written = {"gpt-1": reference, "gpt-2": "nonsense"}
    found = scoring.scores(pool, finish(prompt, **written), wanted("judge", question=question), "en")
    assert found["gpt-1"].words == "judge: right" and found["gpt-1"].value > found["gpt-2"].value
    with pytest.raises(gl.UserError, match="own questions"):
        scoring.scores(pool, finish(prompt + "!"), wanted("judge", question=question), "en")


def test_what_is_missing_is_said(pool: Any) -> None:
    for kind, word in (("likelihood", "Type an answer"), ("judge", "own questions"), ("reward", "no reward model")):
        with pytest.raises(gl.UserError, match=word):
            scoring.scores(pool, finish(), wanted(kind, rewarder="gpt-1"), "en")


def test_a_kept_reward_model_is_found_and_asked(family: list[str], tmp_path: Path) -> None:
    lm = gl.load(family[-1])
    folder = tmp_path / "mine"
    save_model(folder, lm.model, lm.tokenizer, dict(lm.provenance), "")
    save_model(folder / "reward", Scorer(gl.build(lm.config)), lm.tokenizer, {}, "")
    pool = models.ModelPool([*family, str(folder)])
    assert scoring.judges(pool) == [("mine", "mine")]
    found = scoring.scores(pool, finish(), wanted("reward", rewarder="mine"), "en")
    assert all("reward model" in score.words for score in found.values())


def test_columns_stand_by_year_and_by_score(pool: Any, family: list[str]) -> None:
    pool = models.ModelPool(family[::-1])
    assert scoring.order_of(pool, "listed", {})[:2] == ["chatgpt", "gpt-3.5"]
    assert scoring.order_of(pool, "year", {})[:3] == ["gpt-1", "gpt-2", "gpt-3"]
    found = {"gpt-3": scoring.Score("", 0.9), "gpt-1": scoring.Score("", 0.1), "gpt-2": scoring.Score("cannot")}
    assert scoring.order_of(pool, "score", found)[:2] == ["gpt-3", "gpt-1"]
    style = scoring.arrangement(pool, "year", {})
    assert "#lane-4{order:0}" in style  # the first generation is listed last here


def test_the_files_hold_what_is_shown(pool: Any) -> None:
    done = finish("The <b>cat", **{"gpt-1": "sat *down*", "chatgpt": "</svg>"})
    told = scoring.told(pool, done, {"gpt-1": scoring.Score("judge: right", 1.0)}, "listed")
    assert [row["model"] for row in told["rows"]] == ["GPT-1", "ChatGPT"]
    assert told["rows"][0]["score"] == "judge: right" and "score" not in told["rows"][1]
    assert json.loads(json.dumps(told)) == told
    assert scoring.told(pool, replace(done, texts={}), {}, "listed")["rows"] == []
