"""What was measured, read beside what is said of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gptlineage as gl
from gptlineage.evaluation.findings import VERDICTS, Line, exam_of, headline, read_findings, read_results, show_cell
from gptlineage.paths import data_dir

CLAIMS = """
[tried]
title = { en = "T", zh = "题" }
claim = { en = "C", zh = "说" }
found = { en = "F", zh = "见" }
verdict = "no"
judged = "2026-01-01"
lines = [
  { label = { en = "Right", zh = "对" }, where = { metric = "right" }, share = true },
  { label = { en = "Absent", zh = "缺" }, where = { metric = "no such" } },
]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"model": "a", "metric": "right", "value": 0.5, "seed": 0},
        {"model": "a", "metric": "right", "value": 0.25, "seed": 1},
        {"model": "b", "metric": "loss", "value": 3.0, "seed": 0},
    ]
    content = {"command": "python apps/try.py", "date": "2026-02-02", "seeds": [0, 1], "rows": rows}
    results = tmp_path / "results"
    results.mkdir()
    (results / "tried.json").write_text(json.dumps(content))
    (results / "broken.json").write_text("{")
    (results / "alone.md").write_text("# Words")
    (results / "notes.txt").write_text("not a result")
    (tmp_path / "claims.toml").write_text(CLAIMS, encoding="utf-8")
    return tmp_path


def test_judged_results_come_first_and_the_others_still_appear(folder: Path) -> None:
    results = read_results(folder / "results", folder / "claims.toml")
    assert [result.name for result in results] == ["tried", "alone", "broken"]
    tried, alone, broken = results
    assert tried.command == "python apps/try.py" and tried.facts["seeds"] == [0, 1] and len(tried.rows) == 3
    assert tried.outdated  # the figures are younger than the verdict
    assert alone.page is not None and alone.finding is None and not alone.rows
    assert broken.damaged and broken.rows == ()


def test_seeds_become_a_mean_with_its_range_and_empty_lines_are_left_out(folder: Path) -> None:
    tried = read_results(folder / "results", folder / "claims.toml")[0]
    columns, lines = headline(tried)
    assert columns == ["a"] and [line.label["en"] for line, _ in lines] == ["Right"]
    assert show_cell(lines[0][1][0], lines[0][0]) == "37.5 % (25.0 – 50.0)"
    plain = Line(label={}, where={}, digits=0)
    assert show_cell((1234.6, 1234.6, 1234.6), plain) == "1,235" and show_cell(None, plain) == ""


def test_without_any_claims_there_are_bare_facts(folder: Path) -> None:
    results = read_results(folder / "results", folder / "nowhere.toml")
    assert all(result.finding is None for result in results)
    assert headline(results[0]) == ([], [])


# ---- what the package itself says


def test_every_judgement_is_whole_in_both_languages() -> None:
    known = {generation.name for generation in gl.generations()}
    for name, finding in read_findings(data_dir() / "claims.toml").items():
        for words in (finding.title, finding.claim, finding.found, *(line.label for line in finding.lines)):
            assert set(words) == {"en", "zh"} and words["en"].strip() and words["zh"].strip(), name
            assert not any("\u4e00" <= c <= "\u9fff" for c in words["en"]), name
        assert finding.verdict in VERDICTS and set(finding.generations) <= known, name


def test_every_released_result_can_be_read_and_every_line_finds_its_rows() -> None:
    results = {result.name: result for result in read_results()}
    assert set(read_findings(data_dir() / "claims.toml")) <= set(results)
    for name, result in results.items():
        assert not result.damaged, name
        assert not result.rows or result.command, name
        if result.finding and result.finding.lines:
            assert len(headline(result)[1]) == len(result.finding.lines), name


def exam(folder: Path, *rows: tuple[str, str, str, float]) -> None:
    told = [dict(zip(("model", "task", "metric", "value"), row, strict=True)) for row in rows]
    (folder / "exam.json").write_text(json.dumps({"rows": told}))


def test_the_exam_is_told_in_a_line(tmp_path: Path) -> None:
    assert exam_of("a", tmp_path) == {}
    whole = (
        ("facts", "right, greedy", 0.9),
        ("asked: all kinds", "accuracy", 0.7),
        ("common text", "bits per byte", 1.1),
    )
    exam(tmp_path, *(("a", *row) for row in whole), ("b", *whole[0]), ("a", "facts", "accuracy", 0.2))
    assert exam_of("a", tmp_path) == {"facts": 0.9, "instructions": 0.7, "bits": 1.1}
    assert exam_of("b", tmp_path) == exam_of("c", tmp_path) == {}  # an unfinished exam, and none


def test_every_released_writer_has_sat_the_exam() -> None:
    for name in ("gpt-1", "gpt-2", "gpt-3", "gpt-3.5", "chatgpt"):
        assert set(exam_of(name)) == {"facts", "instructions", "bits"}
