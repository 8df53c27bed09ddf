"""Compare as a person meets it: a word changed in place, scores, the order of the columns, a picture for a slide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .test_browser import Visit, address, chromium, visit  # noqa: F401  (fixtures)


def run(visit: Visit, prompt: str, **how: Any) -> Any:  # noqa: F811
    page = visit(**how)
    page.get_by_role("tab", name="对比" if how.get("locale") == "zh-CN" else "Compare", exact=True).click()
    page.fill("#prompt textarea", prompt)
    page.click("#run")
    page.wait_for_selector("#change .changing")
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
