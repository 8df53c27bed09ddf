"""Compare as a person meets it: a word changed in place, scores, the order of the columns, a picture for a slide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .test_browser import Visit, address, chromium, slowly, visit  # noqa: F401  (fixtures)


def run(visit: Visit, prompt: str, **how: Any) -> Any:  # noqa: F811
    page = visit(**how)
    page.get_by_role("tab", name="对比" if how.get("locale") == "zh-CN" else "Compare", exact=True).click()
    page.fill("#prompt textarea", prompt)
    page.click("#run")
    page.wait_for_selector("#change .changing")
    page.wait_for_selector("#run:not([disabled])")
    return page


def left_to_right(page: Any) -> list[str]:
    lanes = [lane for lane in page.locator(".lanes:not(.pair) .lane").all() if lane.is_visible()]
    places = [(lane.bounding_box()["y"], lane.bounding_box()["x"], lane.locator("h3").inner_text()) for lane in lanes]
    return [name for *_, name in sorted(places)]


def test_a_word_is_changed_and_everybody_writes_again(visit: Visit) -> None:  # noqa: F811
    page = run(visit, "The cat is on the mat")
    page.locator(".changing button", has_text="cat").focus()
    page.keyboard.press("Enter")  # from the keyboard alone
    page.keyboard.type("dog")
    page.keyboard.press("Escape")
    assert page.input_value("#prompt textarea") == "The cat is on the mat"
    page.keyboard.press("Enter")
    page.keyboard.type("dog")
    page.keyboard.press("Enter")
    page.wait_for_selector(".output .same")
    assert page.input_value("#prompt textarea") == "The dog is on the mat"
    page.locator(".changing button", has_text="dog").wait_for()
    page.wait_for_function("() => document.activeElement.textContent === 'dog'")  # the keyboard goes on from there
    page.wait_for_selector("#run:not([disabled])")
    page.keyboard.press("Enter")
    page.keyboard.type("cow")
    page.keyboard.press("Enter")
    page.locator(".changing button", has_text="cow").wait_for()
    assert page.input_value("#prompt textarea") == "The cow is on the mat"


def test_a_word_changed_during_a_run_waits_for_its_end(visit: Visit, slowly: None) -> None:  # noqa: F811
    page = visit()
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.fill("#prompt textarea", "The cat is on the mat")
    page.click("#run")
    page.locator(".changing button", has_text="cat").click()
    page.keyboard.type("dog")
    for _ in range(3):  # who is impatient starts no more than one run
        page.keyboard.press("Enter")
    assert page.locator("#run").is_disabled()
    page.locator(".changing button", has_text="dog").wait_for(timeout=120_000)
    page.wait_for_selector(".output .same", timeout=120_000)
    page.wait_for_selector("#run:not([disabled])", timeout=120_000)
    page.wait_for_timeout(500)
    assert page.locator("#run").is_enabled()


def test_a_word_half_changed_is_left_for_another(visit: Visit) -> None:  # noqa: F811
    page = run(visit, "The cat is")
    page.locator(".changing button", has_text="cat").click()
    page.keyboard.type("elephant")
    page.locator(".changing button", has_text="The").click()
    assert page.locator(".changing input").input_value() == "The"
    assert page.locator(".changing button").all_inner_texts() == ["cat", "is"]
    page.click("#prompt textarea")  # and a click elsewhere goes where it should
    assert page.evaluate("document.activeElement.closest('#prompt') !== null")


def test_what_was_stopped_is_what_is_saved(visit: Visit, slowly: None, tmp_path: Path) -> None:  # noqa: F811
    page = visit()
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.fill("#prompt textarea", "The cat is")
    page.click("#run")
    page.wait_for_selector(".lane:visible .written:not(:empty)")
    page.click("#stop")
    page.wait_for_selector("#compare-json")
    shown = page.locator(".lane:visible .written").first.inner_text()
    with page.expect_download() as saved:
        page.click("#compare-json")
    saved.value.save_as(tmp_path / "saved")
    told = json.loads((tmp_path / "saved").read_text(encoding="utf-8"))
    assert told["prompt"] == "The cat is" and told["rows"][0]["text"].strip() == shown.strip()
    assert page.locator(".changing button").all_inner_texts() == ["The", "cat", "is"]


def test_there_is_nothing_to_save_at_first(visit: Visit) -> None:  # noqa: F811
    page = visit()
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.locator("#run").wait_for()
    assert page.locator(".exports button").count() == 0 or not page.locator(".exports").is_visible()


def test_a_chinese_character_is_changed(visit: Visit) -> None:  # noqa: F811
    page = run(visit, "猫在垫子上", locale="zh-CN")
    page.locator(".changing button").first.click()
    page.keyboard.type("狗")
    page.keyboard.press("Enter")
    page.wait_for_selector(".output .same")
    assert page.input_value("#prompt textarea") == "狗在垫子上"


def test_columns_are_scored_and_lined_up(visit: Visit) -> None:  # noqa: F811
    page = run(visit, "The cat is")
    before = left_to_right(page)
    page.locator("#scoring > button").first.click()
    page.get_by_label("The judge").check()
    page.get_by_text("own questions only").wait_for()
    page.get_by_label("Likelihood of an answer").check()
    page.fill("#answer textarea", "on")
    page.press("#answer textarea", "Enter")
    page.locator(".output .score").first.wait_for()
    assert page.locator(".output .score").count() == len(before)
    page.get_by_label("By score").check()
    page.wait_for_function("() => document.querySelector('.placing style')?.textContent.includes('order')")
    scored = [lane for lane in page.locator(".lane:has(.score)").all() if lane.is_visible()]
    words = {lane.locator("h3").inner_text(): lane.locator(".score").inner_text() for lane in scored}
    bits = [float(words[name].split(", ")[-1].split(" bits")[0]) for name in left_to_right(page)]
    assert bits == sorted(bits)


def test_a_question_of_the_exam_is_judged(visit: Visit) -> None:  # noqa: F811
    page = run(visit, "The cat")
    page.locator("#scoring > button").first.click()
    page.get_by_label("The judge").check()
    page.click("#ask-exam")
    page.locator(".output .score").first.wait_for()
    assert "judge" in page.locator(".output .score").first.inner_text()
    assert page.locator(".output .verb", has_text="continues").count() == 0  # all of them answer


@pytest.mark.parametrize(("form", "start"), [("md", b"> "), ("json", b"{"), ("png", b"\x89PNG")])
def test_what_is_shown_is_saved(visit: Visit, tmp_path: Path, form: str, start: bytes) -> None:  # noqa: F811
    page = run(visit, "<b>The 猫")
    with page.expect_download() as saved:
        page.click(f"#compare-{form}")
    path = tmp_path / "saved"
    saved.value.save_as(path)
    assert saved.value.suggested_filename == f"gptlineage-compare.{form}"
    assert path.read_bytes().startswith(start) and path.stat().st_size > 200
