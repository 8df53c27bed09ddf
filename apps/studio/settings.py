"""The five dials that both tabs share, each with a line that says what it does."""

from __future__ import annotations

from typing import Any

import gradio as gr

import gptlineage as gl

from .strings import Translator, text

LONGEST = 400  # tokens; a page that never ends helps nobody
LARGEST_SEED = 2**31 - 1


def build_settings(words: Translator, *, temperature: float, length: int, seed: str, seed_hint: str) -> list[Any]:
    """A folded panel. The components come in the order in which `as_settings` expects their values."""
    panel = words.bind(gr.Accordion(open=False), label="settings.title")
    with panel, gr.Row(elem_classes="dial-grid"):
        dials: list[Any] = [
            gr.Slider(0, 2, value=temperature, step=0.05),
            gr.Slider(0, 200, value=50, step=1),
            gr.Slider(0.05, 1, value=1, step=0.05),
            gr.Slider(8, LONGEST, value=length, step=8),
            # Not a Number: that one turns an empty field into 0 when the panel opens.
            gr.Textbox(value=seed, max_lines=1, max_length=10, elem_classes="seed"),
        ]
    for name, dial in zip(("temperature", "top_k", "top_p", "length", "seed"), dials, strict=True):
        words.bind(dial, label=f"settings.{name}", info=f"settings.{seed_hint if name == 'seed' else name + '_hint'}")
    return dials


def as_settings(temperature: float, top_k: float, top_p: float, length: float, seed: str | None) -> dict[str, Any]:
    """The dials' values as the engine's arguments. Raises UserError for a seed that is no number."""
    wanted = (seed or "").strip()
    if wanted and not (wanted.isdecimal() and int(wanted) <= LARGEST_SEED):
        raise gl.UserError(text("error.seed", "en"), text("error.seed", "zh"))
    return {
        "temperature": float(temperature),
        "top_k": int(top_k),
        "top_p": float(top_p),
        "max_new_tokens": min(int(length), LONGEST),
        "seed": int(wanted) if wanted else None,
    }
