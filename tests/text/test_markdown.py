"""Whatever people write into Markdown must come out as they wrote it: held against a real Markdown parser."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gptlineage.text.markdown import literal, quoted

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = "*_`#<>[]()!|~\\&;+-=1. \n:/ax中\"'{}$"


def read_back(markdown: str) -> list[str]:
    """The lines that a reader of the rendered page sees; fails when anything but paragraphs and breaks was made."""
    page = PARSER.render(markdown)
    tags = set(re.findall(r"</?([a-z0-9]+)", page))
    assert tags <= {"p", "br", "blockquote"}, page
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    "text",
    ["# a", "1. a", "12) b", "- a", "+ a", "---", "a\n===", "<b>x</b>", "&lt;", "| a |\n|---|", "    code", "\\*"],
)
def test_nothing_becomes_markup(text):
    assert read_back(literal(text)) == [line.strip() for line in text.splitlines()]


@given(st.text(SIGNS, max_size=40))
def test_every_text_is_read_back(text):
    wanted = [line.strip() for line in text.splitlines() if line.strip()]
    assert read_back(literal(text)) == wanted
    assert read_back(quoted(text)) == wanted
