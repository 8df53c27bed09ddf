"""What several models made of one prompt, as something to show: Markdown, JSON, or a picture.

A told comparison is what `comparison` makes: a dict of `prompt`, `settings`, `version`, `date` and `rows`, each with
`model`, `generation`, `year`, `n_parameters`, `text` (or `error` and `error_zh`), and, where somebody scored it,
`score`, a line of words.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..text.markdown import literal, quoted
from ..text.numbers import count
from ..text.saving import save_as

Told = Mapping[str, Any]
WIDTH, MARGIN, GAP, PER_ROW, PADDING = 1600, 48, 28, 4, 20
LINE, LETTERS = 1.5, 0.52  # line height and the width of a Latin letter, in letters' size
SMALL = 17
FONTS = (
    "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'PingFang SC', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
)
PAPER, CARD, INK, QUIET, EDGE = "#faf8f3", "#ffffff", "#1f2328", "#5d6470", "#e4dfd3"
# Each holds at least 4.5:1 on the card (tests/apps/test_studio.py measures it); the studio wears the same in light.
COLOURS = {
    "rnnsearch": "#8a5a12", "transformer": "#a34a1c", "gpt-1": "#b3361f", "bert": "#6b6a14", "gpt-2": "#1c7444",
    "gpt-3": "#1763a6", "gpt-3.5": "#5a4fc0", "chatgpt": "#a02a7a", "gpt-4": "#45525f",
}  # fmt: skip
# Settings as they are said to people: (English, Chinese).
SETTINGS = {
    "temperature": ("temperature {:g}", "温度 {:g}"),
    "top_k": ("top-k {}", "top-k {}"),
    "top_p": ("top-p {:g}", "top-p {:g}"),
    "max_new_tokens": ("at most {} tokens", "最多 {} 个词元"),
    "seed": ("seed {}", "随机种子 {}"),
}


def comparison(prompt: str, settings: Told, rows: Sequence[Told]) -> dict[str, Any]:
    """A comparison to be told: what was asked, how, what came of it, by which version and when."""
    return {
        "prompt": prompt,
        "seed": settings.get("seed"),
        "settings": dict(settings),
        "rows": list(rows),
        "version": version("gptlineage"),
        "date": datetime.now(UTC).date().isoformat(),
    }


def as_json(told: Told) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def as_markdown(told: Told, lang: str = "en") -> str:
    """The prompt and every text as quotations, so that nothing in them becomes markup."""
    parts = [quoted(told["prompt"]), literal(settings_line(told["settings"], lang))]
    for row in told["rows"]:
        parts.append(f"## {literal(heading(row, lang))}")
        parts.append(quoted(content(row, lang)))
        if row.get("score"):
            parts.append(f"*{literal(row['score'])}*")
    return "\n\n".join([*parts, literal(source_line(told))]) + "\n"


def as_svg(told: Told, lang: str = "en") -> str:
    """The models side by side, up to four in a row, 1600 units wide."""
    rows: Sequence[Told] = told["rows"]
    n_rows = max(1, -(-len(rows) // PER_ROW))
    n = max(1, -(-len(rows) // n_rows))  # five stand as three and two
    wide = (WIDTH - 2 * MARGIN - (n - 1) * GAP) / n
    title = wrap(told["prompt"], WIDTH - 2 * MARGIN, 30)
    y = float(MARGIN)
    drawn = text_block(title, MARGIN, y, 30, INK)
    y += 30 * LINE * len(title)
    drawn += text_block([settings_line(told["settings"], lang)], MARGIN, y, SMALL, QUIET)
    y += SMALL * LINE + GAP
    for start in range(0, len(rows), n):
        cards = [card_of(row, wide - 2 * PADDING, 22 if n < PER_ROW else 20, lang) for row in rows[start : start + n]]
        tall = 2 * PADDING + max(sum(size * LINE for _, size, _ in lines) for lines in cards)
        for place, lines in enumerate(cards):
            x, colour, at = MARGIN + place * (wide + GAP), lines[0][2], y + PADDING
            corner = f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}"'
            drawn += f'{corner} height="{tall:.1f}" rx="12" fill="{CARD}" stroke="{EDGE}"/>'
            drawn += f'{corner} height="6" fill="{colour}"/>'
            for line, size, ink in lines:
                drawn += text_block([line], x + PADDING, at, size, ink)
                at += size * LINE
        y += tall + GAP
    drawn += text_block([source_line(told)], MARGIN, y, SMALL, QUIET)
    tall = int(y + SMALL * LINE + MARGIN / 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{tall}" viewBox="0 0 {WIDTH} {tall}" '
        f'font-family="{html.escape(FONTS)}"><rect width="100%" height="100%" fill="{PAPER}"/>{drawn}</svg>'
    )


def card_of(row: Told, inner: float, size: int, lang: str) -> list[tuple[str, int, str]]:
    """The lines of one model's card, each with its size and ink; the first wears the generation's colour."""
    year, colour = str(row.get("year") or ""), COLOURS.get(str(row.get("generation")), QUIET)
    lines = [(line, 26, colour) for line in wrap(f"{row['model']}  {year}", inner, 26)]
    lines += [(line, SMALL, QUIET) for line in wrap(parameters(row, lang), inner, SMALL)]
    lines += [("", 8, INK), *((line, size, INK) for line in wrap(content(row, lang), inner, size))]
    score = [(line, SMALL, INK) for line in wrap(str(row.get("score") or ""), inner, SMALL)]
    return [*lines, *([("", 8, INK), *score] if score else [])]


def heading(row: Told, lang: str) -> str:
    parts = (str(row["model"]), str(row.get("year") or ""), parameters(row, lang))
    return " · ".join(part for part in parts if part)


def parameters(row: Told, lang: str) -> str:
    n = row.get("n_parameters")
    return "" if not n else count(n, lang) + ("参数" if lang == "zh" else " parameters")


def content(row: Told, lang: str) -> str:
    if "error" in row:
        return str(row["error_zh" if lang == "zh" else "error"])
    return str(row["text"]).strip() or "…"


def settings_line(settings: Told, lang: str = "en") -> str:
    said = {name: words[lang == "zh"] for name, words in SETTINGS.items() if settings.get(name) is not None}
    return " · ".join(words.format(settings[name]) for name, words in said.items())


def source_line(told: Told) -> str:
    return f"gptlineage {told['version']} · {told['date']}"


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


CLOSING = frozenset("，。！？；：、”’）》〉」』】")  # no line begins with these


def pieces(text: str) -> list[str]:
    """What a line may be broken between: words with the space after them, and Chinese characters with their signs."""
    found: list[str] = []
    for character in text:
        before = found[-1][-1] if found else " "
        letters = not before.isspace() and max(ord(character), ord(before)) <= 0x2E7F
        longest = 20 if letters else 3 if character in CLOSING else 0  # a word without an end is broken too
        if found and len(found[-1]) < longest:
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
