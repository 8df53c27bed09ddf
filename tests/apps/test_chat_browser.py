"""Conversations that stay: after a reload, from one to another, and as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apps.studio.words import STRINGS, SYSTEM_EXAMPLES

from .test_browser import Visit, address, chromium, say, slowly, visit  # noqa: F401  (fixtures)

COUNT = "n => document.querySelectorAll('#conversation .message-content').length >= n"


def finished(page: Any) -> None:
    page.wait_for_selector("#send", state="visible")


def bubbles(page: Any) -> list[str]:
    return [t.replace("\u2060", "").strip() for t in page.locator("#conversation .message-content").all_inner_texts()]


def ask(page: Any, words: str) -> None:
    before = len(bubbles(page))
    say(page, words)
    page.wait_for_function(COUNT, arg=before + 2)
    finished(page)


def panel(page: Any, name: str) -> None:
    """Open a folded panel; it stays open."""
    page.locator(f"#{name} > button").first.click()


def again(page: Any) -> None:
    page.reload()
    page.wait_for_selector("#message textarea")


def test_a_conversation_survives_a_reload(visit: Visit) -> None:  # noqa: F811
    page = visit()
    page.locator("#chat-models").get_by_label("GPT-2").check()
    panel(page, "system")
    page.fill("#system-message textarea", "Be kind.")
    ask(page, "Hello <b>cat</b> &amp;")
    before = bubbles(page)
    assert before[0] == "Hello <b>cat</b> &amp;"
    again(page)
    page.wait_for_selector("#conversation .message-content")
    assert bubbles(page) == before
    assert page.locator("#chat-models").get_by_label("GPT-2").is_checked()
    panel(page, "system")
    assert page.input_value("#system-message textarea") == "Be kind."
    ask(page, "And now?")
    assert len(bubbles(page)) == 4


def test_a_reload_in_the_middle_keeps_what_was_said(visit: Visit, slowly: None) -> None:  # noqa: F811
    page = visit()
    say(page, "Tell me more")
    page.wait_for_function(COUNT, arg=2)
    again(page)
    page.wait_for_selector("#conversation .message-content")
    assert bubbles(page)[0] == "Tell me more"


def test_one_conversation_is_left_for_another_and_found_again(visit: Visit) -> None:  # noqa: F811
    page = visit()
    ask(page, "The first one")
    page.click("#new-chat")
    page.wait_for_selector("#conversation .message-content", state="detached")
    ask(page, "The second one")
    panel(page, "kept")
    page.click("#kept-chats input")
    page.get_by_role("option", name="The first one").click()
    page.get_by_text("The first one").first.wait_for()
    page.wait_for_function("() => document.querySelector('#conversation').innerText.includes('The first one')")
    assert bubbles(page)[0] == "The first one"
    page.click("#forget-chat")
    page.wait_for_selector("#conversation .message-content", state="detached")
    page.click("#kept-chats input")
    page.get_by_role("option", name="The second one").wait_for()
    assert page.get_by_role("option", name="The first one").count() == 0
    again(page)
    assert bubbles(page) == []  # what was deleted does not come back


def test_another_visitor_sees_nothing_of_it(visit: Visit) -> None:  # noqa: F811
    page = visit()
    ask(page, "My secret")
    other = visit()
    panel(other, "kept")
    other.click("#kept-chats input")
    assert bubbles(other) == [] and other.get_by_role("option", name="My secret").count() == 0


@pytest.mark.parametrize("form", ["markdown", "json"])
def test_a_conversation_is_saved(visit: Visit, tmp_path: Path, form: str) -> None:  # noqa: F811
    page = visit()
    ask(page, "# Say *this* <b>")
    panel(page, "kept")
    with page.expect_download() as saved:
        page.click(f"#chat-{form}")
    path = tmp_path / saved.value.suggested_filename
    saved.value.save_as(path)
    text = path.read_text(encoding="utf-8")
    if form == "json":
        told = json.loads(text)
        assert [message["role"] for message in told["messages"]] == ["user", "assistant"]
        assert told["messages"][0]["content"] == "# Say *this* <b>" and told["model"]
    else:
        assert path.suffix == ".md" and "> \\# Say \\*this\\* \\<b\\>" in text


@pytest.mark.parametrize(("locale", "lang"), [("en-US", "en"), ("zh-CN", "zh")])
def test_an_example_fills_the_system_message(visit: Visit, locale: str, lang: str) -> None:  # noqa: F811
    page = visit(locale=locale)
    page.get_by_role("button", name=STRINGS["chat.system"][lang == "zh"]).click()
    page.get_by_role("button", name=SYSTEM_EXAMPLES[lang][1], exact=True).click()
    page.wait_for_function(
        "wanted => document.querySelector('#system-message textarea').value === wanted", arg=SYSTEM_EXAMPLES[lang][1]
    )
