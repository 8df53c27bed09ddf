"""How the studio looks: one colour per generation, system fonts, and a page that fits from 360 to 1920 pixels.

Nothing here is fetched from anywhere: no web font, no script, no picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr

from gptlineage.evaluation.slide import COLOURS

# Along the timeline from warm to cool. Each holds at least 4.5:1 against the page and the cards, in its own mode
# (tests/apps/test_studio.py measures it). The light ones are those of a comparison saved for a slide.
ON_DARK = {
    "rnnsearch": "#dcb06a", "transformer": "#f0a07a", "gpt-1": "#ff9c85", "bert": "#c9c65e", "gpt-2": "#6fd39a",
    "gpt-3": "#7cbcf5", "gpt-3.5": "#b0a6ff", "chatgpt": "#f492d0", "gpt-4": "#b4c2cf",
}  # fmt: skip
GENERATION_COLOURS = {name: (light, ON_DARK[name]) for name, light in COLOURS.items()}  # name: (on light, on dark)
OTHER_COLOUR = ("#45525f", "#b4c2cf")

PAGE = ("#faf8f3", "#15171b")
CARD = ("#ffffff", "#1d2026")
INK = ("#1f2328", "#ebe8e1")
QUIET = ("#5d6470", "#a3a9b4")
LINE = ("#e4dfd3", "#33373f")
ACCENT = GENERATION_COLOURS["chatgpt"]

# How likely a token was: one hue that only grows stronger, for eyes of every kind; ink on each holds 4.5:1.
STEPS = (0.5, 0.2, 0.05, 0.01, 0.001)  # a probability below the first gets the second colour, and so on
SURPRISE: tuple[tuple[str, str], ...] = (
    ("#ffffff", "#1d2026"),
    ("#fdf1d6", "#302a1f"),
    ("#fbe0aa", "#46381d"),
    ("#f6c871", "#5d4619"),
    ("#eda841", "#725014"),
    ("#dd8520", "#875c10"),
)

SANS = [
    "ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Helvetica Neue", "Arial",
    "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC",
    "sans-serif",
]  # fmt: skip
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono CJK SC", "monospace"]

# The mark in the browser's tab: a line of descent. Inline, so that there is no file to find.
FAVICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Cpath d='M6 24 L16 15 L26 7' stroke='%2345525f' stroke-width='3' fill='none'/%3E"
    "%3Ccircle cx='6' cy='24' r='4.5' fill='%23b3361f'/%3E%3Ccircle cx='16' cy='15' r='4.5' fill='%231763a6'/%3E"
    "%3Ccircle cx='26' cy='7' r='4.5' fill='%23a02a7a'/%3E%3C/svg%3E"
)
HEAD = f'<link rel="icon" href="{FAVICON}"><meta name="color-scheme" content="light dark">'


def variables(mode: int) -> str:
    """The custom properties of light (0) or dark (1)."""
    named = {"page": PAGE, "card": CARD, "ink": INK, "quiet": QUIET, "line": LINE, "accent": ACCENT}
    named |= {f"surprise-{step}": pair for step, pair in enumerate(SURPRISE)}
    return "".join(f"--{name}:{pair[mode]};" for name, pair in named.items())


def generation_rules(names: Iterable[str]) -> str:
    """`--gen` for anything that carries a generation's class, in both modes."""
    rules = [f".gen{{--gen:{OTHER_COLOUR[0]}}}.dark .gen{{--gen:{OTHER_COLOUR[1]}}}"]
    for name in names:
        light, dark = GENERATION_COLOURS[name]
        rules.append(f".{class_of(name)}{{--gen:{light}}}.dark .{class_of(name)}{{--gen:{dark}}}")
    return "".join(rules)


def class_of(generation: str) -> str:
    """The CSS class of a generation; a dot would end a class name."""
    return "gen-" + generation.replace(".", "-") if generation in GENERATION_COLOURS else "gen"


def picker_rules(models: Iterable[tuple[str, str]]) -> str:
    """Let each choice of a picker wear its generation's colour: (key, generation)."""
    rules = []
    for key, generation in models:
        light, dark = GENERATION_COLOURS.get(generation, OTHER_COLOUR)
        chosen = f'.models label:has(input:is([value="{css_string(key)}"],[name="{css_string(key)}"]))'
        rules.append(f"{chosen}{{--gen:{light}}}.dark {chosen}{{--gen:{dark}}}")
    return "".join(rules)


def css_string(value: str) -> str:
    """`value` inside a double-quoted CSS string: everything but plain letters becomes an escape."""
    return "".join(c if c.isascii() and (c.isalnum() or c in " -_.") else f"\\{ord(c):x} " for c in value)


def head() -> str:
    """What stands in the page's head: its icon, and the scripts that lie beside this file."""
    scripts = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.js")))
    return f"{HEAD}<script>{scripts}</script>"


def stylesheet(models: Iterable[tuple[str, str]]) -> str:
    """The whole style of the page, for pickers of these models: (key, generation)."""
    rules = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.css")))
    modes = f":root{{{variables(0)}}}.dark{{{variables(1)}}}"
    return modes + rules + generation_rules(GENERATION_COLOURS) + picker_rules(models)


def theme() -> gr.themes.Base:
    """Gradio's own parts in the same paper and ink."""
    settings: dict[str, Any] = {}
    for name, (light, dark) in {
        "body_background_fill": PAGE,
        "body_text_color": INK,
        "body_text_color_subdued": QUIET,
        "background_fill_primary": CARD,
        "background_fill_secondary": PAGE,
        "block_background_fill": CARD,
        "block_border_color": LINE,
        "block_label_background_fill": CARD,
        "block_label_text_color": QUIET,
        "block_title_text_color": INK,
        "block_info_text_color": QUIET,
        "border_color_primary": LINE,
        "border_color_accent": ACCENT,
        "color_accent_soft": PAGE,
        "input_background_fill": CARD,
        "input_border_color": LINE,
        "input_border_color_focus": ACCENT,
        "input_placeholder_color": QUIET,
        "link_text_color": ACCENT,
        "slider_color": ACCENT,
        "checkbox_background_color": CARD,
        "checkbox_background_color_selected": ACCENT,
        "checkbox_border_color": QUIET,
        "checkbox_border_color_focus": ACCENT,
        "checkbox_border_color_selected": ACCENT,
        "checkbox_label_background_fill": CARD,
        "checkbox_label_background_fill_hover": PAGE,
        "checkbox_label_background_fill_selected": CARD,
        "checkbox_label_text_color": INK,
        "checkbox_label_text_color_selected": INK,
        "checkbox_label_border_color": LINE,
        "button_primary_background_fill": INK,
        "button_primary_background_fill_hover": ACCENT,
        "button_primary_text_color": CARD,
        "button_primary_text_color_hover": CARD,
        "button_secondary_background_fill": CARD,
        "button_secondary_background_fill_hover": PAGE,
        "button_secondary_border_color": LINE,
        "button_secondary_text_color": INK,
    }.items():
        settings[name], settings[f"{name}_dark"] = light, dark
    return gr.themes.Base(
        primary_hue=gr.themes.colors.pink,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_lg,
        spacing_size=gr.themes.sizes.spacing_md,
        text_size=gr.themes.sizes.text_md,
        font=SANS,
        font_mono=MONO,
    ).set(**settings, block_shadow="none", block_shadow_dark="none", button_primary_border_color="transparent")
