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

from .changing import marked, one_word_changed
from .models import FRAME, Card, ModelPool, check_prompt
from .settings import as_settings
from .strings import escaped, text

VERBS = {"continues": "compare.continues", "translates": "compare.translates", "fills": "compare.fills"}


@dataclass(frozen=True)
class Written:
    """What a race has come to so far: the text of every model that writes one, by its key."""

    prompt: str
    settings: dict[str, Any]
    texts: dict[str, str]
    replied: frozenset[str]  # those whose text is a reply, not what goes on from the prompt


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
    before: Written | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Updates for run, stop, the notice, every column, and what is `Written` so far: it stands when a race is stopped.

    A question that is `asked` is answered by base models too, on a page of questions. Where one word is all that has
    changed since the race `before`, the new texts are held against the former. Whoever has used the least time writes
    next: a large model does not hold up a small one, and one that has ended, or could not begin, holds up nobody.
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
    replied = frozenset(name for name, runner in runners.items() if runner.as_chat)
    former = comparable(before, prompt, settings, replied)

    def picture() -> tuple[Any, ...]:
        shown = (show(runners[name], prompt, lang, former.get(name)) if name in runners else "" for name in names)
        texts = {name: runner.text for name, runner in runners.items() if not runner.trouble}
        return *shown, Written(prompt, settings, texts, replied)

    # The buttons are told once: a picture still on its way when someone presses Stop must not lock them again.
    yield *buttons(running=True), "", *picture()
    shown = time.monotonic()
    while writing := [runner for runner in runners.values() if not runner.ended]:
        min(writing, key=lambda runner: runner.spent).step(lang)
        if time.monotonic() - shown >= FRAME:
            shown = time.monotonic()
            yield gr.skip(), gr.skip(), "", *picture()
    yield *buttons(running=False), "", *picture()


def comparable(
    before: Written | None, prompt: str, settings: dict[str, Any], replied: frozenset[str]
) -> Mapping[str, str]:
    """The former texts of the models whose new ones differ by nothing but one word of the prompt."""
    if before is None or settings["seed"] is None or settings != before.settings or before.prompt == prompt:
        return {}
    if not one_word_changed(before.prompt, prompt):
        return {}
    return {key: text for key, text in before.texts.items() if (key in replied) == (key in before.replied)}


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
    written, former = (text.lstrip() if apart else text for text in (runner.text, before or ""))
    if runner.ended and not written.strip():
        return f'<p class="verb">{verb}</p><p class="silent">{escaped("compare.silent", lang)}</p>'
    tag = "p" if apart else "span"  # a question stands by itself, a beginning runs on
    if runner.card.does == "fills":  # its text holds the prompt
        prompt = ""
    caret = "" if runner.ended else '<span class="caret"></span>'
    inked, same = (html.escape(written), "") if before is None or not runner.ended else marked(former, written, lang)
    return (
        f'<p class="verb">{verb}</p><div class="text"><{tag} class="asked">{html.escape(prompt)}</{tag}>'
        f'<span class="written">{inked}</span>{caret}</div>{same}'
    )
