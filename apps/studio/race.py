"""Several models writing at once: each into its column, none waiting for another."""

from __future__ import annotations

import html
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

import gptlineage as gl
from gptlineage.errors import explain

from .changing import marked
from .models import FRAME, Card, ModelPool, check_prompt
from .settings import as_settings
from .strings import escaped, text

VERBS = {"continues": "compare.continues", "translates": "compare.translates", "fills": "compare.fills"}


@dataclass(frozen=True)
class Finish:
    """What came of a race: the text of every model that wrote one, by its key."""

    prompt: str
    settings: dict[str, Any]
    as_chat: bool
    texts: dict[str, str]


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
    pool: ModelPool,
    prompt: str,
    selected: list[str],
    chat: bool,
    lang: str,
    values: tuple[Any, ...],
    *,
    asked: bool = False,
    before: Mapping[str, str] | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Updates for run, stop, the notice, every column, and at the end what was written: a `Finish`.

    A question that is `asked` is answered by base models too, on a page of questions. Texts from `before` are what the
    new ones are held against. Whoever has used the least time writes next: a large model does not hold up a small one,
    and one that has ended, or could not begin, holds up nobody.
    """
    names = keys_of(pool)
    try:
        check_prompt(prompt)
        if not selected:
            raise gl.UserError(text("error.no_model", "en"), text("error.no_model", "zh"))
        settings = as_settings(*values)
    except gl.UserError as error:
        yield *buttons(running=False), html.escape(explain(error, lang)), *[gr.skip() for _ in names], gr.skip()
        return
    runners = {name: start(pool, name, prompt, chat, lang, settings, asked) for name in names if name in selected}
    former = before or {}

    def picture() -> tuple[Any, ...]:
        return tuple(
            show(runners[name], prompt, lang, former.get(name)) if name in runners else "" for name in names
        )

    # The buttons are told once: a picture still on its way when someone presses Stop must not lock them again.
    yield *buttons(running=True), "", *picture(), gr.skip()
    shown = time.monotonic()
    while writing := [runner for runner in runners.values() if not runner.ended]:
        min(writing, key=lambda runner: runner.spent).step(lang)
        if time.monotonic() - shown >= FRAME:
            shown = time.monotonic()
            yield gr.skip(), gr.skip(), "", *picture(), gr.skip()
    texts = {name: runner.text for name, runner in runners.items() if not runner.trouble}
    yield *buttons(running=False), "", *picture(), Finish(prompt, settings, chat or asked, texts)


def start(
    pool: ModelPool, name: str, prompt: str, chat: bool, lang: str, settings: dict[str, Any], asked: bool
) -> Runner:
    """A model at the start; one that cannot begin (the prompt is too long for it) says why in its own column."""
    card = pool.cards[name]
    runner = Runner(card, as_chat=card.does == "continues" and (asked or (chat and card.speaks_chat)), pieces=iter(()))
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


def keys_of(pool: ModelPool) -> list[str]:
    """The model of each column; "" for one that is still free."""
    return [card.key if card else "" for card in pool.lanes]


def show(runner: Runner, prompt: str, lang: str, before: str | None = None) -> str:
    """A column's text: the prompt in grey, what the model wrote after it in ink. Everything is escaped.

    Once it is finished, what `before` did not have is marked.
    """
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
    inked, same = (html.escape(written), "") if before is None or not runner.ended else marked(before, written, lang)
    return (
        f'<p class="verb">{verb}</p><div class="text"><{tag} class="asked">{html.escape(prompt)}</{tag}>'
        f'<span class="written">{inked}</span>{caret}</div>{same}'
    )
