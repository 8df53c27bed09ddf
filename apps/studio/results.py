"""The Results tab: every figure under data/results/ with its claim, its verdict, and the command that repeats it."""

from __future__ import annotations

import base64
import html
import json
from collections import Counter
from pathlib import Path
from typing import Any

import gradio as gr

from gptlineage.evaluation.findings import VERDICTS, Result, headline, read_results, show_cell
from gptlineage.lineage.family import family

from .strings import Translator, escaped, text

# By colour and by sign: nobody has to tell red from green. The colours are those of generations, whose contrast is
# measured; "none" has the neutral one.
VERDICT_CLASSES = {"yes": "gen-gpt-2", "partly": "gen-rnnsearch", "no": "gen-gpt-1", "none": "gen"}
SIGNS = {"yes": "●", "partly": "◐", "no": "○", "none": "–"}
FIRST_ROWS = 8


def build_results(words: Translator, lang: gr.Radio) -> None:
    """The tab with all its events; `lang` is the switch in the header.

    Its pictures are a megabyte: they are read when the tab is first opened, and travel inside the page, so that no
    folder has to be opened to the browser.
    """
    with words.bind(gr.Tab(id="results"), label="results.tab") as tab:
        words.paragraph(lambda language: f"<p>{escaped('results.intro', language)}</p>", "intro")
        opened = gr.State(False)
        sheet = gr.HTML("", elem_id="results", elem_classes="results", apply_default_css=False)
    quick: dict[str, Any] = {"queue": False, "show_progress_on": [], "api_visibility": "private"}
    tab.select(lambda language: (True, tell_all(language)), lang, [opened, sheet], **quick)
    lang.change(lambda seen, language: tell_all(language) if seen else gr.skip(), [opened, lang], sheet, **quick)


def tell_all(lang: str) -> str:
    results = read_results()
    return summary(results, lang) + "".join(tell(result, lang) for result in results)


def summary(results: list[Result], lang: str) -> str:
    """How many came out, and a way to each."""
    counts = Counter(result.finding.verdict for result in results if result.finding)
    badges = "".join(f"<li>{badge(verdict, lang, counts[verdict])}</li>" for verdict in VERDICTS if counts[verdict])
    links = "".join(
        f'<li><a href="#result-{html.escape(result.name)}">{html.escape(title(result, lang))}</a></li>'
        for result in results
    )
    label = escaped("results.verdicts", lang)
    return f'<nav aria-label="{label}"><ul class="verdicts">{badges}</ul><ul class="places">{links}</ul></nav>'


def badge(verdict: str, lang: str, count: int = 0) -> str:
    """A verdict in its colour."""
    number = f"{count} × " if count else ""
    return (
        f'<span class="badge {VERDICT_CLASSES[verdict]}">{number}<span aria-hidden="true">{SIGNS[verdict]}</span> '
        f"{escaped(f'verdict.{verdict}', lang)}</span>"
    )


def title(result: Result, lang: str) -> str:
    return result.finding.title[lang] if result.finding else result.name


def tell(result: Result, lang: str) -> str:
    """One set of figures as an article."""
    finding = result.finding
    unjudged = f'<span class="badge gen">{escaped("results.unjudged", lang)}</span>'
    mark = badge(finding.verdict, lang) if finding else unjudged
    parts = [f"<header><h3>{html.escape(title(result, lang))}</h3>{mark}</header>"]
    if finding:
        claim, found = html.escape(finding.claim[lang]), html.escape(finding.found[lang])
        parts.append(f'<p class="claim">{claim}</p><p class="found">{found}</p>')
    if finding and result.outdated:
        notice = escaped("results.outdated", lang, date=result.facts["date"], judged=finding.judged)
        parts.append(f'<p class="warning">{notice}</p>')
    if result.damaged:
        parts.append(f'<p class="warning">{escaped("results.damaged", lang)}</p>')
    evidence = shown_picture(result, lang) + facts(result, lang)
    parts += [small_table(result, lang), f'<div class="evidence">{evidence}</div>', rows(result, lang)]
    if result.page:
        written = html.escape(result.page.read_text(encoding="utf-8", errors="replace"))
        parts.append(f"<details><summary>{escaped('results.page', lang)}</summary><pre>{written}</pre></details>")
    return f'<article id="result-{html.escape(result.name)}">{"".join(parts)}</article>'


def small_table(result: Result, lang: str) -> str:
    columns, lines = headline(result)
    if not lines:
        return ""
    titles = {one.name: one.title for one in family()}
    heads = "".join(f'<th scope="col">{html.escape(titles.get(name, name))}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{html.escape(line.label[lang])}</th>'
        + "".join(f"<td>{html.escape(show_cell(cell, line))}</td>" for cell in cells)
        + "</tr>"
        for line, cells in lines
    )
    spread = any(cell and cell[1] < cell[2] for _, cells in lines for cell in cells)
    note = f'<p class="note">{escaped("results.spread", lang)}</p>' if spread else ""
    return (
        f'<div class="wide" tabindex="0"><table><thead><tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table>'
        f"</div>{note}"
    )


def shown_picture(result: Result, lang: str) -> str:
    """The picture, small until it is chosen."""
    if result.picture is None:
        return ""
    name = html.escape(title(result, lang))
    return (
        f'<details class="picture"><summary title="{escaped("results.enlarge", lang)}">'
        f'<img src="{inline(result.picture)}" alt="{name}"></summary></details>'
    )


def inline(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def facts(result: Result, lang: str) -> str:
    """Everything needed to judge and to repeat it."""
    told = result.facts
    seeds = ", ".join(map(str, told.get("seeds", ()))) or text("results.no_seeds", lang)
    versions = dict(told.get("versions") or {})
    entries = (
        ("results.command", f"<code>{html.escape(result.command)}</code>" if result.command else ""),
        ("results.seeds", html.escape(seeds) if "seeds" in told else ""),
        ("results.date", html.escape(str(told.get("date", "")))),
        ("results.machine", html.escape(str(told.get("machine", "")))),
        ("results.versions", html.escape(", ".join(f"{name} {number}" for name, number in versions.items()))),
    )
    inner = "".join(f"<dt>{escaped(key, lang)}</dt><dd>{entry}</dd>" for key, entry in entries if entry)
    return f"<dl>{inner}</dl>" if inner else ""


def rows(result: Result, lang: str) -> str:
    if not result.rows:
        return ""
    first = "\n".join(html.escape(json.dumps(row, ensure_ascii=False)) for row in result.rows[:FIRST_ROWS])
    label = escaped("results.rows", lang, n=f"{len(result.rows):,}")
    return f"<details><summary>{label}</summary><pre>{first}</pre></details>"
