"""A comparison as Markdown, JSON and a picture: whatever was written, it is read as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gptlineage as gl
from gptlineage.evaluation.slide import (
    COLOURS,
    WIDTH,
    as_json,
    as_markdown,
    as_svg,
    comparison,
    drawable,
    save_comparison,
    wrap,
)

EVIL = "</text><script>alert(1)</script> & *bold* 你好\x00\n# head"


def told(*texts: str, prompt: str = "Once upon") -> dict[str, Any]:
    rows = [
        {"model": f"gpt-{i}", "year": 2018 + i, "n_parameters": 10**6, "generation": f"gpt-{i}", "text": text}
        for i, text in enumerate(texts)
    ]
    rows[0]["score"] = "judge: right"
    return comparison(prompt, {"temperature": 0.8, "seed": 0, "top_p": None}, rows)


def drawn(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_holds_every_text_and_nothing_more() -> None:
    svg = as_svg(told("A cat.", EVIL, "你好，世界。" * 30, "x" * 500, "fifth"))
    lines = drawn(svg)
    whole = "".join(lines).replace(" ", "")
    assert "你好，世界。" * 30 in whole and "x" * 500 in whole and "judge:right" in whole
    assert "</text><script>alert(1)</script>&*bold*" in whole and "<script" not in svg and COLOURS["gpt-2"] in svg
    assert ElementTree.fromstring(svg).get("width") == str(WIDTH)


@given(st.text(max_size=200))
def test_any_text_can_be_drawn(text: str) -> None:
    lines = drawn(as_svg(told(text, prompt=text or "x")))
    wanted = re.sub(r"\s", "", drawable(text)) if text.strip() else "…"
    assert wanted in re.sub(r"\s", "", "".join(lines))


def test_five_stand_as_three_and_two() -> None:
    svg = as_svg(told("a", "b", "c", "d", "e"))
    cards = [rect for rect in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect") if rect.get("rx")]
    rows = [rect.get("y") for rect in cards]
    assert [rows.count(y) for y in dict.fromkeys(rows)] == [3, 2]
    assert all(float(rect.get("x") or 0) + float(rect.get("width") or 0) <= WIDTH for rect in cards)


def test_no_line_begins_with_a_closing_sign() -> None:
    assert not any(line[0] in "，。" for n in range(1, 30) for line in wrap("猫" * n + "，狗也来了。", 200, 20))


def test_lines_are_as_wide_as_said() -> None:
    lines = wrap("the cat sat on the mat " * 20 + "猫坐在垫子上" * 20, 400, 20)
    assert all(sum(20 if ord(c) > 0x2E7F else 10.4 for c in line) <= 400 for line in lines)
    assert all(line == line.strip() for line in lines) and wrap("", 400, 20) == []


def test_markdown_and_json() -> None:
    content = told("A cat.", EVIL.replace("\x00", ""))
    content["rows"].append({"model": "gpt-9", "year": None, "error": "too long", "error_zh": "太长"})
    page = as_markdown(content, "zh")
    assert "## gpt-0 · 2018 · 100\u00a0万参数" in page and "*judge: right*" in page and "太长" in page
    assert "温度 0.8 · 随机种子 0" in page and content["date"] in page and f"gptlineage {gl.__version__}" in page
    assert "\\<script\\>" in page and "> \\# head" in page and "top_p" not in page
    assert json.loads(as_json(content)) == content


@pytest.mark.parametrize("ending", ["md", "json", "svg"])
def test_the_name_of_the_file_chooses_the_form(tmp_path: Path, ending: str) -> None:
    save_comparison(tmp_path / f"a.{ending}", told("x"))
    assert (tmp_path / f"a.{ending}").stat().st_size > 50
    with pytest.raises(gl.UserError, match="endings"):
        save_comparison(tmp_path / "a.png", told("x"))
