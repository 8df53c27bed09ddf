"""The studio as a person meets it, in a real browser. No request may leave this computer."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

import gptlineage as gl
from apps.studio.words import CHAT_EXAMPLES, COMPARE_EXAMPLES, STRINGS
from gptlineage.paths import import_app

from .conftest import LONG_PROMPT

playwright = pytest.importorskip("playwright.sync_api") if not os.environ.get("CI") else None
if playwright is None:
    import playwright.sync_api as playwright  # type: ignore[no-redef]

studio = import_app("studio")
strings = studio.strings
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PACE = 0.01  # seconds for a piece of text
PIECES: list[int] = []  # how many pieces each text has
OPENED: list[bool] = []  # one entry for each text being written: True once it was given up or came to its end


WATCH_REPLY = """() => {
    window.pictures = [];
    new MutationObserver(() => {
        const said = [...document.querySelectorAll("#conversation .bot .message-content")].at(-1)?.innerText.trim();
        if (said && said !== window.pictures.at(-1)) window.pictures.push(said);
    }).observe(document.querySelector("#conversation"), {childList: true, characterData: true, subtree: true});
}"""


@pytest.fixture(scope="module")
def address(family: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio whose models write at the pace of a page, slow enough to be stopped."""
    pieces = gl.LanguageModel._pieces

    def unhurried(lm: gl.LanguageModel, *args: Any) -> Iterator[str]:
        written = pieces(lm, *args)  # errors still come before the first piece
        return paced(written)

    def paced(written: Iterator[str]) -> Iterator[str]:
        OPENED.append(False)
        PIECES.append(0)
        mine = len(OPENED) - 1
        try:
            for piece in written:
                yield piece
                PIECES[mine] += 1
                time.sleep(PACE)
        finally:
            OPENED[mine] = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gl.LanguageModel, "_pieces", unhurried)
        demo = studio.start(family, votes=tmp_path_factory.mktemp("runs") / "votes.jsonl")
        yield demo.local_url
        demo.close(verbose=False)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on this machine (package chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


Visit = Callable[..., Any]


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Visit]:
    """Open the studio; afterwards, fail if the page asked any other host for anything or complained."""
    outside: list[str] = []
    complaints: list[str] = []
    contexts: list[Any] = []

    def guard(route: Any) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost", None):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def open_page(width: int = 1280, locale: str = "en-US", scheme: str = "light") -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, locale=locale, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        context.route("**/*", guard)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message) or dialog.dismiss())
        page.goto(address)
        wanted = "zh-CN" if locale.lower().startswith("zh") else "en"
        page.wait_for_function("lang => document.documentElement.lang === lang", arg=wanted)
        page.wait_for_selector("#message textarea")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not outside and not complaints


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that interrupt: on a busy machine, too, the text must not be finished before."""
    monkeypatch.setattr(sys.modules[__name__], "PACE", 0.1)


def say(page: Any, words: str) -> None:
    page.fill("#message textarea", words)
    page.press("#message textarea", "Enter")


def messages(page: Any) -> list[str]:
    return [
        text.strip().replace("\u2060", "") for text in page.locator("#conversation .message-content").all_inner_texts()
    ]


def wait_until_idle(page: Any) -> None:
    page.locator("#send").wait_for(state="visible")


def test_the_page_shows_the_family_and_a_reply_streams(visit: Visit, slowly: None) -> None:
    page = visit()
    assert page.locator(".timeline li").count() == 9
    assert page.locator(".timeline .here .name").all_inner_texts() == ["GPT-1", "GPT-2", "GPT-3", "GPT-3.5", "ChatGPT"]
    assert "ChatGPT · 2022" in page.locator(".model-line").first.inner_text()
    page.evaluate(WATCH_REPLY)  # the page itself takes note: a look from outside would miss what a busy machine skips
    say(page, "Hello")
    page.locator("#stop-chat").wait_for(state="visible")
    wait_until_idle(page)
    pictures = [text for text in page.evaluate("window.pictures") if text != "Loading content"]  # Gradio's own
    assert len(pictures) >= 3 and pictures == sorted(pictures, key=len)
    assert messages(page)[0] == "Hello" and len(messages(page)) == 2
    assert page.input_value("#message textarea") == ""


def test_stop_ends_the_writing_and_keeps_the_text(visit: Visit, slowly: None) -> None:
    page = visit()
    say(page, "Hello")
    page.locator("#conversation .bot .message-content").wait_for()
    page.click("#stop-chat")
    wait_until_idle(page)
    kept = messages(page)
    time.sleep(0.5)
    assert messages(page) == kept and len(kept) == 2
    assert OPENED[-1], "the generator of a stopped reply is still open"


def test_a_closed_page_ends_its_writing(visit: Visit, slowly: None) -> None:
    page = visit()
    say(page, "Hello")
    page.locator("#conversation .bot .message-content").wait_for()
    page.close()
    end = time.monotonic() + 20
    while not OPENED[-1] and time.monotonic() < end:
        time.sleep(0.05)
    assert OPENED[-1] and PIECES[-1] < 120, "it wrote on for nobody"


def test_a_message_can_be_edited_and_answered_again(visit: Visit, slowly: None) -> None:
    page = visit()
    for words in ("One", "Two"):
        say(page, words)
        page.locator("#conversation .bot .message-content").nth(0 if words == "One" else 1).wait_for()
        page.click("#stop-chat")
        wait_until_idle(page)
    assert len(messages(page)) == 4
    page.locator("#conversation .message-buttons-right button").nth(1).click()  # the pencil of the first message
    page.locator("#conversation textarea").fill("Three")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_function("document.querySelectorAll('#conversation .message-content').length === 2")
    page.click("#stop-chat")
    wait_until_idle(page)
    assert messages(page)[0] == "Three"
    page.click("#chat-models label:has(input[value='gpt-2'])")
    page.click("#again")
    page.locator("#stop-chat").wait_for(state="visible")
    page.click("#stop-chat")
    wait_until_idle(page)
    assert messages(page)[0] == "Three" and len(messages(page)) <= 2
    page.click("#new-chat")
    page.locator("#conversation .placeholder").wait_for()


def test_an_example_starts_a_conversation(visit: Visit) -> None:
    page = visit()
    page.locator("#conversation .example").first.click()
    page.locator("#conversation .bot .message-content").wait_for()
    assert messages(page)[0] == CHAT_EXAMPLES["en"][0]


def test_a_generation_on_the_line_is_chosen_by_a_click(visit: Visit) -> None:
    page = visit()
    page.click(".timeline .gen-gpt-1 button")
    page.locator(".model-line", has_text="GPT-1 · 2018").first.wait_for()
    assert strings.text("model.base", "en") in page.locator(".model-line").first.inner_text()


def test_every_chinese_browser_is_met_in_chinese(visit: Visit) -> None:
    page = visit(locale="zh-HK")
    page.get_by_role("tab", name="聊天").wait_for()
    page.locator(".title", has_text=strings.text("app.tagline", "zh")).first.wait_for()
    find = studio.FIND_LANGUAGE.replace("{fixed}", "")
    for language, wanted in {"zh": "zh", "zh-Hans-CN": "zh", "ZH-tw": "zh", "en-GB": "en", "de": "en"}.items():
        page.evaluate("l => Object.defineProperty(navigator, 'language', {value: l, configurable: true})", language)
        assert page.evaluate(find, "en") == wanted
    assert page.evaluate(studio.FIND_LANGUAGE.replace("{fixed}", "zh"), "en") == "zh"  # --lang


def test_the_switch_changes_every_word_and_keeps_the_conversation(visit: Visit) -> None:
    page = visit()
    say(page, "Hello")
    page.locator("#conversation .bot .message-content").wait_for()
    wait_until_idle(page)
    before = messages(page)
    page.get_by_role("tab").nth(1).click()
    page.fill("#prompt textarea", "The cat")
    page.click("#run")
    page.locator("#stop:not([disabled])").wait_for()
    page.locator("#run:not([disabled])").wait_for(timeout=20_000)
    columns = page.locator(".lane .text").all_inner_texts()
    page.click("#language label:has(input[value=zh])")
    page.get_by_role("tab", name="对比").wait_for()
    assert page.input_value("#prompt textarea") == "The cat"
    assert page.locator(".lane .text").all_inner_texts() == columns
    english = {pair[0] for pair in STRINGS.values() if pair[0] != pair[1] and len(pair[0]) > 3}
    for tab in (1, 0):
        page.get_by_role("tab").nth(tab).click()
        page.wait_for_timeout(200)
        shown = {line.strip() for line in page.inner_text("body").splitlines()}
        assert not shown & english, shown & english
    assert messages(page) == before
    page.reload()
    page.get_by_role("tab", name="聊天").wait_for()  # the choice is remembered


def test_compare_writes_every_column_and_an_error_stays_in_its_own(visit: Visit) -> None:
    page = visit()
    page.get_by_role("tab").nth(1).click()
    page.fill("#prompt textarea", LONG_PROMPT)
    page.click("#run")
    page.locator(".lane .written").nth(2).wait_for()
    page.locator("#run:not([disabled])").wait_for(timeout=20_000)
    assert page.locator(".lane .trouble").count() == 1
    assert "shorten" in page.locator(".gen-gpt-1 .trouble").inner_text()
    assert all(len(text) > 20 for text in page.locator(".lane .written").all_inner_texts())


def test_compare_can_be_stopped_and_columns_hidden(visit: Visit, slowly: None) -> None:
    page = visit()
    page.get_by_role("tab").nth(1).click()
    page.click("#compare-models label:has(input[name='gpt-3'])")
    page.locator(".lane.gen-gpt-3").wait_for(state="hidden")
    page.fill("#prompt textarea", "The cat")
    page.click("#run")
    page.locator(".lane .written").nth(3).wait_for()
    page.click("#stop")
    page.locator("#run:not([disabled])").wait_for()
    kept = page.locator(".lane .written").all_inner_texts()
    time.sleep(0.4)
    assert page.locator(".lane .written").all_inner_texts() == kept and len(kept) == 4
    assert all(OPENED[-4:])


def test_compare_begins_from_enter_an_example_and_the_dice(visit: Visit, slowly: None) -> None:
    page = visit()
    page.get_by_role("tab").nth(1).click()
    written: list[list[str]] = []
    for begin in (".starters button >> nth=1", "#roll", "Enter"):
        if begin == "Enter":
            page.fill("#prompt textarea", "Two")
            page.press("#prompt textarea", "Shift+Enter")
        else:
            page.click(begin)
        page.locator("#stop:not([disabled])").wait_for()
        page.locator(".lane .written").nth(4).wait_for()
        page.press("#prompt textarea", "Shift+Enter")  # while it writes: nothing happens
        page.click("#stop")
        page.locator("#run:not([disabled])").wait_for()
        written.append(page.locator(".lane .asked").all_inner_texts())
    example = COMPARE_EXAMPLES["en"][1]
    assert written == [[example] * 5, [example] * 5, ["Two"] * 5]


def test_a_bout_is_voted_on_and_the_names_come_after(visit: Visit) -> None:
    page = visit()
    page.get_by_role("tab").nth(2).click()
    assert "No votes yet" in page.locator("#ratings").inner_text()
    page.fill("#arena-prompt :is(textarea, input)", "The <b>cat</b>")
    page.click("#fight")
    page.locator("#vote-left:not([disabled])").wait_for(timeout=20_000)
    assert page.locator(".pair .written").count() == 2 and page.locator(".pair .verb").count() == 0
    page.click("#vote-left")
    page.locator(".pair .verb").nth(1).wait_for()
    names = [name.casefold() for name in page.locator(".pair .verb").all_inner_texts()]
    assert len(set(names)) == 2 and set(names) <= {"gpt-1", "gpt-2", "gpt-3", "gpt-3.5", "chatgpt"}
    page.locator("#ratings tbody tr").nth(1).wait_for()
    assert page.locator("#vote-left[disabled]").count() == 1
    page.reload()  # the votes are still there
    page.wait_for_selector("#message textarea")
    page.get_by_role("tab").nth(2).click()
    page.locator("#ratings tbody tr").nth(1).wait_for()
    page.click("#delete-votes")
    page.click("#really-delete")
    page.get_by_text("No votes yet").wait_for()


def test_what_people_write_is_shown_as_they_wrote_it(visit: Visit, slowly: None) -> None:
    page = visit()
    evil = "<img src=x onerror=alert(1)> ${alert(2)} {{alert(3)}} **b** $$x^2$$ <b>bold</b>"
    say(page, evil)
    page.locator("#conversation .bot .message-content").wait_for()
    page.click("#stop-chat")
    assert messages(page)[0] == evil
    page.get_by_role("tab").nth(1).click()
    page.fill("#prompt textarea", evil)
    page.click("#run")
    page.locator(".lane .written").first.wait_for()
    assert page.locator(".lane .asked").first.inner_text() == evil
    assert page.locator(".lane img").count() == 0
    page.click("#stop")


# ---- Inside


def look_inside(page: Any, words: str, lang: str = "en") -> None:
    page.get_by_role("tab", name=strings.text("inside.tab", lang)).click()
    page.fill("#inside-text textarea", words)
    page.click("#look")
    page.locator("#texts-0 button.tok").first.wait_for()


def token_at(page: Any, place: int, path: int = 0, side: int = 0) -> Any:
    return page.locator(f"#texts-{side} button[data-path='{path}'][data-place='{place}']")


def chosen(page: Any, side: int = 0) -> str:
    return page.locator(f"#place-{side} h4").first.inner_text()


def test_a_token_shows_its_alternatives_and_one_of_them_becomes_a_branch(visit: Visit) -> None:
    page = visit()
    look_inside(page, "The cat is on the mat. <b>猫</b>")
    assert strings.text("inside.next", "en") in chosen(page)
    token_at(page, 3).hover()
    assert "choice number" in page.locator("#texts-0 .readout").inner_text()
    token_at(page, 3).click()
    page.locator("#place-0 h4", has_text="instead of").wait_for()
    assert token_at(page, 3).get_attribute("aria-pressed") == "true"
    assert page.locator("#texts-0 [aria-pressed=true]").count() == 1
    page.locator("#place-0 [data-token]").nth(1).click()
    page.locator("#texts-0 .path").nth(1).wait_for()
    assert token_at(page, 3, path=1).get_attribute("aria-pressed") == "true"
    assert page.locator("#texts-0 .path >> nth=1 >> button.tok").count() > 20
    token_at(page, 6, path=1).click()  # a branch is read like the text
    page.locator("#head-0 .rows .chosen").wait_for()
    page.wait_for_function("document.querySelectorAll('#head-0 .rows > span')[5].className === 'chosen'")
    # In another head: the same place, and the numbers under the pointer.
    page.locator("#heads-0 button").nth(1).click()
    page.locator("#head-0 h4", has_text="head 2").wait_for()
    page.locator("#head-0 .heat").hover(position={"x": 4, "y": 4})
    page.locator("#head-0 .readout", has_text="100%").wait_for()  # the first token has only itself to read
    assert page.locator(".look b, .look img").count() == 0


def test_the_keyboard_reaches_tokens_alternatives_and_heads(visit: Visit) -> None:
    page = visit()
    look_inside(page, "The cat")
    page.locator("#texts-0 [tabindex='0']").focus()
    for key, place in (("Home", 1), ("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.dataset.place") == str(place)
    assert "choice number" in page.locator("#texts-0 .readout").inner_text()
    page.keyboard.press("Enter")
    page.locator("#place-0 h4", has_text="instead of").wait_for()
    assert page.evaluate("document.activeElement.dataset.place") == "2"  # and keeps its place
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.token") is not None
    page.keyboard.press("Enter")
    page.locator("#texts-0 .path").nth(1).wait_for()
    page.wait_for_function("document.activeElement.matches('.forked[data-path=\"1\"]')")  # where the text forks
    page.locator("#heads-0 button").nth(1).focus()
    page.keyboard.press("Enter")
    page.locator("#head-0 h4", has_text="head 2").wait_for()
    assert page.evaluate("document.activeElement.dataset.head") == "1"


def test_two_models_look_at_the_same_spot_in_either_language(visit: Visit) -> None:
    page = visit(locale="zh-CN")
    page.get_by_role("tab", name=strings.text("inside.tab", "zh")).click()
    page.click("#inside-rival label:has(input[value='chatgpt'])")
    look_inside(page, "The cat is on", "zh")
    assert page.locator("#texts-1 .special").all_inner_texts()[:1] == ["user"]
    token_at(page, 3).click()
    page.wait_for_function("document.querySelector('#texts-1 [aria-pressed=true]')?.dataset.place === '3'")
    before = page.locator(".look button.tok").count()
    page.click("#language label:has(input[value=en])")
    page.locator("#place-1 h4", has_text="instead of").wait_for()
    assert page.locator(".look button.tok").count() == before
    assert token_at(page, 3, side=1).get_attribute("aria-pressed") == "true"
    shown = page.locator(".looks").inner_text()
    assert not re.search("[\u4e00-\u9fff]", shown)
    assert not re.findall(r"^\s*- button(?: \[[^\]]*\])*:?$", page.locator("body").aria_snapshot(), re.M)


def test_a_text_that_cannot_be_read_leaves_what_is_shown(visit: Visit) -> None:
    page = visit()
    page.get_by_role("tab", name=strings.text("inside.tab", "en")).click()
    page.click("#inside-model label:has(input[value='gpt-1'])")
    look_inside(page, "The cat")
    page.fill("#inside-text textarea", LONG_PROMPT)
    page.click("#look")
    page.locator("#inside-notice", has_text="shorten it").wait_for()
    assert page.locator("#texts-0 .path").count() == 1


@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "dark"), ("zh-CN", "light")])
def test_what_is_inside_fits_narrow_and_wide_windows(visit: Visit, locale: str, scheme: str) -> None:
    page, lang = visit(1280, locale, scheme), locale[:2]
    page.get_by_role("tab", name=strings.text("inside.tab", lang)).click()
    page.click("#inside-rival label:has(input[value='gpt-2'])")
    look_inside(page, "The cat is on the mat. " * 6 + "佢哋", lang)
    token_at(page, 3).click()
    page.locator("#place-1 h4 .written").wait_for()
    for width in (360, 420, 768, 1200, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = page.evaluate(
            """() => [...document.querySelectorAll('.looks :is(button, p, h4, td, .reading, .matrix)')]
                .map((e) => e.getBoundingClientRect()).filter((r) => r.width > 1)
                .filter((r) => r.left < 0 || r.right > innerWidth + 0.5).length"""
        )
        assert outside == 0, width


@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "light"), ("zh-CN", "dark")])
def test_nothing_overflows_and_every_control_has_a_name(visit: Visit, locale: str, scheme: str) -> None:
    page = visit(360, locale, scheme)
    for tab in (0, 1, 2):
        page.get_by_role("tab").nth(tab).click()
        if tab < 2:
            for panel in page.locator("button.label-wrap:visible").all():  # unfold the dials, and whatever else
                panel.click()
            page.locator(".dial-grid input:visible").first.wait_for()
            assert page.locator(".seed :is(input, textarea):visible").input_value() == ("0" if tab else "")
        else:
            page.locator("#fight").wait_for()
        for width in (360, 768, 1440, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            outside = page.evaluate(
                """() => [...document.querySelectorAll('main button, main label, main p, main textarea')]
                    .filter((e) => e.checkVisibility() && !e.closest('[aria-hidden=true]'))
                    .map((e) => e.getBoundingClientRect()).filter((r) => r.width > 1)
                    .filter((r) => r.left < 0 || r.right > innerWidth + 0.5).length"""
            )
            assert outside == 0, width
        tree = page.locator("body").aria_snapshot()
        assert not re.findall(
            r"^\s*- (?:button|textbox|radio|checkbox|slider|spinbutton)(?: \[[^\]]*\])*:?$", tree, re.M
        )


@pytest.mark.parametrize(("locale", "lang", "rows"), [("en-US", "en", 2), ("zh-CN", "zh", 1)])
def test_a_narrow_page_shows_every_tab_and_the_keyboard_reaches_it(
    visit: Visit, locale: str, lang: str, rows: int
) -> None:
    page = visit(360, locale)
    page.get_by_role("tab", name=strings.text("results.tab", lang)).wait_for()
    tabs = page.get_by_role("tab")
    tabs.first.focus()
    for place, name in enumerate(("chat", "compare", "arena", "inside", "train", "lineage", "results")):
        label = strings.text(f"{name}.tab", lang)
        box = tabs.nth(place).bounding_box()
        assert tabs.nth(place).inner_text() == label and box["x"] >= 0 and box["x"] + box["width"] <= 360
        assert page.evaluate("document.activeElement.innerText") == label
        page.keyboard.press("Tab")
    tabs.last.focus()
    page.keyboard.press("Enter")
    page.locator("#results article").first.wait_for()
    assert len({tab.bounding_box()["y"] for tab in tabs.all()}) == rows
