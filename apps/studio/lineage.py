"""The Lineage tab: the family tree; for each of its members what changed, a lesson, numbers, and the models here."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import gradio as gr

import gptlineage as gl
from gptlineage.evaluation.findings import read_findings
from gptlineage.lineage.describe import count_parameters
from gptlineage.lineage.family import Relative, all_stages, before, changes, family, lesson, record, side_branches
from gptlineage.lineage.picture import picture
from gptlineage.paths import data_dir

from .models import Card, ModelPool
from .results import badge
from .strings import Translator, escaped, text
from .theme import class_of
from .words import STRINGS

FIRST = "gpt-1"  # whom the tab shows before anybody is chosen
SIZE_HEADS = ("lineage.size", "lineage.shape", "lineage.context", "lineage.vocabulary", "lineage.parameters")
ROW, LANE = 52, 26  # pixels of the tree: a row's height, and how far a side branch stands off

# The tree's buttons tell which one was chosen; those of a story switch to another tab with its model chosen there.
TREE = """
element.addEventListener('click', (event) => {
  const place = event.target.closest('button[data-name]');
  if (place) trigger('click', {name: place.dataset.name});
});
"""
TRY = """
element.addEventListener('click', (event) => {
  const place = event.target.closest('button[data-key]');
  if (!place) return;
  const [inputs, name] = place.dataset.tab === '0' ? ['#chat-models', 'value'] : ['#compare-models', 'name'];
  const input = [...document.querySelectorAll(inputs + ' input')].find((one) => one[name] === place.dataset.key);
  if (input && !input.checked) input.click();
  document.querySelectorAll('#views [role=tab]')[Number(place.dataset.tab)]?.click();
  document.getElementById('views')?.scrollIntoView();
});
"""
# The tree is drawn anew: whoever works with the keys must not lose their place. A new story is read from its top,
# which on a narrow page lies below the tree.
ARRIVE = """() => {
  document.querySelector('#tree [aria-pressed=true]')?.focus({preventScroll: true});
  const story = document.getElementById('story');
  if (innerWidth < 900 || story.getBoundingClientRect().top < 0) story.scrollIntoView();
}"""


def build_lineage(pool: ModelPool, words: Translator, lang: gr.Radio) -> None:
    """The tab with all its events; `lang` is the switch in the header."""
    with words.bind(gr.Tab(id="lineage"), label="lineage.tab") as tab:
        words.paragraph(lambda language: f"<p>{escaped('lineage.intro', language)}</p>", "intro")
        chosen = gr.State(FIRST)
        first = show(pool, FIRST, words.lang)
        with gr.Row(elem_classes="lineage"):
            with gr.Column(min_width=0, elem_classes="trunk"):
                tree = gr.HTML(first[0], js_on_load=TREE, elem_id="tree", apply_default_css=False)
            with gr.Column(min_width=0, elem_classes="story", elem_id="story"):
                head = gr.HTML(first[1], js_on_load=TRY, elem_id="story-head", apply_default_css=False)
                page = gr.Markdown(first[2], elem_id="lesson", elem_classes="lesson", latex_delimiters=[])
                foot = gr.HTML(first[3], elem_id="story-foot", apply_default_css=False)

    def choose(event: gr.EventData, language: str) -> tuple[Any, ...]:
        name = str(event.name)
        known = name if name in {one.name for one in family()} else FIRST
        return known, *show(pool, known, language)

    # One after the other: the answer to an opened tab must not arrive after that to the choice that followed it.
    orderly: dict[str, Any] = {
        "concurrency_id": "lineage", "concurrency_limit": 1, "show_progress_on": [], "api_visibility": "private"
    }  # fmt: skip
    parts = [tree, head, page, foot]
    tree.click(choose, lang, [chosen, *parts], **orderly).then(None, js=ARRIVE, api_visibility="private")
    redraw = partial(show, pool)
    tab.select(redraw, [chosen, lang], parts, **orderly)  # models may have been trained since
    # Not in that line: a page that opens in Chinese changes its language, and a crowd must not refuse that.
    lang.change(redraw, [chosen, lang], parts, queue=False, show_progress_on=[], api_visibility="private")


def show(pool: ModelPool, name: str, lang: str) -> tuple[str, str, str, str]:
    """The tree, and the story's head, lesson and foot."""
    return draw_tree(name, lang), tell(pool, name, lang), lesson(name, lang), foot_of(pool, name, lang)


# ---- the tree


def draw_tree(chosen: str, lang: str) -> str:
    """The family as buttons on a line of descent; that of the chosen one is coloured."""
    everybody, aside = family(), side_branches()
    place = {one.name: number for number, one in enumerate(everybody)}
    parents = {one.name: one.parent for one in everybody}
    line, ancestor = set(), parents.get(chosen)
    while ancestor:
        line.add(ancestor)
        ancestor = parents[ancestor]
    rows, paths = [], []
    for one in everybody:
        if one.parent in place:
            colour = class_of(chosen) if one.name in (chosen, *line) else ""
            paths.append(branch(place[one.parent], place[one.name], one.name in aside, colour))
        kind = " ".join(("aside" if one.name in aside else "", "" if record(one.name) else "later")).strip()
        rows.append(
            f'<li class="{class_of(one.name)} {kind}"><button type="button" data-name="{html.escape(one.name)}" '
            f'aria-pressed="{str(one.name == chosen).lower()}"><span class="dot"></span><span class="name">'
            f'{html.escape(one.title)}</span> <span class="year">{one.year}</span>{idea(one, lang)}</button></li>'
        )
    height = ROW * len(everybody)
    paths.sort(key=lambda path: "gen" in path)  # the coloured line on top
    return (
        f'<svg class="branches" width="{LANE + 32}" height="{height}" aria-hidden="true">{"".join(paths)}</svg>'
        f'<ol class="tree" aria-label="{escaped("lineage.tree", lang)}">{"".join(rows)}</ol>'
    )


def branch(start: int, end: int, aside: bool, colour: str) -> str:
    """The line from a parent's row to a child's."""
    x, top, foot = 16, ROW * (start + 0.5), ROW * (end + 0.5)
    bend = f"C{x} {top + 30} {x + LANE} {top + 20} {x + LANE} {top + 50}V{foot}" if aside else f"V{foot}"
    return f'<path d="M{x} {top}{bend}" class="{colour}"/>'


def idea(one: Relative, lang: str) -> str:
    key = f"line.{one.name}"
    return f'<span class="idea">{escaped(key, lang)}</span>' if key in STRINGS else ""


# ---- the story of one generation


def tell(pool: ModelPool, name: str, lang: str) -> str:
    """What it is, where to try it, and what changed."""
    one = next(one for one in family() if one.name == name)
    known = record(name)
    title = f'<h2>{html.escape(one.title)} <span class="year">{one.year}</span></h2>'
    if known is None:
        inner = f'<p class="news">{escaped("lineage.story_only", lang)}</p>'
    else:
        paper, news = html.escape(known.paper), html.escape(known.news.in_language(lang))
        inner = f'<p class="paper"><cite>{paper}</cite></p><p class="news">{news}</p>{try_it(pool, name, lang)}'
    changed = difference(name, lang) if known else ""
    return f'<div class="{class_of(name)}"><header>{title}{inner}</header>{changed}</div>'


def try_it(pool: ModelPool, name: str, lang: str) -> str:
    """Buttons that choose the first model of this generation elsewhere."""
    buttons = []
    for number, (label, choices) in enumerate(
        (("lineage.chat", pool.writers), ("lineage.compare", pool.lane_choices))
    ):
        key = next((key for _, key in choices if pool.cards[key].generation == name), None)
        if key is not None:
            buttons.append(
                f'<button type="button" data-tab="{number}" data-key="{html.escape(key)}">'
                f"{escaped(label, lang)}</button>"
            )
    return f'<p class="try">{"".join(buttons)}</p>' if buttons else ""


def difference(name: str, lang: str) -> str:
    """The drawings before and after, the way of training, and the table of the configuration's own differences."""
    known, parent, rows = gl.generation(name), before(name), changes(name)
    heading = escaped("lineage.changed", lang, parent=parent[0]) if parent else escaped("lineage.first", lang)
    parts = drawings(known, parent, rows, lang), training(name, lang), table(rows, lang)
    return f"<section><h3>{heading}</h3>{''.join(parts)}</section>"


def drawings(known: gl.Generation, parent: tuple[str, Any] | None, rows: Mapping[str, Any], lang: str) -> str:
    config = known.config("mini")
    if parent is None:
        return f'<div class="pictures"><figure>{picture(config, lang)}</figure></div>'
    if parent[1] == config:
        figure = f"<figure>{picture(config, lang)}</figure>"
        return f'<p class="note">{escaped("lineage.unchanged", lang)}</p><div class="pictures">{figure}</div>'
    marked = set(rows) or {"d_align"}  # the first of the line has a rival instead of a parent
    if "network" in rows:
        marked = {"attention", "encoder_layers"}
    figures = "".join(
        f'<figure class="{"pair" if getattr(drawn, "encoder_layers", 0) else ""}"><figcaption>'
        f"{escaped(label, lang, name=title)}</figcaption>{picture(drawn, lang, marked, old)}</figure>"
        for label, title, drawn, old in (
            ("lineage.before", parent[0], parent[1], True),
            ("lineage.after", known.title, config, False),
        )
    )
    return f'<div class="pictures">{figures}</div><p class="note">{escaped("lineage.marked", lang)}</p>'


def training(name: str, lang: str) -> str:
    """Every stage from random weights on, in the colour of the generation that added it."""
    steps = "".join(
        f'<li class="{class_of(owner)}{"" if owner == name else " earlier"}">{html.escape(value(stage, lang))}</li>'
        for owner, stage in all_stages(name)
    )
    return f'<p class="label">{escaped("lineage.training", lang)}</p><ol class="stages">{steps}</ol>' if steps else ""


def table(rows: Mapping[str, tuple[Any, Any]], lang: str) -> str:
    if not rows:
        return ""
    lines = "".join(
        f'<tr><th scope="row">{html.escape(label(field, lang))} <code>{html.escape(field)}</code></th>'
        f"<td>{html.escape(value(old, lang))}</td><td>{html.escape(value(new, lang))}</td></tr>"
        for field, (old, new) in rows.items()
    )
    return table_of(("lineage.field", "lineage.was", "lineage.is"), lines, lang)


def table_of(heads: tuple[str, ...], lines: str, lang: str) -> str:
    """A table with these headings that a narrow page may scroll sideways."""
    cells = "".join(f'<th scope="col">{escaped(key, lang)}</th>' for key in heads)
    return (
        f'<div class="wide" tabindex="0"><table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div>'
    )


def label(field: str, lang: str) -> str:
    return text(f"field.{field}", lang) if f"field.{field}" in STRINGS else field


def value(given: Any, lang: str) -> str:
    """One setting in words."""
    if given is None or given == ():
        return "—"
    if isinstance(given, tuple):
        return " → ".join(value(part, lang) for part in given)
    if isinstance(given, int) and not isinstance(given, bool):
        return f"{given:,}"
    key = f"value.{str(given).lower()}"
    if key in STRINGS:
        return text(key, lang)
    known = record(str(given))
    return known.title if known else str(given)


# ---- the numbers, the claims, and the models here


def foot_of(pool: ModelPool, name: str, lang: str) -> str:
    known = record(name)
    if known is None:
        return ""
    parts = (sizes(known, lang), claims(known, lang), findings(name, lang), models(pool, name, lang))
    return f'<div class="{class_of(name)}">{"".join(parts)}</div>'


def sizes(known: gl.Generation, lang: str) -> str:
    lines = []
    for size in known.sizes:
        config = known.config(size)
        shown = escaped("lineage.mini", lang) if size == "mini" else html.escape(size)
        cells = (shape(config, lang), f"{config.n_ctx:,}", f"{config.vocab_size:,}", f"{parameters(config):,}")
        lines.append(
            f'<tr class="{"mini" if size == "mini" else ""}"><th scope="row">{shown}</th>'
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + "</tr>"
        )
    return (
        f"<section><h3>{escaped('lineage.numbers', lang)}</h3>{table_of(SIZE_HEADS, ''.join(lines), lang)}"
        f'<p class="note">{escaped("lineage.numbers_hint", lang)}</p></section>'
    )


@lru_cache(maxsize=64)
def parameters(config: Any) -> int:
    return count_parameters(config)


def shape(config: Any, lang: str) -> str:
    if not hasattr(config, "n_heads"):
        return escaped("lineage.recurrent", lang, width=config.d_model)
    layers = f"{config.encoder_layers} + {config.n_layers}" if config.encoder_layers else config.n_layers
    return escaped("lineage.attending", lang, layers=layers, width=config.d_model, heads=config.n_heads)


def claims(known: gl.Generation, lang: str) -> str:
    items = "".join(
        f'<li>{html.escape(claim.text.in_language(lang))} <span class="source">{html.escape(claim.source)}</span></li>'
        for claim in known.claims
    )
    return f"<section><h3>{escaped('lineage.claims', lang)}</h3><ul>{items}</ul></section>" if items else ""


def findings(name: str, lang: str) -> str:
    """What the Results tab says about this generation, in one line each."""
    items = "".join(
        f"<li>{badge(finding.verdict, lang)} {html.escape(finding.claim[lang])}</li>"
        for finding in read_findings(data_dir() / "claims.toml").values()
        if name in finding.generations and finding.verdict != "none"
    )
    heading = escaped("lineage.findings", lang)
    return f'<section><h3>{heading}</h3><ul class="plain">{items}</ul></section>' if items else ""


def models(pool: ModelPool, name: str, lang: str) -> str:
    cards = [provenance(card, lang) for card in pool.cards.values() if card.generation == name]
    inner = "".join(cards) or f'<p class="note">{escaped("lineage.no_models", lang, name=name)}</p>'
    return f'<section><h3>{escaped("lineage.models", lang)}</h3><div class="cards">{inner}</div></section>'


def provenance(card: Card, lang: str) -> str:
    """Where a model comes from, as its checkpoint says."""
    told = card.provenance
    origin = "lineage.released" if card.source in gl.model_names() else "lineage.yours"
    stages = [value(stage, lang) for stage in told.get("stages", ())]
    tokens = told.get("tokens_seen")
    facts = (
        ("lineage.parent", value(told["parent"], lang) if told.get("parent") else text("lineage.scratch", lang)),
        ("lineage.stages", " → ".join(stages)),
        ("lineage.data", told.get("data")),
        ("lineage.seed", told.get("seed")),
        ("lineage.tokens", f"{tokens:,}" if isinstance(tokens, int) else None),
        ("lineage.date", told.get("date")),
    )
    rows = "".join(
        f"<dt>{escaped(key, lang)}</dt><dd>{html.escape(str(fact))}</dd>"
        for key, fact in facts
        if fact not in (None, "")
    )
    return (
        f'<article><h4>{html.escape(card.title)} <span class="source">{escaped(origin, lang)}</span></h4>'
        f'<p class="size">{html.escape(card.size(lang))}</p><dl>{rows}</dl></article>'
    )
