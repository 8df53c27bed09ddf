"""The Results tab: every figure with its verdict, in both languages; in a browser, pictures that come from no file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gptlineage.evaluation.findings import VERDICTS, read_result, read_results
from gptlineage.paths import import_app

from .test_browser import Visit, address, chromium, visit  # noqa: F401  (fixtures)
from .test_lineage_tab import CJK, Balance

studio = import_app("studio")
strings, theme = studio.strings, studio.theme
tab = studio.results


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_figure_is_told_with_its_verdict_and_command(lang: str) -> None:
    shown = tab.tell_all(lang)
    Balance(shown)
    results = read_results()
    assert shown.count("<article") == len(results)
    for result in results:
        assert f'id="result-{result.name}"' in shown
        if result.command:
            assert result.command.replace('"', "&quot;") in shown
    assert shown.count("data:image/png;base64,") == sum(result.picture is not None for result in results)
    if lang == "en":
        assert not CJK.search(re.sub(r"<pre>.*?</pre>", "", shown, flags=re.S))


def test_verdicts_have_readable_colours_and_signs_of_their_own() -> None:
    assert set(tab.VERDICT_CLASSES) == set(tab.SIGNS) == set(VERDICTS) and len(set(tab.SIGNS.values())) == 4
    known = {theme.class_of(name) for name in theme.GENERATION_COLOURS} | {"gen"}
    assert set(tab.VERDICT_CLASSES.values()) <= known


def test_an_unjudged_or_damaged_file_still_appears_and_is_escaped(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    content = {"command": evil, "date": evil, "machine": evil, "seeds": [evil], "versions": {evil: evil}}
    (tmp_path / "new.json").write_text(json.dumps({**content, "rows": [{"model": evil, "value": 1}]}))
    (tmp_path / "new.md").write_text(evil)
    (tmp_path / "broken.json").write_text("[1")
    shown = tab.tell(read_result(tmp_path, "new", None), "en")
    Balance(shown)
    assert strings.text("results.unjudged", "en") in shown and "<script" not in shown and "&lt;script" in shown
    assert strings.text("results.damaged", "zh") in tab.tell(read_result(tmp_path, "broken", None), "zh")


# ---- in a browser


def open_tab(page: Any, lang: str = "en") -> None:
    page.get_by_role("tab", name=strings.text("results.tab", lang), exact=True).click()
    page.locator("#results article").first.wait_for()


def test_the_pictures_appear_and_grow(visit: Visit) -> None:  # noqa: F811
    page = visit()
    open_tab(page)
    picture = page.locator("#result-exam .picture img")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 500")
    small = picture.bounding_box()["height"]
    page.locator("#result-exam .picture summary").press("Enter")
    page.wait_for_function("document.querySelector('#result-exam .picture').open")
    assert picture.bounding_box()["height"] > small
    page.click("#language label:has(input[value=zh])")
    page.locator("#result-exam h3", has_text="发布模型的测验").wait_for()
    assert page.locator("#result-preference .badge").inner_text().endswith(strings.text("verdict.no", "zh"))


@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "dark"), ("zh-CN", "light")])
def test_a_narrow_page_holds_them(visit: Visit, locale: str, scheme: str) -> None:  # noqa: F811
    page = visit(360, locale, scheme)
    open_tab(page, locale[:2])
    for width in (360, 768, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = page.evaluate(
            """() => [...document.querySelectorAll('#results :is(p, dd, h3, img, summary, .badge)')]
                .filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect())
                .filter((r) => r.left < 0 || r.right > innerWidth + 0.5).length"""
        )
        assert outside == 0, width
