"""What several models made of one prompt, as something to show: Markdown, JSON, or a picture.

A told comparison is a dict: `prompt`, `settings`, and `rows`, each with `model`, `year`, `n_parameters`, `text` (or
`error` and `error_zh`), and, where somebody scored it, `score`, a line of words.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..text.markdown import quoted
from ..text.saving import save_as

Told = Mapping[str, Any]
WIDTH, MARGIN, GAP, PER_ROW = 1600, 48, 28, 4
LINE, LETTERS = 1.5, 0.52  # line height and the width of a Latin letter, in letters' size
FONTS = (
    "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'PingFang SC', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
)
PAPER, CARD, INK, QUIET, EDGE = "#faf8f3", "#ffffff", "#1f2328", "#5d6470", "#e4dfd3"


def as_json(told: Told) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def as_markdown(told: Told, lang: str = "en") -> str:
    """The prompt and every text as quotations, so that nothing in them becomes markup."""
    parts = [quoted(told["prompt"]), settings_line(told["settings"])]
    for row in told["rows"]:
        parts.append(f"## {heading(row)}")
        parts.append(quoted(content(row, lang)))
        if row.get("score"):
            parts.append(f"*{row['score']}*")
    return "\n\n".join(parts) + "\n"


def as_svg(told: Told, lang: str = "en", colours: Mapping[str, str] | None = None) -> str:
    """The models side by side, up to four in a row, 1600 units wide; `colours` by the row's `generation`."""
    rows: Sequence[Told] = told["rows"]
    n = max(1, min(PER_ROW, len(rows)))
    wide = (WIDTH - 2 * MARGIN - (n - 1) * GAP) / n
    size = 22 if n < 4 else 20
    drawn, y = text_block(wrap(told["prompt"], WIDTH - 2 * MARGIN, 30), MARGIN, MARGIN, 30, INK), float(MARGIN)
    y += 30 * LINE * len(wrap(told["prompt"], WIDTH - 2 * MARGIN, 30))
    drawn += text_block([settings_line(told["settings"])], MARGIN, y, 17, QUIET)
    y += 17 * LINE + GAP
    for start in range(0, len(rows), n):
        cards = [card_of(row, wide, size, lang) for row in rows[start : start + n]]
        tall = max(height for _, height in cards)
        for place, (row, (lines, _)) in enumerate(zip(rows[start : start + n], cards, strict=True)):
            x, colour = MARGIN + place * (wide + GAP), (colours or {}).get(str(row.get("generation")), QUIET)
            corner = f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}"'
            drawn += f'{corner} height="{tall:.1f}" rx="12" fill="{CARD}" stroke="{EDGE}"/>'
            drawn += f'{corner} height="6" fill="{colour}"/>'
            at = y + 24
            for line, letters, ink in lines:
                drawn += text_block([line], x + 20, at, letters, colour if ink == "own" else ink)
                at += letters * LINE
        y += tall + GAP
    tall = int(y + MARGIN - GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{tall}" viewBox="0 0 {WIDTH} {tall}" '
        f'font-family="{html.escape(FONTS)}"><rect width="100%" height="100%" fill="{PAPER}"/>{drawn}</svg>'
    )


def card_of(row: Told, wide: float, size: int, lang: str) -> tuple[list[tuple[str, int, str]], float]:
    """The lines of one model's card, each with its size and ink, and the height of it all."""
    inner = wide - 40
    lines = [(line, 24, "own") for line in wrap(heading(row), inner, 24)]
    lines += [(line, size, INK) for line in wrap(content(row, lang), inner, size)]
    lines += [(line, 17, QUIET) for line in wrap(str(row.get("score") or ""), inner, 17)]
    return lines, 48 + sum(letters * LINE for _, letters, _ in lines)


def heading(row: Told) -> str:
    parts = [str(row["model"]), str(row.get("year") or "")]
    if row.get("n_parameters"):
        parts.append(f"{row['n_parameters'] / 1e6:.2f} M")
    return " · ".join(part for part in parts if part)


def content(row: Told, lang: str) -> str:
    if "error" in row:
        return str(row["error_zh" if lang == "zh" else "error"])
    return str(row["text"]).strip() or "…"


def settings_line(settings: Told) -> str:
    return " · ".join(f"{name} {value}" for name, value in settings.items() if value is not None)


def wrap(text: str, width: float, size: float) -> list[str]:
    """The text in lines of about that width: a Chinese character is as wide as it is tall, a letter about half."""
    lines: list[str] = []
    for paragraph in text.strip().splitlines() or ([""] if text else []):
        line, used = "", 0.0
        for piece in pieces(paragraph):
            wide = sum(size * (1.0 if ord(c) > 0x2E7F else LETTERS) for c in piece)
            if line and used + wide > width:
                lines.append(line.rstrip())
                line, used, piece = "", 0.0, piece.lstrip()
            line, used = line + piece, used + wide
        lines.append(line.rstrip())
    return lines


def pieces(text: str) -> list[str]:
    """What a line may be broken between: words with the space after them, and single Chinese characters."""
    found: list[str] = []
    for character in text:
        stuck = found and not found[-1][-1].isspace() and ord(character) <= 0x2E7F and ord(found[-1][-1]) <= 0x2E7F
        if stuck and len(found[-1]) < 24:  # a word without an end is broken too
            found[-1] += character
        else:
            found.append(character)
    return found


def text_block(lines: Sequence[str], x: float, y: float, size: float, ink: str) -> str:
    return "".join(
        f'<text x="{x:.1f}" y="{y + size * (i * LINE + 1):.1f}" font-size="{size}" fill="{ink}" xml:space="preserve">'
        f"{html.escape(drawable(line))}</text>"
        for i, line in enumerate(lines)
    )


def drawable(text: str) -> str:
    """Without the control characters that XML forbids."""
    return "".join(c if c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff" else " " for c in text)


def save_comparison(path: Path, told: Told, lang: str = "en") -> None:
    """Write it as .md, .json or .svg. Raises UserError for another ending, or no way to write."""
    forms = {".md": lambda: as_markdown(told, lang), ".json": lambda: as_json(told), ".svg": lambda: as_svg(told, lang)}
    save_as(path, forms)
