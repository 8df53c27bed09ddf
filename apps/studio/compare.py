"""The Compare tab: one prompt, every generation, the same seed, written side by side, scored, and saved for a slide."""

from __future__ import annotations

import contextlib
import html
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import gradio as gr

import gptlineage as gl
from gptlineage.errors import explain
from gptlineage.evaluation.slide import as_json, as_markdown, as_svg

from .changing import words_to_change
from .download import save_on_click
from .models import GENERATING, MOST_CHARACTERS, ModelPool, press
from .race import Written, buttons, keys_of, race
from .scoring import (
    KINDS,
    ORDERS,
    Question,
    Score,
    Wanted,
    arrangement,
    draw_question,
    judges,
    question_of,
    scores,
    shown,
    told,
)
from .settings import LARGEST_SEED, build_settings
from .strings import Translator, escaped, text
from .theme import class_of
from .words import COMPARE_EXAMPLES

FORMS = ("md", "json", "png")


def build_compare(pool: ModelPool, words: Translator, lang: gr.Radio) -> gr.CheckboxGroup:
    """The tab with all its events; `lang` is the switch in the header. Returns the picker of models."""
    usable = bool(pool.cards)
    with words.bind(gr.Tab(id="compare"), label="compare.tab"):
        with gr.Column(elem_classes="sheet"):
            words.paragraph(lambda language: f"<p>{escaped('compare.intro', language)}</p>", "intro")
            prompt = words.bind(
                gr.Textbox(elem_id="prompt", lines=2, max_lines=8, autofocus=False),
                label="compare.prompt",
                placeholder="compare.placeholder",
            )
            with gr.Row(elem_classes="starters"):
                examples = [gr.Button(size="sm") for _ in COMPARE_EXAMPLES["en"]]
                ask = words.bind(gr.Button(size="sm", elem_id="ask-exam", interactive=usable), value="compare.question")
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
            with words.bind(gr.Accordion(open=False, elem_id="scoring"), label="score.title"):
                with gr.Row(elem_classes="score-grid"):
                    kind = gr.Radio([], value="none", elem_id="score-kind")
                    order = gr.Radio([], value="listed", elem_id="line-up")
                words.render(kind, lambda language: chooser("score", KINDS, language))
                words.render(order, lambda language: chooser("order", ORDERS, language))
                answer = words.bind(
                    gr.Textbox(elem_id="answer", max_lines=3, max_length=MOST_CHARACTERS, visible=False),
                    label="score.answer",
                    info="score.answer_hint",
                )
                rewarder = words.bind(
                    gr.Dropdown(judges(pool), value=next((key for _, key in judges(pool)), None), visible=False),
                    label="score.rewarder",
                    info="score.rewarder_hint",
                )
                score_notice = gr.HTML("", elem_classes="notice", elem_id="score-notice", apply_default_css=False)
            with gr.Row(elem_classes="actions"):
                run = words.bind(gr.Button(variant="primary", elem_id="run", interactive=usable), value="compare.run")
                stop = words.bind(gr.Button(elem_id="stop", interactive=False), value="compare.stop")
                roll = words.bind(gr.Button(elem_id="roll", interactive=usable), value="compare.reseed")
            notice = gr.HTML("", elem_classes="notice", elem_id="compare-notice", apply_default_css=False)
            change = gr.HTML("", elem_id="change", apply_default_css=False)
        written, question = gr.State(None), gr.State(None)
        placing = gr.HTML("", elem_classes="placing", apply_default_css=False)
        columns, outputs, marks = [], [], []
        with gr.Row(elem_classes="lanes"):
            for number, card in enumerate(pool.lanes):
                colour = class_of(card.generation if card else "")
                visible = card is not None and card.key in shown_first(pool)
                lane = gr.Column(min_width=0, elem_id=f"lane-{number}", elem_classes=["lane", colour], visible=visible)
                with lane as column:
                    words.paragraph(partial(head, pool, number))
                    with gr.Column(min_width=0, elem_classes="told"):
                        outputs.append(gr.HTML("", elem_classes="output", apply_default_css=False))
                        marks.append(gr.HTML("", elem_classes="output", apply_default_css=False))
                columns.append(column)
        with gr.Row(elem_classes="actions exports", visible=False) as exports:
            words.paragraph(lambda language: escaped("compare.save", language), "hint")
            saves = [
                words.bind(gr.Button(size="sm", elem_id=f"compare-{form}"), value=f"save.{form}") for form in FORMS
            ]

    def compare(
        start_of_text: str,
        selected: list[str],
        chat: bool,
        language: str,
        former: Written | None,
        drawn: Question | None,
        *values: Any,
    ) -> Iterator[tuple[Any, ...]]:
        """Stream every selected model's text into its column, and mark what a changed word has changed."""
        asked = question_of(drawn, start_of_text) is not None
        running = race(pool, start_of_text, selected, chat, language, values, asked=asked, before=former)
        for number, picture in enumerate(running):
            begins = number == 0 and isinstance(picture[-1], Written)
            yield *picture, words_to_change(start_of_text, language) if begins else gr.skip()

    def judged(done: Written | None, line_up: str, language: str, *asked: Any) -> tuple[Any, ...]:
        """The notice, the order, whether there is something to save, and the score of every column."""
        found, trouble = dict[str, Score](), ""
        try:
            found = scores(pool, done, Wanted(*asked), language)
        except gl.UserError as error:
            trouble = html.escape(explain(error, language))
        every = (shown(found.get(key)) for key in keys_of(pool))
        return trouble, arrangement(pool, line_up, found), gr.update(visible=done is not None), *every

    def as_file(
        form: str, selected: list[str], done: Written | None, line_up: str, language: str, *asked: Any
    ) -> tuple[str, str]:
        """The file's name, and what is shown as its text."""
        if done is None:
            return "", ""
        found, wanted = dict[str, Score](), Wanted(*asked)
        with contextlib.suppress(gl.UserError):  # the page says why there is no score
            found = scores(pool, done, wanted, language)
        content = told(pool, done, found, wanted.kind, line_up, selected)
        forms = {"md": partial(as_markdown, content, language), "json": partial(as_json, content)}
        return f"gptlineage-compare.{form}", forms.get(form, partial(as_svg, content, language))()

    seed = dials[-1]
    private: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {"queue": False, "show_progress_on": [], **private}
    judging = [written, order, lang, kind, answer, rewarder, question]
    judged_parts = [score_notice, placing, exports, *marks]
    running = run.click(
        compare,
        [prompt, chosen, as_chat, lang, written, question, *dials],
        [run, stop, notice, *outputs, written, change],
        api_name="compare",
        show_progress_on=[],
        **GENERATING,
    )
    run.click(lambda: [""] * (1 + len(marks)), None, [score_notice, *marks], **quick)  # no score of the former texts
    # Once it has really ended, however it did: Gradio drops what is pressed while a run is being cancelled.
    running.then(lambda: buttons(running=False), None, [run, stop], **quick).then(
        judged, judging, judged_parts, **quick
    )
    stop.click(None, None, None, cancels=running, **quick)
    # Every other way to begin presses the one button, which is locked during a run: two cannot overlap.
    prompt.submit(None, js=press("run"), **private)
    roll.click(lambda: str(random.randint(0, LARGEST_SEED)), None, seed, **quick).then(None, js=press("run"), **private)
    for example in examples:
        example.click(lambda line: line, example, prompt, **quick).then(None, js=press("run"), **private)
    ask.click(lambda language: [*draw_question(language), "judge"], lang, [prompt, question, kind], **quick).then(
        None, js=press("run"), **private
    )
    kind.change(partial(tools, pool), [kind, rewarder], [answer, rewarder], **quick)
    asking = [kind.change, order.change, rewarder.change, answer.submit, answer.blur, lang.change]
    gr.on(asking, judged, judging, judged_parts, **quick)
    lang.change(
        lambda done, language: words_to_change(done.prompt, language) if done else "", [written, lang], change, **quick
    )
    for button, form in zip(saves, FORMS, strict=True):
        save_on_click(button, partial(as_file, form), [chosen, *judging])
    if usable:
        chosen.change(lambda keys: [gr.update(visible=key in keys) for key in keys_of(pool)], chosen, columns, **quick)
    return chosen


def tools(pool: ModelPool, kind: str, rewarder: str | None) -> tuple[Any, Any]:
    """What a kind of score needs: an answer, or a reward model; one may have been trained since the page was opened."""
    offered = judges(pool)
    chosen = rewarder or next((key for _, key in offered), None)
    return gr.update(visible=kind == "likelihood"), gr.update(
        visible=kind == "reward" and bool(offered), choices=offered, value=chosen
    )


def chooser(what: str, names: tuple[str, ...], lang: str) -> dict[str, Any]:
    return {
        "label": text(f"{what}.label", lang),
        "info": text(f"{what}.hint", lang),
        "choices": [(text(f"{what}.{name}", lang), name) for name in names],
    }


def shown_first(pool: ModelPool) -> list[str]:
    """The models that are chosen at the start; those that translate or fill gaps need another kind of prompt."""
    return [key for _, key in pool.writers]


def example_text(index: int, lang: str) -> dict[str, Any]:
    return {"value": COMPARE_EXAMPLES[lang][index]}


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
