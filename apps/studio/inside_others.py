"""The Inside tab for models that do not continue text: what a translator or BERT made of a text, and where it looked.

Such a model has no probability for each next token; it has kinds of attention instead, one of which is shown.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, NamedTuple

import gradio as gr

from gptlineage.inference.attention import look
from gptlineage.inference.fill import GAP, Filler, Gap
from gptlineage.inference.inspect import AttentionView

from .attention import MATRIX_JS, PICK_HEAD_JS, head_grid, one_head
from .models import GENERATING, Card, ModelPool, check_prompt, within
from .strings import escaped, text
from .theme import class_of
from .tokens import LINE_JS, percent, plain_line


class Kind(NamedTuple):
    """The strings for a kind of attention: its name, what its rows are, and where it stands when it looks."""

    name: str
    rows: str
    standing: str


KINDS = {
    "alignment": Kind("inside.alignment", "inside.of_translation", "inside.writing"),
    "cross": Kind("inside.cross", "inside.of_translation", "inside.writing"),
    "encoder": Kind("inside.encoder", "inside.of_source", "inside.reading"),
    "decoder": Kind("inside.decoder", "inside.of_translation", "inside.looking_back"),
    "self": Kind("inside.attention", "inside.of_text", "inside.both_ways"),
}
PARTS = 6  # its name, what it made of the text, the kinds of attention, the tokens of the rows, all heads, one head


@dataclass(frozen=True)
class Seen:
    """A text that was translated, or whose gaps were filled, and what is chosen to be looked at.

    A head behind the last one of a layer stands for their mean.
    """

    key: str
    asked: str
    translation: str = ""
    gaps: tuple[Gap, ...] = ()
    kind: str = ""  # none for a model without attention
    layer: int = 0
    head: int = 0
    row: int = 0


def build_others(pool: ModelPool, lang: gr.Radio) -> list[Any]:
    """A column with all its events. Returns what `shown` updates: the column, its state, and its parts."""
    plain: dict[str, Any] = {"apply_default_css": False}
    with gr.Column(min_width=0, elem_classes="look", visible=False) as column:
        state = gr.State(None)
        name = gr.HTML("", elem_classes="look-name", **plain)
        made = gr.HTML("", elem_classes="made", elem_id="made", **plain)
        kinds = gr.Radio([], elem_id="kinds", elem_classes="kinds")
        line = gr.HTML("", elem_classes="texts", elem_id="made-line", js_on_load=LINE_JS, **plain)
        heads = gr.HTML("", elem_classes="all-heads", elem_id="made-heads", js_on_load=PICK_HEAD_JS, **plain)
        head = gr.HTML("", elem_classes="head", elem_id="made-head", js_on_load=MATRIX_JS, **plain)
    parts = [name, made, kinds, line, heads, head]
    private: dict[str, Any] = {"show_progress_on": [], "api_visibility": "private"}
    # The last click counts: two that overlap must not leave the page between them.
    clicked: dict[str, Any] = {"trigger_mode": "always_last", **GENERATING, **private}

    def pick(seen: Seen | None, language: str, event: gr.EventData) -> tuple[Any, ...]:
        return redrawn(seen, seen and at(pool, replace(seen, row=event.place)), language)

    def turn(seen: Seen | None, language: str, event: gr.EventData) -> tuple[Any, ...]:
        return redrawn(seen, seen and at(pool, replace(seen, layer=event.layer, head=event.head)), language)

    def of_kind(seen: Seen | None, kind: str, language: str) -> tuple[Any, ...]:
        return redrawn(seen, seen and beginning(pool, replace(seen, kind=kind)), language)

    def redrawn(old: Seen | None, new: Seen | None, language: str) -> tuple[Any, ...]:
        return new, *drawings(pool, new, language, old)

    line.pick(pick, [state, lang], [state, *parts], **clicked)
    heads.turn(turn, [state, lang], [state, *parts], **clicked)
    kinds.input(of_kind, [state, kinds, lang], [state, *parts], **clicked)
    lang.change(
        lambda seen, language: drawings(pool, seen, language), [state, lang], parts, queue=False, **private
    )
    return [column, state, *parts]


def shown(pool: ModelPool, seen: Seen | None, lang: str) -> list[Any]:
    """Updates for everything that `build_others` returned; without a text the column is hidden."""
    return [gr.update(visible=seen is not None), seen, *drawings(pool, seen, lang)]


# ---- What a model made of a text


def see(pool: ModelPool, asked: str, key: str) -> Seen:
    """Let a model translate a text or fill its gaps. Raises UserError when it cannot."""
    check_prompt(asked)
    lm = pool.get(key)
    if isinstance(lm, Filler):
        seen = Seen(key, asked, gaps=tuple(lm.fill(asked)))
    else:
        seen = Seen(key, asked, lm.generate(asked, max_new_tokens=lm.config.n_ctx))
    return beginning(pool, replace(seen, kind=next(iter(views(pool, key, asked)), "")))


def views(pool: ModelPool, key: str, asked: str) -> Mapping[str, AttentionView]:
    return look(pool.get(key), asked)


def beginning(pool: ModelPool, seen: Seen) -> Seen:
    """Where to look first: at a mask, and with all heads of the last layer, which between them align best."""
    view = views(pool, seen.key, seen.asked).get(seen.kind)
    if view is None:
        return seen
    layer, masks = len(view.weights) - 1, [row for row, token in enumerate(view.rows) if token.special == "mask"]
    n_heads = len(view.weights[layer])
    return replace(seen, layer=layer, head=n_heads if n_heads > 1 else 0, row=masks[0] if masks else 0)


def at(pool: ModelPool, seen: Seen) -> Seen:
    """What was clicked, kept in bounds."""
    view = views(pool, seen.key, seen.asked).get(seen.kind)
    if view is None:
        return seen
    layer, row = within(seen.layer, len(view.weights) - 1), within(seen.row, len(view.rows) - 1)
    n_heads = len(view.weights[layer])
    return replace(seen, layer=layer, row=row, head=within(seen.head, n_heads if n_heads > 1 else 0))


# ---- What it looks like


def name_of(card: Card, lang: str) -> str:
    year = f'<span class="year">{html.escape(str(card.year))}</span>' if card.year else ""
    return f'<h3>{html.escape(card.title)}{year}</h3><p class="size">{html.escape(card.size(lang))}</p>'


def drawings(pool: ModelPool, seen: Seen | None, lang: str, before: Seen | None = None) -> list[Any]:
    """Updates for all parts; what has not changed since `before` is left alone, and so is what the page has marked."""
    if seen is None:
        return [gr.skip()] * PARTS
    card, kinds = pool.cards[seen.key], views(pool, seen.key, seen.asked)
    view = kinds.get(seen.kind)
    nothing = f'<p class="told">{escaped("inside.no_attention", lang)}</p>'
    line, grid, large = looks(view, seen, lang) if view else (nothing, "", "")
    new, same_kind = before is None, before is not None and seen.kind == before.kind
    colour = class_of(card.generation)

    def dyed(markup: str, wanted: bool) -> Any:
        return f'<div class="{colour}">{markup}</div>' if wanted else gr.skip()

    return [
        dyed(name_of(card, lang), new),
        dyed(filled(seen, lang) if seen.gaps else translated(seen, lang), new),
        choices(list(kinds), seen.kind, lang) if new else gr.skip(),
        dyed(line, not same_kind),
        dyed(grid, not same_kind),
        dyed(large, True),
    ]


def looks(view: AttentionView, seen: Seen, lang: str) -> tuple[str, str, str]:
    """The tokens of the rows, all heads, one head."""
    layer, head, row = seen.layer, seen.head, seen.row
    title = text(KINDS[seen.kind].rows, lang)
    line = f"<h4>{html.escape(title)}</h4>{plain_line(view.rows, row, title)}"
    only_one = len(view.weights) == len(view.weights[0]) == 1
    grid = "" if only_one else head_grid(view, layer, head, lang, means=len(view.weights[0]) > 1)
    return line, grid, one_head(view, layer, head, row, lang, KINDS[seen.kind].standing)


def choices(kinds: list[str], kind: str, lang: str) -> Any:
    return gr.update(
        label=text("inside.kind", lang),
        choices=[(text(KINDS[one].name, lang), one) for one in kinds],
        value=kind or None,
        visible=len(kinds) > 1,
    )


def translated(seen: Seen, lang: str) -> str:
    said = html.escape(seen.translation.strip()) or escaped("inside.silent", lang)
    return f'<section><h4>{escaped("inside.translation", lang)}</h4><p class="result">{said}</p></section>'


def filled(seen: Seen, lang: str) -> str:
    """The text with its gaps filled, and for each gap what else might stand there."""
    whole = "".join(
        html.escape(part) + (f"<mark>{html.escape(gap.text)}</mark>" if gap else "")
        for part, gap in zip_longest(GAP.split(seen.asked), seen.gaps)
    )
    return (
        f'<section><h4>{escaped("inside.filled", lang)}</h4><p class="result">{whole}</p></section>'
        f'<div class="gaps">{"".join(gap_list(seen, number, lang) for number in range(len(seen.gaps)))}</div>'
        f'<p class="told">{escaped("inside.gap_hint", lang)}</p>'
    )


def gap_list(seen: Seen, number: int, lang: str) -> str:
    gap, several = seen.gaps[number], len(seen.gaps) > 1
    title = escaped("inside.gap", lang, n=number + 1) if several else escaped("inside.gap_only", lang)
    rows = "".join(
        f'<li{" aria-current=true" if said == gap.text else ""}><span class="shown">{html.escape(said)}</span>'
        f'<span class="bar" style="--p:{share:.4f}"></span><span class="number">{percent(share, lang)}</span></li>'
        for said, share in gap.alternatives
    )
    return f'<section class="gap"><h4>{title}</h4><ol>{rows}</ol></section>'
