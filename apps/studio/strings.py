"""The interface in two languages; its words lie in the folder words/, one file for each tab.

`text(key, lang)` looks one up. `Translator` remembers which component shows which string, so that the switch in
the header can change them all while everything a person typed or a model wrote stays where it is.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import gradio as gr

from .words import STRINGS

LANGUAGES = (("EN", "en"), ("中文", "zh"))


def text(key: str, lang: str, **values: object) -> str:
    """The string of that key in "en" or "zh", with its {blanks} filled in."""
    english, chinese = STRINGS[key]
    return (chinese if lang == "zh" else english).format(**values)


def escaped(key: str, lang: str, **values: object) -> str:
    """The same, safe to stand inside HTML."""
    return html.escape(text(key, lang, **values))


class Translator:
    """Which component shows which string. A change of language updates these and nothing else."""

    def __init__(self, lang: str):
        self.lang = lang
        self._bound: list[tuple[gr.blocks.Block, Callable[[str], dict[str, Any]]]] = []

    def bind(self, component: Any, **keys: str) -> Any:
        """Let properties of `component` show strings, as in `bind(box, label="chat.message")`; returns it."""
        return self.render(component, lambda lang: {name: text(key, lang) for name, key in keys.items()})

    def render(self, component: Any, properties: Callable[[str], dict[str, Any]]) -> Any:
        """Let `component` show whatever `properties` gives for a language; returns it."""
        for name, value in properties(self.lang).items():
            setattr(component, name, value)
        self._bound.append((component, properties))
        return component

    def paragraph(self, markup: Callable[[str], str], elem_classes: str | None = None) -> gr.HTML:
        """A piece of the page that is ours alone; whatever else stands in it must be escaped."""
        component = gr.HTML(elem_classes=elem_classes, apply_default_css=False)
        self.render(component, lambda lang: {"value": markup(lang)})
        return component

    @property
    def components(self) -> list[gr.blocks.Block]:
        return [component for component, _ in self._bound]

    def updates(self, lang: str) -> list[dict[str, Any]]:
        """One update for each of `components`."""
        return [gr.update(**properties(lang)) for _, properties in self._bound]
