"""Saving what a tab shows as a file: the text is made here, the file by the browser, and none stays on the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

SAVE = "(told) => { if (told) gptlineageSave(told); }"


def save_on_click(button: gr.Button, produce: Callable[..., tuple[str, str]], inputs: Sequence[Any]) -> None:
    """A click saves what `produce(*inputs)` gives: a file's name and its text; an empty text saves nothing.

    A name in .png takes the text of an SVG picture.
    """
    assert button.parent is not None
    with button.parent:  # beside it
        carrier = gr.Textbox(visible=False)

    def tell(*values: Any) -> str:
        name, text = produce(*values)
        return json.dumps({"name": name, "text": text}) if text else ""

    quick: dict[str, Any] = {"queue": False, "show_progress_on": [], "api_visibility": "private"}
    button.click(tell, list(inputs), carrier, **quick).then(
        None, carrier, None, js=SAVE, show_progress_on=[], api_visibility="private"
    )
