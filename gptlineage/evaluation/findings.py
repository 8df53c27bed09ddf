"""What was measured and what came of it: the files under data/results/, read beside what data/claims.toml says of them.

The figures are the files'; only the sentence claimed and the verdict are written by hand. A file that nobody has
judged yet appears with its bare facts, and a verdict older than its figures says so.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from ..paths import data_dir

VERDICTS = ("yes", "partly", "no", "none")  # none: shown, with nothing claimed
Cell = tuple[float, float, float]  # the mean over the rows that fit (the seeds), the least and the greatest


@dataclass(frozen=True)
class Line:
    """One line of a small table: which rows it is made from, and how its numbers are shown."""

    label: Mapping[str, str]
    where: Mapping[str, Any]
    share: bool = False
    digits: int = 2


@dataclass(frozen=True)
class Finding:
    """What is claimed, and the verdict on it; the texts are {"en": ..., "zh": ...}."""

    title: Mapping[str, str]
    claim: Mapping[str, str]
    found: Mapping[str, str]
    verdict: str
    judged: str  # the date of the figures that the verdict is about
    generations: tuple[str, ...] = ()
    command: str = ""  # for what has no JSON to say it
    by: str = "model"
    columns: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Result:
    """One set of figures. `facts` is everything in the file but its rows."""

    name: str
    finding: Finding | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[Mapping[str, Any], ...] = ()
    picture: Path | None = None
    page: Path | None = None  # Markdown to be read by people
    damaged: bool = False

    @property
    def command(self) -> str:
        return str(self.facts.get("command") or (self.finding.command if self.finding else ""))

    @property
    def outdated(self) -> bool:
        """Whether the figures are younger than the verdict."""
        return self.finding is not None and str(self.facts.get("date", "")) > self.finding.judged


def read_findings(path: Path) -> dict[str, Finding]:
    """The judgements by the name of their results, in the order in which they are told."""
    told = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    findings = {}
    for name, entry in told.items():
        lines = tuple(Line(**line) for line in entry.pop("lines", ()))
        entry.update({key: tuple(entry.get(key, ())) for key in ("generations", "columns")})
        findings[name] = Finding(**entry, lines=lines)
    return findings


def read_results(folder: Path | None = None, claims: Path | None = None) -> list[Result]:
    """Everything measured: what has been judged first, in that order, then the rest by name."""
    folder = folder or data_dir() / "results"
    findings = read_findings(claims or data_dir() / "claims.toml")
    present = {path.stem for path in folder.glob("*") if path.suffix in (".json", ".md", ".png")}
    order = [name for name in findings if name in present] + sorted(present - set(findings))
    return [read_result(folder, name, findings.get(name)) for name in order]


def read_result(folder: Path, name: str, finding: Finding | None) -> Result:
    places = {suffix: folder / f"{name}.{suffix}" for suffix in ("json", "png", "md")}
    found = {suffix: path for suffix, path in places.items() if path.is_file()}
    facts: dict[str, Any] = {}
    damaged = False
    if "json" in found:
        try:
            facts = dict(json.loads(found["json"].read_text(encoding="utf-8")))
        except (ValueError, TypeError, OSError):
            damaged = True
    rows = tuple(row for row in facts.pop("rows", ()) if isinstance(row, dict))
    return Result(name, finding, facts, rows, found.get("png"), found.get("md"), damaged)


# What is told of a model in a line: the exam's own rows, by task and metric.
IN_A_LINE = {
    "facts": ("facts", "right, greedy"),
    "instructions": ("asked: all kinds", "accuracy"),
    "bits": ("common text", "bits per byte"),
}


def exam_of(model: str, folder: Path | None = None) -> dict[str, float]:
    """The released model's marks: shares of facts and instructions right, bits per byte of common text; {} if none."""
    path = (folder or data_dir() / "results") / "exam.json"
    return marks_of(path, path.stat().st_mtime).get(model, {}) if path.is_file() else {}


@cache
def marks_of(path: Path, _: float) -> dict[str, dict[str, float]]:
    """The marks of every model whose exam is complete, read once for every state of the file."""
    names = {row: name for name, row in IN_A_LINE.items()}
    marks: dict[str, dict[str, float]] = {}
    for row in read_result(path.parent, path.stem, None).rows:
        if name := names.get((row["task"], row["metric"])):
            marks.setdefault(row["model"], {}).setdefault(name, float(row["value"]))
    return {model: found for model, found in marks.items() if set(found) == set(IN_A_LINE)}


def headline(result: Result) -> tuple[list[str], list[tuple[Line, list[Cell | None]]]]:
    """The small table of a finding: the names of its columns, and each line's cells; lines without any are left out."""
    if result.finding is None:
        return [], []
    by = result.finding.by
    lines = []
    for line in result.finding.lines:
        found: dict[str, list[float]] = {}
        for row in result.rows:
            if by in row and all(row.get(name) == value for name, value in line.where.items()):
                found.setdefault(str(row[by]), []).append(row["value"])
        if found:
            lines.append((line, found))
    columns = list(result.finding.columns) or list(dict.fromkeys(name for _, found in lines for name in found))
    return columns, [(line, [cell(found.get(name)) for name in columns]) for line, found in lines]


def cell(values: list[float] | None) -> Cell | None:
    return (fmean(values), min(values), max(values)) if values else None


def show_cell(cell: Cell | None, line: Line) -> str:
    """A cell as people read it: 14.8 % (14.0 – 15.3), or "" for none."""
    if cell is None:
        return ""
    scale, digits, unit = (100, 1, " %") if line.share else (1, line.digits, "")
    mean, low, high = (f"{scale * value:,.{digits}f}" for value in cell)
    return f"{mean}{unit}" if low == high else f"{mean}{unit} ({low} – {high})"
