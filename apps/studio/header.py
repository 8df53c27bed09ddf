"""What stands above the tabs: the name, the switch between languages, and the family on one line."""

from __future__ import annotations

import html

import gradio as gr

from gptlineage.lineage.family import STORY

from .models import ModelPool
from .strings import LANGUAGES, Translator, escaped, text
from .theme import class_of

# A click on a generation that is here chooses it in the chat, or in Compare if it does not write.
CHOOSE = """
element.addEventListener('click', (event) => {
  const place = event.target.closest('button[data-choice]');
  if (!place) return;
  const tabs = document.querySelectorAll('#views [role=tab]'), chat = place.dataset.picker === 'chat';
  const choice = document.querySelectorAll(`#${place.dataset.picker}-models input`)[Number(place.dataset.choice)];
  if (choice && !choice.checked) choice.click();
  tabs[chat ? 0 : 1]?.click();
});
"""


def build_header(pool: ModelPool, words: Translator) -> gr.Radio:
    """Returns the language switch; its events belong to the page."""
    with gr.Row(elem_classes="masthead"):
        words.paragraph(title, "title")
        switch = gr.Radio(
            LANGUAGES, value=words.lang, label="Language / 语言", elem_id="language", container=False, scale=0
        )
    words.render(
        gr.HTML(js_on_load=CHOOSE, elem_classes="family", apply_default_css=False),
        lambda lang: {"value": timeline(pool, lang)},
    )
    return switch


def title(lang: str) -> str:
    return f"<h1>gpt<b>lineage</b></h1><p>{escaped('app.tagline', lang)}</p>"


def timeline(pool: ModelPool, lang: str) -> str:
    """The family as a list; generations that can be tried are buttons in their colour."""
    present: dict[str, str] = {}  # where a click leads: which picker, and the place in it
    for picker, choices in (("chat", pool.writers), ("compare", pool.lane_choices)):
        for index, (_, key) in enumerate(choices):
            present.setdefault(pool.cards[key].generation, f'data-picker="{picker}" data-choice="{index}"')
    places = []
    for generation, year, name in ((one.name, one.year, one.title) for one in STORY):
        idea, here = text(f"line.{generation}", lang), generation in present
        inner = (
            f'<span class="dot"></span><span class="year">{year}</span>'
            f'<span class="name">{name}</span><span class="idea">{html.escape(idea)}</span>'
        )
        tip = html.escape(f"{name} ({year}): {idea} · " + text("line.here" if here else "line.later", lang))
        if here:
            inner = f'<button type="button" {present[generation]}>{inner}</button>'
        places.append(f'<li class="{class_of(generation)} {"here" if here else "later"}" title="{tip}">{inner}</li>')
    return f'<ol class="timeline" aria-label="{escaped("line.label", lang)}">{"".join(places)}</ol>'
