"""Curves of a training, drawn as SVG that wears the page's colours, in light and in dark.

The picture is stretched to its place and the numbers beside it are HTML, so that they keep their size on a telephone.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from gptlineage.training.watching import StageView

from .strings import escaped, text
from .words import STRINGS

Points = Sequence[tuple[float, float]]
MOST_POINTS = 240  # more cannot be told apart on a screen
SMOOTH = 6  # of these, about as many steps share in one point of the smooth line


def stage_name(objective: str, lang: str) -> str:
    """What a stage does, in words."""
    return text(f"value.{objective}", lang) if f"value.{objective}" in STRINGS else objective


def chart(view: StageView, lang: str, usual: float | None = None) -> str:
    """One stage: its loss, its loss on held-out text, and, where it may be compared, the released model's."""
    held = finite([(step, figures["val_loss"]) for step, figures in view.held_out if "val_loss" in figures])
    noisy = thinned(finite(view.losses))
    shown = [value for _, value in [*noisy, *held]]
    if not shown:
        return ""
    low, high = min([*shown, *([usual] if usual else [])]), max(shown)
    marks = ticks(low, high)
    low, high = min(low, marks[0]), max(high, marks[-1])
    place = Place(view.steps, low, high)
    lines = [f'<path class="grid" d="M0 {place.y(mark):.1f}H1000"/>' for mark in marks]
    if usual:
        lines.append(f'<path class="usual" d="M0 {place.y(usual):.1f}H1000"/>')
    for kind, points in (("noisy", noisy), ("smooth", smooth(noisy)), ("held", held)):
        lines.append(f'<path class="{kind}" d="{place.line(points)}"/>')
    lines += [f'<path class="dot" d="M{place.x(step):.1f} {place.y(value):.1f}h0"/>' for step, value in held]
    numbers = [f'<span class="up" style="top:{place.y(mark) / 10:.2f}%">{mark:g}</span>' for mark in marks]
    for step in (0, view.steps // 2, view.steps):
        numbers.append(f'<span class="along" style="left:{place.x(step) / 10:.2f}%">{step:,}</span>')
    keys = [("smooth", "train.loss"), ("held", "train.held_out")] if held else [("smooth", "train.loss")]
    if usual:
        keys.append(("usual", "train.usual"))
    legend = "".join(f'<span class="key {name}">{escaped(key, lang)}</span>' for name, key in keys)
    first, last = shown[0], (noisy or held)[-1][1]
    label = escaped("train.curve", lang, first=f"{first:.2f}", last=f"{last:.2f}", step=view.step)
    return (
        f'<figure class="curve"><figcaption><b>{html.escape(stage_name(view.objective, lang))}</b>{legend}</figcaption>'
        f'<div class="plot" role="img" aria-label="{label}"><svg viewBox="0 0 1000 1000" preserveAspectRatio="none">'
        f'{"".join(lines)}</svg>{"".join(numbers)}</div></figure>'
    )


class Place:
    """Where a step and a value lie in a picture of 1000 by 1000."""

    def __init__(self, steps: int, low: float, high: float):
        self.steps, self.low, self.span = max(1, steps), low, (high - low) or 1.0

    def x(self, step: float) -> float:
        return 1000 * step / self.steps

    def y(self, value: float) -> float:
        return 1000 * (1 - (value - self.low) / self.span)

    def line(self, points: Points) -> str:
        return "M" + "L".join(f"{self.x(step):.1f} {self.y(value):.1f}" for step, value in points) if points else ""


def finite(points: Points) -> Points:
    """Without the points whose value is no number: a training that fails ends in one."""
    return [(step, value) for step, value in points if math.isfinite(value)]


def thinned(points: Points) -> list[tuple[float, float]]:
    """At most MOST_POINTS, each the mean of its neighbours."""
    size = math.ceil(len(points) / MOST_POINTS)
    groups = [points[i : i + size] for i in range(0, len(points), size or 1)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def smooth(points: Points) -> list[tuple[float, float]]:
    """The running mean, in which what is long past counts less and less."""
    keep, mean, weight, line = 1 - 1 / SMOOTH, 0.0, 0.0, []
    for step, value in points:
        mean, weight = keep * mean + value, keep * weight + 1
        line.append((step, mean / weight))
    return line


def ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers that cover the range."""
    high = max(high, low + 1e-3)
    span = high - low
    unit: float = 10 ** math.floor(math.log10(span))
    step = next(unit * part for part in (0.2, 0.5, 1, 2) if span / (unit * part) <= 5)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(number * step, 6) for number in range(first, last + 1)]
