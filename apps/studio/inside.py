"""The Inside tab: how sure a model was of every token, what else it might have said, and where it looked.

Models that translate or fill gaps are shown by `inside_others`.

The page keeps no more of a text than its tokens; whatever is clicked is computed anew, which takes a moment.
"""

from __future__ import annotations

import html
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr
import torch

import gptlineage as gl
from gptlineage.errors import explain
from gptlineage.inference import LanguageModel, Sampling
from gptlineage.inference.inspect import (
    Token,
    TokenReport,
    attention_view,
    branch,
    go_on,
    likeliest,
    logit_lens,
    message_ids,
    place_of_byte,
    token_reports,
)

from .attention import MATRIX_JS, PICK_HEAD_JS, head_grid, one_head
from .inside_others import build_others, name_of, see, shown
from .models import GENERATING, ModelPool, check_prompt, press, within
from .settings import as_settings, build_settings
from .strings import Translator, escaped, text
from .theme import class_of
from .tokens import CHOOSE_JS, LENS_TOKENS, LINE_JS, alternatives, drawn, legend, lens, line
from .words import GAP_EXAMPLES, INSIDE_EXAMPLES, TRANSLATION_EXAMPLES

MOST_TOKENS = 512  # of a text: every head keeps a number for each pair of them
MOST_BRANCHES = 3  # an older one makes room
SIDES = 2
PARTS = 5  # of each side: its name, its texts, the chosen place, all heads, one head
EXAMPLES = {"continues": INSIDE_EXAMPLES, "translates": TRANSLATION_EXAMPLES, "fills": GAP_EXAMPLES}
HINTS = {"translates": "inside.translates", "fills": "inside.fills"}


@dataclass(frozen=True)
class Path:
    """A text with what the model thought of it; it left another one at place `fork`, 0 for the text that was read."""

    ids: tuple[int, ...]
    reports: tuple[TokenReport, ...]
    fork: int = 0
    instead: Token | None = None  # what stood at the fork before


@dataclass(frozen=True)
class Side:
    """One model's half of the tab, and what is chosen in it."""

    key: str
    paths: tuple[Path, ...]
    path: int = 0
    place: int = 1
    layer: int = 0
    head: int = 0

    @property
    def chosen(self) -> Path:
        return self.paths[self.path]


def build_inside(pool: ModelPool, words: Translator, lang: gr.Radio) -> None:
    """The tab with all its events; `lang` is the switch in the header."""
    usable, ability = bool(pool.cards), does(pool, favourite(pool))
    with words.bind(gr.Tab(id="inside"), label="inside.tab"):
        with gr.Column(elem_classes="sheet"):
            words.paragraph(lambda language: f"<p>{escaped('inside.intro', language)}</p>", "intro")
            prompt = words.bind(
                gr.Textbox(elem_id="inside-text", lines=2, max_lines=8, autofocus=False),
                label="inside.text",
                placeholder="inside.placeholder",
            )
            examples: list[gr.Button] = []
            for_kind: dict[str, gr.Column] = {}
            for kind, lines in EXAMPLES.items():
                with gr.Column(visible=kind == ability, elem_classes="for-kind") as for_kind[kind]:
                    if kind in HINTS:
                        words.paragraph(partial(escaped, HINTS[kind]), "told")
                    with gr.Row(elem_classes="starters"):
                        for index in range(len(lines["en"])):
                            examples.append(words.render(gr.Button(size="sm"), partial(example_text, kind, index)))
            with gr.Row():
                first, second = (
                    gr.Radio([], value=value, min_width=320, elem_classes="models", elem_id=f"inside-{name}")
                    for name, value in (("model", favourite(pool)), ("rival", ""))
                )
            # Asked again whenever the page opens: models that were trained since the start are on offer.
            words.render(first, lambda language: {"label": text("inside.model", language), "choices": pool.choices})
            words.render(
                second,
                lambda language: {
                    "label": text("inside.rival", language),
                    "choices": [(text("inside.nobody", language), ""), *pool.writers],
                },
            )
            with gr.Column(visible=ability == "continues", elem_classes="for-kind") as writing:
                as_chat = words.bind(
                    gr.Checkbox(value=True, elem_id="inside-chat", elem_classes="as-chat"),
                    label="inside.as_chat",
                    info="inside.as_chat_hint",
                )
                dials = build_settings(words, temperature=0.0, length=48, seed="0", seed_hint="seed_hint")
            with gr.Row(elem_classes="actions"):
                run = words.bind(gr.Button(variant="primary", elem_id="look", interactive=usable), value="inside.run")
                words.paragraph(lambda language: escaped("inside.keys", language), "hint")
            notice = gr.HTML("", elem_classes="notice", elem_id="inside-notice", apply_default_css=False)
        state = gr.State(())
        columns, parts = [], []
        with gr.Row(elem_classes="looks"):
            for number in range(SIDES):
                with gr.Column(min_width=0, elem_classes="look", visible=False) as column:
                    parts += build_side(number)
                columns.append(column)
            others = build_others(pool, lang)
    drawn_by_look = [state, *columns, *parts, *others]

    def look(
        asked: str, key: str | None, rival: str, chat: bool, language: str, *values: Any
    ) -> tuple[Any, ...]:
        """Let one or two models read a text, or one translate it or fill its gaps."""
        sides: tuple[Side, ...] = ()
        seen = None
        try:
            if key and does(pool, key) != "continues":
                seen = see(pool, asked, key)
            else:
                sides = read(pool, asked, [name for name in (key, rival) if name], chat, as_settings(*values))
        except gl.UserError as error:
            return html.escape(explain(error, language)), *[gr.skip()] * len(drawn_by_look)
        except Exception:
            logging.exception("the text could not be read")
            return escaped("error.unexpected", language), *[gr.skip()] * len(drawn_by_look)
        open_sides = [gr.update(visible=number < len(sides)) for number in range(SIDES)]
        return "", sides, *open_sides, *pictures(pool, sides, language), *shown(pool, seen, language)

    def chosen(key: str | None) -> list[Any]:
        """Hide what makes no sense for the chosen model, and offer texts of its kind."""
        ability = does(pool, key)
        writes = gr.update(visible=ability == "continues")
        return [writes, writes, *[gr.update(visible=kind == ability) for kind in for_kind]]

    private: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {"queue": False, "show_progress_on": [], **private}
    # The last click counts: two that overlap must not leave the page between them.
    latest: dict[str, Any] = {"trigger_mode": "always_last", **GENERATING}
    clicked: dict[str, Any] = {"show_progress_on": [], **latest, **private}
    run.click(
        look,
        [prompt, first, second, as_chat, lang, *dials],
        [notice, *drawn_by_look],
        api_name="inside",
        show_progress="minimal",
        show_progress_on=run,
        **latest,
    )
    first.change(chosen, first, [second, writing, *for_kind.values()], **quick)
    prompt.submit(None, js=press("look"), **private)
    for example in examples:
        example.click(lambda words: words, example, prompt, **quick).then(None, js=press("look"), **private)
    lang.change(lambda sides, language: pictures(pool, sides, language), [state, lang], parts, **quick)

    def wire(number: int) -> None:
        """What can be clicked in one of the two sides."""
        _, texts, place, heads, _ = parts[number * PARTS : (number + 1) * PARTS]

        def pick(sides: Sequence[Side], language: str, event: gr.EventData) -> tuple[Any, ...]:
            moved = at_place(pool, sides, number, event.path, event.place)
            return moved, *pictures(pool, moved, language, sides, number)

        def fork(sides: Sequence[Side], language: str, event: gr.EventData, *values: Any) -> tuple[Any, ...]:
            try:
                grown = with_branch(pool, sides, number, event.token, as_settings(*values))
            except gl.UserError as error:
                return html.escape(explain(error, language)), *[gr.skip()] * (1 + SIDES * PARTS)
            return "", grown, *pictures(pool, grown, language, sides, number)

        def look_through(sides: Sequence[Side], language: str, event: gr.EventData) -> tuple[Any, ...]:
            turned = at_head(pool, sides, number, event.layer, event.head)
            return turned, *pictures(pool, turned, language, sides, number)

        texts.pick(pick, [state, lang], [state, *parts], **clicked)
        heads.turn(look_through, [state, lang], [state, *parts], **clicked)
        place.branch(fork, [state, lang, *dials], [notice, state, *parts], **clicked)

    for number in range(SIDES):
        wire(number)


def build_side(number: int) -> list[gr.HTML]:
    """The parts of one side, in the order of PARTS: apart, so that a click leaves alone what holds the focus."""
    plain: dict[str, Any] = {"apply_default_css": False}
    return [
        gr.HTML("", elem_classes="look-name", **plain),
        gr.HTML("", elem_classes="texts", elem_id=f"texts-{number}", js_on_load=LINE_JS, **plain),
        gr.HTML("", elem_classes="place", elem_id=f"place-{number}", js_on_load=CHOOSE_JS, **plain),
        gr.HTML("", elem_classes="all-heads", elem_id=f"heads-{number}", js_on_load=PICK_HEAD_JS, **plain),
        gr.HTML("", elem_classes="head", elem_id=f"head-{number}", js_on_load=MATRIX_JS, **plain),
    ]


def example_text(kind: str, index: int, lang: str) -> dict[str, Any]:
    return {"value": EXAMPLES[kind][lang][index]}


def does(pool: ModelPool, key: str | None) -> str:
    return pool.cards[key].does if key in pool.cards else "continues"


def favourite(pool: ModelPool) -> str | None:
    """The newest model that writes and was not yet taught to chat: a page is what it knows."""
    keys = [key for _, key in pool.writers] or list(pool.cards)
    return next((key for key in reversed(keys) if not pool.cards[key].speaks_chat), keys[-1] if keys else None)


# ---- What a click changes


def as_path(lm: LanguageModel, ids: Sequence[int], fork: int = 0, instead: Token | None = None) -> Path:
    return Path(tuple(ids), tuple(token_reports(lm, ids)), fork, instead)


def read(pool: ModelPool, asked: str, keys: Sequence[str], chat: bool, settings: dict[str, Any]) -> tuple[Side, ...]:
    """Let each model read the text; a chat model that may answer does so. Raises UserError when one of them cannot."""
    check_prompt(asked)
    if not keys:
        raise gl.UserError(text("error.no_model", "en"), text("error.no_model", "zh"))
    length, sampling = split(settings)
    sides = []
    for key in keys:
        lm = pool.get(key)
        answers = chat and lm.speaks_chat
        ids = message_ids(lm, asked.strip()) if answers else lm.read(asked)
        if len(ids) > MOST_TOKENS:
            told = {"n": len(ids), "most": MOST_TOKENS}
            raise gl.UserError(text("inside.too_long", "en", **told), text("inside.too_long", "zh", **told))
        if answers:
            ids += go_on(lm, ids, length, sampling)
        sides.append(Side(key, (as_path(lm, ids),), place=len(ids)))
    return tuple(sides)


def split(settings: dict[str, Any]) -> tuple[int, Sampling]:
    """The dials' values as a length and a way to choose. Raises UserError for values out of range."""
    return settings["max_new_tokens"], Sampling(**{k: v for k, v in settings.items() if k != "max_new_tokens"})


def at_place(pool: ModelPool, sides: Sequence[Side], number: int, path: Any, place: Any) -> tuple[Side, ...]:
    """Choose a place in one side's texts. In the text that was read, the other side goes to the same spot."""
    if number >= len(sides):
        return tuple(sides)
    side = replace(sides[number], path=within(path, len(sides[number].paths) - 1))
    side = replace(side, place=within(place, len(side.chosen.ids), 1))
    others = list(sides)
    others[number] = side
    if side.path == 0:
        tokenizer = pool.get(side.key).tokenizer
        offset = sum(len(tokenizer.token_bytes(token)) for token in side.chosen.ids[: side.place])
        for index, other in enumerate(others):
            if index != number:
                spot = place_of_byte(pool.get(other.key).tokenizer, other.paths[0].ids, offset)
                others[index] = replace(other, path=0, place=max(1, spot))
    return tuple(others)


def at_head(pool: ModelPool, sides: Sequence[Side], number: int, layer: Any, head: Any) -> tuple[Side, ...]:
    if number >= len(sides):
        return tuple(sides)
    config = pool.get(sides[number].key).config
    turned = list(sides)
    turned[number] = replace(
        sides[number], layer=within(layer, config.n_layers - 1), head=within(head, config.n_heads - 1)
    )
    return tuple(turned)


def with_branch(
    pool: ModelPool, sides: Sequence[Side], number: int, token: Any, settings: dict[str, Any]
) -> tuple[Side, ...]:
    """Put another token at the chosen place and let the model go on; the new path is chosen where it forks."""
    if number >= len(sides):
        return tuple(sides)
    side, lm = sides[number], pool.get(sides[number].key)
    length, sampling = split(settings)
    ids = branch(lm, side.chosen.ids, side.place, int(token), max_new_tokens=length, sampling=sampling)
    grown = as_path(lm, ids, side.place, side.chosen.reports[side.place].token)
    paths = (side.paths[0], *side.paths[1:][-(MOST_BRANCHES - 1) :], grown)
    changed = list(sides)
    changed[number] = replace(side, paths=paths, path=len(paths) - 1)
    return tuple(changed)


# ---- What it looks like


def pictures(
    pool: ModelPool, sides: Sequence[Side], lang: str, before: Sequence[Side] = (), held: int | None = None
) -> list[Any]:
    """Updates for all parts of all sides; what has not changed since `before` is left alone.

    `held` is the side in which a token was clicked: the page has marked it, and drawn anew it would lose the focus.
    """
    updates: list[Any] = []
    for number in range(SIDES):
        side, old = (both[number] if number < len(both) else None for both in (sides, before))
        if side is None or side == old:
            updates += [gr.skip()] * PARTS
        else:
            updates += drawings(pool, side, old, number == held, lang)
    return updates


def drawings(pool: ModelPool, side: Side, old: Side | None, held: bool, lang: str) -> list[Any]:
    card, lm = pool.cards[side.key], pool.get(side.key)
    same_text = old is not None and side.chosen == old.chosen
    same_place = same_text and old is not None and side.place == old.place
    marked = same_place or (held and old is not None and side.paths == old.paths)
    view = attention_view(lm, side.chosen.ids)
    drawn_anew = [
        "" if old else name_of(card, lang),
        "" if marked else all_texts(lm, side, lang),
        "" if same_place else chosen_place(lm, side, lang),
        "" if same_text else head_grid(view, side.layer, side.head, lang),
        one_head(view, side.layer, side.head, side.place - 1, lang),
    ]
    colour = class_of(card.generation)
    return [f'<div class="{colour}">{drawing}</div>' if drawing else gr.skip() for drawing in drawn_anew]


def all_texts(lm: LanguageModel, side: Side, lang: str) -> str:
    """The text that was read and its branches, with what the colours mean."""
    most_bits = math.log2(lm.config.vocab_size)
    lines = []
    for number, path in enumerate(side.paths):
        chosen = side.place if number == side.path else None
        if path.fork:
            title = branch_title(path, lang)
            name = text("inside.branch_name", lang, n=number)
        else:
            name = text("inside.text_read", lang)
            title = html.escape(name)
        tokens = line(path.reports, number, path.fork, chosen, most_bits, name, lang)
        lines.append(f'<section class="path"><h4>{title}</h4>{tokens}</section>')
    return f'{"".join(lines)}{legend(most_bits, lang)}<p class="readout" aria-hidden="true"></p>'


def branch_title(path: Path, lang: str) -> str:
    """What was chosen instead of what, as markup."""
    taken, left = path.reports[path.fork].token, path.instead
    assert taken is not None
    if left is None:
        return escaped("inside.branch_next", lang).format(taken=drawn(taken))
    return escaped("inside.branch", lang).format(taken=drawn(taken), left=drawn(left))


def chosen_place(lm: LanguageModel, side: Side, lang: str) -> str:
    """What else might stand at the chosen place, and what each layer would say there."""
    path, place = side.chosen, side.place
    probabilities = logit_lens(lm.model, torch.tensor(path.ids, device=lm.model.tokens.weight.device), place - 1).cpu()
    layers = [likeliest(lm.tokenizer, layer, LENS_TOKENS) for layer in probabilities]
    bands = [lm.config.layer_band(layer) for layer in range(lm.config.n_layers)]
    can_branch = place < lm.config.n_ctx
    return alternatives(path.reports[place], can_branch, lang) + lens(layers, bands, lang)
