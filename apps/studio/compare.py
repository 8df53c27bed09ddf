"""The Compare tab: one prompt, every generation, the same seed, written side by side."""

from __future__ import annotations

import html
import logging
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

import gptlineage as gl
from gptlineage.errors import explain

from .models import FRAME, GENERATING, MOST_CHARACTERS, Card, ModelPool, check_prompt, press
from .settings import LARGEST_SEED, as_settings, build_settings
from .strings import Translator, escaped, text
from .theme import class_of
from .words import COMPARE_EXAMPLES

VERBS = {"continues": "compare.continues", "translates": "compare.translates", "fills": "compare.fills"}


def build_compare(pool: ModelPool, words: Translator, lang: gr.Radio) -> gr.CheckboxGroup:
    """The tab with all its events; `lang` is the switch in the header. Returns the picker of models."""
    usable = bool(pool.cards)
    with words.bind(gr.Tab(id="compare"), label="compare.tab"):
        with gr.Column(elem_classes="sheet"):
            words.paragraph(lambda language: f"<p>{escaped('compare.intro', language)}</p>", "intro")
            prompt = words.bind(
                gr.Textbox(elem_id="prompt", lines=2, max_lines=8, max_length=MOST_CHARACTERS, autofocus=False),
                label="compare.prompt",
                placeholder="compare.placeholder",
            )
            with gr.Row(elem_classes="starters"):
                examples = [gr.Button(size="sm") for _ in COMPARE_EXAMPLES["en"]]
            for index, example in enumerate(examples):
                words.render(example, partial(example_text, index))
            chosen = words.bind(
                gr.CheckboxGroup(
                    pool.choices, value=shown_first(pool), elem_classes="models", elem_id="compare-models"
                ),
                label="compare.models",
            )
            as_chat = words.bind(
                gr.Checkbox(value=True, elem_id="as-chat", elem_classes="as-chat"),
                label="compare.as_chat",
                info="compare.as_chat_hint",
            )
            dials = build_settings(words, temperature=0.8, length=64, seed="0", seed_hint="seed_shared")
            with gr.Row(elem_classes="actions"):
                run = words.bind(gr.Button(variant="primary", elem_id="run", interactive=usable), value="compare.run")
                stop = words.bind(gr.Button(elem_id="stop", interactive=False), value="compare.stop")
                roll = words.bind(gr.Button(elem_id="roll", interactive=usable), value="compare.reseed")
            notice = gr.HTML("", elem_classes="notice", elem_id="compare-notice", apply_default_css=False)
        columns, outputs = [], []
        with gr.Row(elem_classes="lanes"):
            for number, card in enumerate(pool.lanes):
                colour = class_of(card.generation if card else "")
                visible = card is not None and card.key in shown_first(pool)
                with gr.Column(min_width=0, elem_classes=["lane", colour], visible=visible) as column:
                    words.paragraph(partial(head, pool, number))
                    outputs.append(gr.HTML("", elem_classes="output", apply_default_css=False))
                columns.append(column)

    def compare(
        start_of_text: str, selected: list[str], chat: bool, language: str, *values: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Stream every selected model's text into its column."""
        yield from race(pool, start_of_text, selected, chat, language, values)

    seed = dials[-1]
    private: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", **private}
    running = run.click(
        compare,
        [prompt, chosen, as_chat, lang, *dials],
        [run, stop, notice, *outputs],
        api_name="compare",
        show_progress="hidden",
        **GENERATING,
    )
    # Once it has really ended, however it did: Gradio drops what is pressed while a run is being cancelled.
    running.then(lambda: buttons(running=False), None, [run, stop], **quick)
    stop.click(None, None, None, cancels=running, **quick)
    # Every other way to begin presses the one button, which is locked during a run: two cannot overlap.
    prompt.submit(None, js=press("run"), **private)
    roll.click(lambda: str(random.randint(0, LARGEST_SEED)), None, seed, **quick).then(None, js=press("run"), **private)
    for example in examples:
        example.click(lambda line: line, example, prompt, **quick).then(None, js=press("run"), **private)
    if usable:
        chosen.change(lambda keys: [gr.update(visible=key in keys) for key in keys_of(pool)], chosen, columns, **quick)
    return chosen


def keys_of(pool: ModelPool) -> list[str]:
    """The model of each column; "" for one that is still free."""
    return [card.key if card else "" for card in pool.lanes]


def shown_first(pool: ModelPool) -> list[str]:
    """The models that are chosen at the start; those that translate or fill gaps need another kind of prompt."""
    return [key for _, key in pool.writers]


def example_text(index: int, lang: str) -> dict[str, Any]:
    return {"value": COMPARE_EXAMPLES[lang][index]}


@dataclass
class Runner:
    """One model's part in the race."""

    card: Card
    as_chat: bool
    pieces: Iterator[str]
    text: str = ""
    spent: float = 0.0
    ended: bool = False
    trouble: str = ""

    def step(self, lang: str) -> None:
        """Write one piece more."""
        began = time.monotonic()
        try:
            self.text += next(self.pieces)
        except StopIteration:
            self.ended = True
        except Exception:
            logging.exception("%s could not go on", self.card.key)
            self.ended, self.trouble = True, escaped("error.unexpected", lang)
        self.spent += time.monotonic() - began


def race(
    pool: ModelPool, prompt: str, selected: list[str], chat: bool, lang: str, values: tuple[Any, ...]
) -> Iterator[tuple[Any, ...]]:
    """Updates for run, stop, the notice and every column.

    Whoever has used the least time writes next: a large model does not hold up a small one, and one that has
    ended, or could not begin, holds up nobody.
    """
    names = keys_of(pool)
    try:
        check_prompt(prompt)
        if not selected:
            raise gl.UserError(text("error.no_model", "en"), text("error.no_model", "zh"))
        settings = as_settings(*values)
    except gl.UserError as error:
        yield *buttons(running=False), html.escape(explain(error, lang)), *[gr.skip() for _ in names]
        return
    runners = {name: start(pool, name, prompt, chat, lang, settings) for name in names if name in selected}

    def picture() -> tuple[Any, ...]:
        return tuple(show(runners[name], prompt, lang) if name in runners else "" for name in names)

    # The buttons are told once: a picture still on its way when someone presses Stop must not lock them again.
    yield *buttons(running=True), "", *picture()
    shown = time.monotonic()
    while writing := [runner for runner in runners.values() if not runner.ended]:
        min(writing, key=lambda runner: runner.spent).step(lang)
        if time.monotonic() - shown >= FRAME:
            shown = time.monotonic()
            yield gr.skip(), gr.skip(), "", *picture()
    yield *buttons(running=False), "", *picture()


def start(pool: ModelPool, name: str, prompt: str, chat: bool, lang: str, settings: dict[str, Any]) -> Runner:
    """A model at the start; one that cannot begin (the prompt is too long for it) says why in its own column."""
    card = pool.cards[name]
    runner = Runner(card, as_chat=chat and card.speaks_chat, pieces=iter(()))
    try:
        lm = pool.get(name)
        if runner.as_chat:
            runner.pieces = lm.stream_chat([{"role": "user", "content": prompt.strip()}], **settings)
        elif card.does == "continues":
            runner.pieces = lm.stream(prompt, **settings)
        else:  # a translation is searched for, a gap gets the likeliest fill
            runner.pieces = lm.stream(prompt, max_new_tokens=settings["max_new_tokens"])
    except gl.UserError as error:
        runner.ended, runner.trouble = True, html.escape(explain(error, lang))
    return runner


def buttons(running: bool) -> tuple[Any, Any]:
    """The run and the stop button."""
    return gr.update(interactive=not running), gr.update(interactive=running)


def head(pool: ModelPool, number: int, lang: str) -> str:
    """Name, year, size and news at the top of a column."""
    card = pool.lanes[number]
    if card is None:
        return ""
    year = f'<span class="year">{html.escape(str(card.year))}</span>' if card.year else ""
    return (
        f'<header><h3>{html.escape(card.title)}{year}</h3><p class="size">{html.escape(card.size(lang))}</p>'
        f'<p class="news">{html.escape(card.news(lang))}</p></header>'
        # Beside the output, not in it: a change of language must not touch what was written.
        f'<p class="waiting">{escaped("compare.waiting", lang)}</p>'
    )


def show(runner: Runner, prompt: str, lang: str) -> str:
    """A column's text: the prompt in grey, what the model wrote after it in ink. Everything is escaped."""
    if runner.trouble:
        return f'<p class="trouble">{runner.trouble}</p>'
    verb = escaped("compare.answers" if runner.as_chat else VERBS[runner.card.does], lang)
    apart = runner.as_chat or runner.card.does == "translates"
    written = runner.text.lstrip() if apart else runner.text
    if runner.ended and not written.strip():
        return f'<p class="verb">{verb}</p><p class="silent">{escaped("compare.silent", lang)}</p>'
    tag = "p" if apart else "span"  # a question stands by itself, a beginning runs on
    if runner.card.does == "fills":  # its text holds the prompt
        prompt = ""
    caret = "" if runner.ended else '<span class="caret"></span>'
    return (
        f'<p class="verb">{verb}</p><div class="text"><{tag} class="asked">{html.escape(prompt)}</{tag}>'
        f'<span class="written">{html.escape(written)}</span>{caret}</div>'
    )
