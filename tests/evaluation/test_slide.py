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
from gptlineage.evaluation.slide import WIDTH, as_json, as_markdown, as_svg, drawable, save_comparison, wrap

EVIL = "</text><script>alert(1)</script> & *bold* 你好\x00\n# head"


def told(*texts: str, prompt: str = "Once upon") -> dict[str, Any]:
    rows = [
        {"model": f"gpt-{i}", "year": 2018 + i, "n_parameters": 10**6, "generation": f"gpt-{i}", "text": text}
        for i, text in enumerate(texts)
    ]
    rows[0]["score"] = "judge: right"
    return {"prompt": prompt, "seed": 0, "settings": {"temperature": 0.8, "seed": 0, "top_p": None}, "rows": rows}


def drawn(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_holds_every_text_and_nothing_more() -> None:
    svg = as_svg(told("A cat.", EVIL, "你好，世界。" * 30, "x" * 500, "fifth"), colours={"gpt-1": "#123456"})
    lines = drawn(svg)
    whole = "".join(lines).replace(" ", "")
    assert "你好，世界。" * 30 in whole and "x" * 500 in whole and "judge:right" in whole
    assert "</text><script>alert(1)</script>&*bold*" in whole and "<script" not in svg and "#123456" in svg
    assert ElementTree.fromstring(svg).get("width") == str(WIDTH)


@given(st.text(max_size=200))
def test_any_text_can_be_drawn(text: str) -> None:
    lines = drawn(as_svg(told(text, prompt=text or "x")))
    wanted = re.sub(r"\s", "", drawable(text)) if text.strip() else "…"
    assert wanted in re.sub(r"\s", "", "".join(lines))


def test_lines_are_as_wide_as_said() -> None:
    lines = wrap("the cat sat on the mat " * 20 + "猫坐在垫子上" * 20, 400, 20)
    assert all(sum(20 if ord(c) > 0x2E7F else 10.4 for c in line) <= 400 for line in lines)
    assert all(line == line.strip() for line in lines) and wrap("", 400, 20) == []


def test_markdown_and_json() -> None:
    comparison = told("A cat.", EVIL.replace("\x00", ""))
    comparison["rows"].append({"model": "gpt-9", "year": None, "error": "too long", "error_zh": "太长"})
    page = as_markdown(comparison, "zh")
    assert "## gpt-0 · 2018 · 1.00 M" in page and "*judge: right*" in page and "太长" in page
    assert "\\<script\\>" in page and "> \\# head" in page and "top_p" not in page
    assert json.loads(as_json(comparison)) == comparison


@pytest.mark.parametrize("ending", ["md", "json", "svg"])
def test_the_name_of_the_file_chooses_the_form(tmp_path: Path, ending: str) -> None:
    save_comparison(tmp_path / f"a.{ending}", told("x"))
    assert (tmp_path / f"a.{ending}").stat().st_size > 50
    with pytest.raises(gl.UserError, match="endings"):
        save_comparison(tmp_path / "a.png", told("x"))
