"""What stands above the tabs: the name, the switch between languages, and the family on one line."""

from __future__ import annotations

import html

import gradio as gr

from gptlineage.lineage.family import STORY

from .models import ModelPool
from .strings import LANGUAGES, Translator, escaped, text
from .theme import class_of

# A click on a generation that is here chooses it in the chat, or in Compare if it does not write; one on another opens
# its page of the lineage. A tab is drawn when it is first opened, so what stands in it may have to be waited for.
CHOOSE = """
element.addEventListener('click', async (event) => {
  const place = event.target.closest('button[data-tab]');
  if (!place) return;
  const {tab, among, choice} = place.dataset, wanted = () => document.querySelectorAll(among)[Number(choice)];
  document.querySelectorAll('#views [role=tab]')[Number(tab)]?.click();
  for (let tries = 0; !wanted() && tries < 100; tries++) await new Promise((next) => setTimeout(next, 50));
  if (wanted() && !wanted().checked) wanted().click();
});
"""
CHAT, COMPARE, LINEAGE = 0, 1, 5  # the tabs, from the left


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
    """The family as a list of buttons; generations that can be tried stand out in their colour."""
    present: dict[str, str] = {}  # where a click leads: the tab, and what is chosen there
    for picker, tab, choices in (("chat", CHAT, pool.writers), ("compare", COMPARE, pool.lane_choices)):
        for index, (_, key) in enumerate(choices):
            present.setdefault(pool.cards[key].generation, leads_to(tab, f"#{picker}-models input", index))
    places = []
    for generation, year, name in ((one.name, one.year, one.title) for one in STORY):
        idea, here = text(f"line.{generation}", lang), generation in present
        inner = (
            f'<span class="dot"></span><span class="year">{year}</span>'
            f'<span class="name">{name}</span><span class="idea">{html.escape(idea)}</span>'
        )
        tip = html.escape(f"{name} ({year}): {idea} · " + text("line.here" if here else "line.later", lang))
        target = present.get(generation) or leads_to(LINEAGE, f"#tree [data-name='{generation}']")
        inner = f'<button type="button" {target}>{inner}</button>'
        places.append(f'<li class="{class_of(generation)} {"here" if here else "later"}" title="{tip}">{inner}</li>')
    return f'<ol class="timeline" aria-label="{escaped("line.label", lang)}">{"".join(places)}</ol>'


def leads_to(tab: int, among: str, choice: int = 0) -> str:
    return f'data-tab="{tab}" data-among="{among}" data-choice="{choice}"'
