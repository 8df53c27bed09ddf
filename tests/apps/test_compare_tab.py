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

from .test_studio import luminance

studio = import_app("studio")
changing, scoring, race, compare, models = studio.changing, studio.scoring, studio.race, studio.compare, studio.models
SETTINGS = {"temperature": 0.8, "top_k": 50, "top_p": 1.0, "max_new_tokens": 16, "seed": 0}


@pytest.fixture(scope="module")
def pool(family: list[str]) -> Any:
    return models.ModelPool(family)


def finish(prompt: str = "The cat", **texts: str) -> Any:
    return race.Written(prompt, SETTINGS, texts or {"gpt-1": "a", "chatgpt": "b"}, frozenset({"chatgpt"}))


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


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_what_is_marked_can_be_read(mode: int) -> None:
    theme = studio.theme
    mix = re.findall(r"mark \{ background: color-mix\(in srgb, var\(--gen\) (\d+)%", theme.stylesheet([]))
    share = int(mix[0]) / 100
    for name, pair in theme.GENERATION_COLOURS.items():
        two = [[int(colour[mode][i : i + 2], 16) for i in (1, 3, 5)] for colour in (pair, theme.CARD)]
        mixed = [round(share * own + (1 - share) * card) for own, card in zip(*two, strict=True)]
        dark, light = sorted((luminance(theme.INK[mode]), luminance("#" + bytes(mixed).hex())))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, name


@given(st.text(max_size=80))
def test_the_words_to_change_hold_the_prompt(prompt: str) -> None:
    markup = changing.words_to_change(prompt, "en")
    shown = markup.split("</p>", 1)[1]
    assert html.unescape(re.sub(r"<[^>]*>", "", shown)) == prompt
    for start, end, word in re.findall(r'data-start="(\d+)" data-end="(\d+)"[^>]*>([^<]*)<', shown):
        assert prompt[int(start) : int(end)] == html.unescape(word)


def test_no_character_is_halved() -> None:
    assert changing.words_to_change("法国 is GPT-3's", "zh").count("<button") == 5  # 法, 国, is, GPT, 3's
    assert changing.words_to_change("cafe\u0301", "en").count("<button") == 1  # an accent stays on its letter


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("The capital of France is", "The capital of New York is", True),
        ("法国的首都是", "英国的首都是", True),
        ("cat", "dog", True),
        ("The cat", "The cat sat on the mat", True),
        ("The capital of France is", "What is GPT-3?", False),
        ("从前", "法国的首都是", False),
    ],
)
def test_one_word_is_one_word(before: str, after: str, changed: bool) -> None:
    assert changing.one_word_changed(before, after) is changed


def test_only_runs_that_differ_in_a_word_of_the_prompt_are_compared() -> None:
    former, replied = finish("A cat"), frozenset({"chatgpt"})
    assert race.comparable(former, "A dog", SETTINGS, replied) == former.texts
    assert race.comparable(former, "A dog", SETTINGS, frozenset()) == {"gpt-1": "a"}  # ChatGPT replied before
    assert race.comparable(former, "A cat", SETTINGS, replied) == {}
    assert race.comparable(former, "Two dogs", SETTINGS, replied) == {}
    assert race.comparable(former, "A dog", {**SETTINGS, "temperature": 0.9}, replied) == {}
    assert race.comparable(former, "A dog", {**SETTINGS, "seed": 1}, replied) == {}
    by_chance = {**SETTINGS, "seed": None}
    assert race.comparable(replace(former, settings=by_chance), "A dog", by_chance, replied) == {}
    assert race.comparable(None, "A dog", SETTINGS, replied) == {}


def test_a_race_that_is_stopped_has_written_what_it_showed(pool: Any) -> None:
    running = race.race(pool, "The cat", ["gpt-2", "chatgpt"], True, "en", (0.8, 50, 1.0, 16, "0"))
    for picture in running:
        if picture[-1].texts["gpt-2"]:
            break
    running.close()
    written = picture[-1]
    assert html.escape(written.texts["gpt-2"]) in picture[3 + race.keys_of(pool).index("gpt-2")]
    assert written.prompt == "The cat" and written.replied == {"chatgpt"} and set(written.texts) == {"gpt-2", "chatgpt"}


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
    for kind, word in (("likelihood", "Give an answer"), ("judge", "own questions"), ("reward", "no reward")):
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
    done = finish("The <b>cat", **{"gpt-1": "sat *down*", "chatgpt": "</svg>", "gpt-2": "hidden"})
    scored = {"gpt-1": scoring.Score("judge: right", 1.0, {"right": True})}
    told = scoring.told(pool, done, scored, "judge", "listed", ["gpt-1", "chatgpt", "gpt-3"])
    assert [row["model"] for row in told["rows"]] == ["GPT-1", "ChatGPT"]  # those that wrote and are shown
    assert told["rows"][0]["score"] == "judge: right" and told["rows"][0]["scores"] == {"judge": {"right": True}}
    assert "score" not in told["rows"][1] and told["seed"] == 0 and told["version"] == gl.__version__
    assert json.loads(json.dumps(told)) == told
    turned = scoring.told(pool, done, scored, "judge", "score", ["chatgpt", "gpt-1", "gpt-2"])
    assert turned["rows"][0]["model"] == "GPT-1" and len(turned["rows"]) == 3


def test_a_reward_model_trained_meanwhile_is_offered(pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [update["visible"] for update in compare.tools(pool, "reward", None)] == [False, False]
    monkeypatch.setattr(compare, "judges", lambda _: [("Mine", "mine")])
    dropdown = compare.tools(pool, "reward", None)[1]
    assert dropdown["visible"] and dropdown["value"] == "mine" and dropdown["choices"] == [("Mine", "mine")]
    assert [update["visible"] for update in compare.tools(pool, "likelihood", "mine")] == [True, False]


def test_released_models_have_no_reward_model_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gpt-3.5" / "reward").mkdir(parents=True)
    (tmp_path / "gpt-3.5" / "reward" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert scoring.reward_folder(models.read_card("gpt-3.5")) is None
