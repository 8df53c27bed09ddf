"""The Train tab: choose a generation and a text, see what it will cost, and watch it learn.

The training itself is a process of the command line (`training.py`); this page may be closed and opened again.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

import gptlineage as gl
from gptlineage.errors import explain
from gptlineage.lineage.plan import size_of

from .choosing import OWN, choice_of, data_choices, file_hint, news, parents, recipe_choices, size_choices
from .models import ModelPool
from .progress import panel
from .strings import Translator, escaped, text
from .training import ACTIVE, SUFFIXES, Choice, Training, check_text, measure

FIRST = "gpt-1"
CONTROLS = {"pause": "train.pause", "resume": "train.resume", "stop": "train.stop", "meet": "train.meet"}
Look = Callable[[str], tuple[Any, ...]]


def build_train(
    pool: ModelPool, words: Translator, lang: gr.Radio, training: Training, given: Sequence[Path]
) -> tuple[Look, list[Any]]:
    """The tab with all its events; `given` are the texts and folders named at the start.

    Returns what must be asked whenever the page is opened, and the components that it updates.
    """
    with words.bind(gr.Tab(id="train"), label="train.tab") as tab:
        with gr.Column(visible=False) as view:
            shown = gr.HTML("", elem_id="training", apply_default_css=False)
            with gr.Row(elem_classes="actions"):
                steer = {name: gr.Button(elem_id=f"{name}-training", visible=False) for name in CONTROLS}
            for name, button in steer.items():
                words.bind(button, value=CONTROLS[name])
        clock = gr.Timer(1.0, active=False)
        with gr.Column(elem_classes="sheet") as form:
            words.paragraph(lambda language: f"<p>{escaped('train.intro', language)}</p>", "intro")
            generation = words.bind(
                gr.Radio(
                    [(one.title, one.name) for one in gl.generations()],
                    value=FIRST, elem_classes="models", elem_id="train-generation", container=False,
                ),
                label="train.generation",
            )  # fmt: skip
            about = gr.HTML(news(FIRST, words.lang), elem_classes="model-line", apply_default_css=False)
            with gr.Row(elem_classes="choices"):
                menu: dict[str, Any] = {"filterable": False}
                size = gr.Dropdown(size_choices(FIRST, words.lang), value="mini", elem_id="train-size", **menu)
                parent = gr.Dropdown([], elem_id="train-parent", visible=False, **menu)
                data = gr.Dropdown(data_choices(given, words.lang), value="world", elem_id="train-data", **menu)
                recipe = gr.Dropdown(recipe_choices(words.lang), value="quick", elem_id="train-recipe", **menu)
                steps = gr.Textbox(max_lines=1, max_length=7, elem_id="train-steps")
            words.bind(size, label="train.size")
            words.bind(parent, label="train.parent")
            words.render(data, lambda to: {"label": text("train.data", to), "choices": data_choices(given, to)})
            words.render(recipe, lambda to: {"label": text("train.recipe", to), "choices": recipe_choices(to)})
            words.bind(steps, label="train.steps", placeholder="train.steps_hint")
            with gr.Row(elem_classes="actions", visible=False) as own:
                upload = words.bind(
                    gr.UploadButton(file_types=list(SUFFIXES), size="sm", elem_id="train-file"), label="train.upload"
                )
                hint: dict[str, Any] = {"elem_classes": "hint", "apply_default_css": False}
                file_line = gr.HTML(file_hint(FIRST, words.lang), elem_id="train-file-line", **hint)
            with gr.Row(elem_classes="actions"):
                ask = words.bind(gr.Button(variant="primary", elem_id="measure"), value="train.measure")
                start = words.bind(gr.Button(elem_id="start-training", interactive=False), value="train.start")
                words.paragraph(lambda language: escaped("train.measure_hint", language), "hint")
            told = gr.HTML("", elem_classes="plan", elem_id="plan", apply_default_css=False)
        plan = gr.State(None)

    choices = [generation, size, parent, data, upload, recipe, steps]

    def follow(name: str, language: str) -> tuple[Any, ...]:
        """What else there is to choose, after another generation."""
        models = parents(pool, name)
        needs_one = gl.generation(name).starts_from is not None
        return (
            news(name, language),
            gr.update(choices=size_choices(name, language), value="mini"),
            gr.update(choices=models, value=models[0][1] if models else None, visible=needs_one),
            file_hint(name, language),
        )

    def weigh(*values: Any) -> Iterator[tuple[Any, ...]]:
        """Measure the chosen run; afterwards it may be started."""
        *chosen, language = values
        yield from weighed(training, pool, given, chosen, language)

    def begin(state: dict[str, Any] | None, *values: Any) -> tuple[Any, ...]:
        """Start what was measured, if that is what is chosen now."""
        *chosen, language = values
        try:
            if training.active:
                raise gl.UserError(text("train.busy", "en"), text("train.busy", "zh"))
            choice = choice_of(pool, given, *chosen)
            if state is None or Choice(**state["choice"]) != choice:
                raise gl.UserError(text("train.changed", "en"), text("train.changed", "zh"))
            training.begin(choice, state["plan"], language)
        except gl.UserError as error:
            return trouble(error, language), None, *unpriced(), *[gr.skip()] * len(standing)
        return "", None, *unpriced(), *look(language)

    def check_file(path: str | None, name: str, language: str) -> str:
        if path is None:
            return file_hint(name, language)
        try:
            check_text(path, Path(path).name)
        except gl.UserError as error:
            return trouble(error, language)
        return escaped("train.file", language, name=Path(path).name, size=size_of(Path(path).stat().st_size))

    def look(language: str) -> tuple[Any, ...]:
        """How the training stands, for whoever looks; the clock goes while it runs."""
        visible = {
            "pause": training.state in ("running", "pausing"),
            "resume": training.can_resume,
            "stop": training.active,
            "meet": training.state == "done" and bool(training.key),
        }
        locked = {"pause": training.state == "pausing", "stop": training.state == "stopping"}
        buttons = [gr.update(visible=visible[name], interactive=not locked.get(name)) for name in CONTROLS]
        moving = training.state in ACTIVE and training.state != "paused"
        places = gr.update(visible=training.state != "idle"), gr.update(visible=not training.active)
        return panel(training, language), *buttons, gr.Timer(active=moving), *places

    def fresh(language: str) -> tuple[Any, ...]:
        """What a page just opened shows."""
        sizes = gr.update(choices=size_choices(FIRST, language))
        return *look(language), news(FIRST, language), sizes, file_hint(FIRST, language)

    def steered(way: Callable[[str], None], language: str) -> tuple[Any, ...]:
        way(language)
        return look(language)

    def retold(state: dict[str, Any] | None, name: str, path: str | None, language: str) -> tuple[Any, ...]:
        """What was written here by Python, in the other language."""
        sizes = gr.update(choices=size_choices(name, language))
        return news(name, language), sizes, check_file(path, name, language), plan_line(state, language)

    standing = [shown, *steer.values(), clock, view, form]
    private: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {"queue": False, "show_progress_on": [], **private}
    for name, way in {"pause": training.pause, "resume": training.resume, "stop": training.stop}.items():
        steer[name].click(partial(steered, way), lang, standing, **quick)
    steer["meet"].click(None, js="() => location.reload()", **private)
    gr.on([clock.tick, tab.select], look, lang, standing, **quick)
    lang.change(look, lang, standing, **quick)
    lang.change(retold, [plan, generation, upload, lang], [about, size, file_line, told], **quick)
    generation.change(follow, [generation, lang], [about, size, parent, file_line], **quick)
    data.change(lambda chosen: gr.update(visible=chosen == OWN), data, own, **quick)
    forget = [part.input for part in (generation, size, parent, data, recipe, steps)] + [upload.upload]
    weighing = ask.click(
        weigh, [*choices, lang], [told, plan, ask, start], show_progress_on=[], concurrency_id="measure", **private
    )
    # Another choice has another price. The page serves what listens to one event one after the other, waiting for each
    # answer: a cancelling that came last would end the measuring for which somebody has asked meanwhile.
    gr.on(forget, None, cancels=weighing, **quick)
    gr.on(forget, lambda: ("", None, *unpriced()), None, [told, plan, ask, start], **quick)
    upload.upload(check_file, [upload, generation, lang], file_line, **quick)
    start.click(begin, [plan, *choices, lang], [told, plan, ask, start, *standing], **quick)
    return fresh, [*standing, about, size, file_line]


def weighed(
    training: Training, pool: ModelPool, given: Sequence[Path], chosen: Sequence[Any], lang: str
) -> Iterator[tuple[Any, ...]]:
    """Updates for the line, the plan, and the two buttons."""
    locked = gr.update(interactive=False)
    try:
        if training.active:
            raise gl.UserError(text("train.busy", "en"), text("train.busy", "zh"))
        choice = choice_of(pool, given, *chosen)
        yield f'<p class="waiting">{escaped("train.measuring", lang)}</p>', None, locked, locked
        with closing(measure(choice, lang)) as measuring:  # a page that is closed ends the measuring
            plan = None
            while plan is None:
                try:
                    next(measuring)
                    yield tuple([gr.skip()] * 4)
                except StopIteration as found:
                    plan = found.value
    except gl.UserError as error:
        yield trouble(error, lang), None, *unpriced()
        return
    except Exception:
        logging.exception("the run could not be measured")
        yield f'<p class="trouble">{escaped("error.unexpected", lang)}</p>', None, *unpriced()
        return
    state = {"choice": asdict(choice), "plan": plan}
    if not plan["fits"]:
        yield plan_line(state, lang), state, *unpriced()
        return
    asked = gr.update(interactive=True, variant="secondary")
    yield plan_line(state, lang), state, asked, gr.update(interactive=True, variant="primary")


def unpriced() -> tuple[Any, Any]:
    """The two buttons as long as no price is known: only it can be asked for."""
    return gr.update(interactive=True, variant="primary"), gr.update(interactive=False, variant="secondary")


def plan_line(state: dict[str, Any] | None, lang: str) -> str:
    if state is None:
        return ""
    kind = "priced" if state["plan"]["fits"] else "trouble"
    return f'<p class="{kind}">{html.escape(state["plan"]["zh" if lang == "zh" else "en"])}</p>'


def trouble(error: gl.UserError, lang: str) -> str:
    return f'<p class="trouble">{html.escape(explain(error, lang))}</p>'
