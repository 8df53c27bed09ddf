"""The Lineage tab: the tree, and what is told of everybody in it; in a browser, the way through it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

import gptlineage as gl
from gptlineage.lineage.family import family
from gptlineage.paths import import_app

from .test_browser import Visit, address, chromium, visit  # noqa: F401  (fixtures)

studio = import_app("studio")
strings, models = studio.strings, studio.models
tab = studio.lineage
NAMES = [one.name for one in family()]
CJK = re.compile("[\u4e00-\u9fff]")


class Balance(HTMLParser):
    """Whether every element that is opened is closed, in order."""

    def __init__(self, markup: str):
        super().__init__()
        self.open: list[str] = []
        self.feed(markup)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def pool(family: list[str]) -> Any:
    return models.ModelPool(family)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_everybody_has_a_story_in_both_languages(pool: Any, name: str, lang: str) -> None:
    tree, head, page, foot = tab.show(pool, name, lang)
    for part in (tree, head, foot):
        Balance(part)
    assert page.startswith("# ")
    assert tree.count("<button") == len(NAMES) and tree.count('aria-pressed="true"') == 1
    known = name in {generation.name for generation in gl.generations()}
    assert ("<svg" in head) == known == bool(foot)
    if lang == "en":
        assert not CJK.search(tree + head + page + foot)


def test_what_changed_is_the_configurations_own(pool: Any) -> None:
    head = tab.tell(pool, "gpt-2", "en")
    assert "What changed from GPT-1" in head
    rows = dict(re.findall(r"<code>(\w+)</code></th><td>(.*?</td><td>.*?)</td>", head))
    assert rows["norm"] == "after it</td><td>before it"
    assert rows["corpus"] == "books</td><td>the web"
    assert head.count("<figure") == 2


def test_a_generation_that_changed_its_training_only_says_so(pool: Any) -> None:
    head = tab.tell(pool, "gpt-3.5", "en")
    assert strings.text("lineage.unchanged", "en").replace("'", "&#x27;") in head and head.count("<figure") == 1
    assert head.count('class="gen-gpt-3 earlier"') == 1 and head.count("<li ") == 4


def test_the_numbers_are_counted_to_the_unit(pool: Any) -> None:
    assert "1,557,611,200" in tab.foot_of(pool, "gpt-2", "en")


def test_a_model_is_offered_where_it_can_be_tried_and_its_origin_is_told(pool: Any) -> None:
    head, foot = tab.tell(pool, "gpt-2", "en"), tab.foot_of(pool, "gpt-2", "en")
    assert 'data-tab="0" data-key="gpt-2"' in head and 'data-tab="1" data-key="gpt-2"' in head
    assert "trained by you" in foot and "random weights" in foot
    nobody = models.ModelPool([])
    assert "data-key" not in tab.tell(nobody, "gpt-2", "en")
    assert "gptlineage train gpt-2" in tab.foot_of(nobody, "gpt-2", "en")


def test_what_a_checkpoint_says_never_becomes_markup(pool: Any) -> None:
    evil = "<img src=x onerror=alert(1)>"
    told = {"parent": evil, "data": evil, "seed": evil, "date": evil, "stages": [evil]}
    card = models.replace(pool.cards["gpt-1"], title=evil, provenance=told)
    shown = tab.provenance(card, "en")
    Balance(shown)
    assert "<img" not in shown and shown.count("&lt;img") == 6


# ---- in a browser


def open_tab(page: Any, lang: str = "en") -> None:
    page.get_by_role("tab", name=strings.text("lineage.tab", lang), exact=True).click()
    page.locator("#tree button").first.wait_for()


def test_the_tree_is_walked_with_mouse_and_keys(visit: Visit) -> None:  # noqa: F811
    page = visit()
    open_tab(page)
    assert page.locator("#tree button").count() == len(NAMES)
    page.click("#tree button[data-name='gpt-2']")
    page.locator("#story-head h2", has_text="GPT-2").wait_for()
    page.locator("#lesson h1", has_text="The task is in the text").wait_for()
    assert page.locator("#story-head svg").count() == 2
    page.locator("#tree [aria-pressed=true]:focus").wait_for()  # whoever uses the keys keeps their place
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#story-head h2", has_text="GPT-3").wait_for()
    page.click("#language label:has(input[value=zh])")
    page.locator("#lesson h1", has_text="几个例子就够").wait_for()
    assert "GPT-3" in page.locator("#tree [aria-pressed=true]").inner_text()
    assert not re.search(r"\b(What|Before|Size|Data)\b", page.locator("#story-head").inner_text())


def test_the_story_leads_to_the_model(visit: Visit) -> None:  # noqa: F811
    page = visit()
    page.get_by_role("tab").nth(1).click()
    page.click("#compare-models label:has(input[name='gpt-2'])")  # chosen no more
    open_tab(page)
    page.click("#tree button[data-name='gpt-2']")
    page.locator("#story-head h2", has_text="GPT-2").wait_for()
    page.click("#story-head button[data-tab='0']")
    page.locator(".model-line", has_text="GPT-2 · 2019").first.wait_for()
    assert page.get_by_role("tab").first.get_attribute("aria-selected") == "true"
    open_tab(page)
    page.click("#story-head button[data-tab='1']")
    page.locator("#compare-models input[name='gpt-2']:checked").wait_for()
    assert page.get_by_role("tab").nth(1).get_attribute("aria-selected") == "true"


@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "dark"), ("zh-CN", "light")])
def test_a_narrow_page_holds_it(visit: Visit, locale: str, scheme: str) -> None:  # noqa: F811
    page = visit(360, locale, scheme)
    open_tab(page, locale[:2])
    for name in ("transformer", "gpt-3"):
        page.click(f"#tree button[data-name='{name}']")
        page.locator(f"#story-head .gen-{name}").first.wait_for()
        for width in (360, 768, 1440, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("#story-head svg").last.bounding_box()["width"] <= width
        page.set_viewport_size({"width": 360, "height": 800})
