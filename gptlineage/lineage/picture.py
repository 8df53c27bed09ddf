"""A network as a drawing, made from its configuration alone: what stands where, and which words may see which.

The drawing is an SVG that takes its colours from the page (`--ink`, `--quiet`, `--card`, `--gen`) and has its own
where there is no page. Parts that belong to a field in `changed` are marked, with a broken line in what was before.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model import ModelConfig
from ..model.attention import visible
from ..model.recurrent import RecurrentConfig

WORDS: dict[str, tuple[str, str]] = {
    "attention": ("self-attention", "自注意力"),
    "cross": ("reads the source", "读取原文"),
    "mlp": ("MLP, {0}", "前馈网络 {0}"),
    "norm": ("norm", "归一化"),
    "learned": ("learned positions", "可学习的位置"),
    "sinusoidal": ("position waves", "正弦波位置"),
    "none": ("no positions", "没有位置"),
    "segments": ("segments", "句段"),
    "output": ("next word", "下一个词"),
    "masked": ("hidden words", "被遮住的词"),
    "source": ("source", "原文"),
    "target": ("target so far", "已有译文"),
    "text": ("text so far", "已有文字"),
    "whole": ("text with gaps", "带空缺的文字"),
    "encoder": ("encoder", "编码器"),
    "decoder": ("decoder", "解码器"),
    "all": ("all layers", "所有层"),
    "layer": ("layer {0}", "第 {0} 层"),
    "layers": ("layers {0}", "第 {0} 层"),
    "full": ("sees everything", "看到全部"),
    "causal": ("sees all before", "看到全部前文"),
    "banded": ("sees the last {0}", "只看最近 {0} 个"),
    "reader": ("reader, both ways", "双向读取"),
    "writer": ("writer", "写出译文"),
    "weigh": ("weighs every state", "给每个状态分配权重"),
    "fixed": ("one fixed vector", "一个固定向量"),
    "title": ("The network drawn from its configuration", "按配置画出的网络"),
}
ACTIVATIONS = {"relu": "ReLU", "gelu": "GELU", "gelu_tanh": "GELU"}
INK, QUIET, CARD, GEN = "var(--ink,#1f2328)", "var(--quiet,#5d6470)", "var(--card,#fff)", "var(--gen,#1763a6)"
WIDTH, STREAM, BRANCH = 234, 44, 156  # of a column; where in it the residual stream and its branches run
TOKENS, CELL = 16, 5  # of a mask


def word(key: str, lang: str, *values: object) -> str:
    return WORDS[key][lang == "zh"].format(*values)


@dataclass
class Sheet:
    """Shapes on paper that grows upwards: y is 0 at the foot and falls."""

    changed: frozenset[str]
    old: bool
    shapes: list[str] = field(default_factory=list)

    def paint(self, fields: Iterable[str]) -> str:
        if self.changed.isdisjoint(fields):
            return f'fill="{CARD}" stroke="{QUIET}"'
        dashes = ' stroke-dasharray="5 3"' if self.old else ""
        return f'class="hot" fill="{GEN}" fill-opacity="0.16" stroke="{GEN}" stroke-width="2"{dashes}'

    def box(self, x: float, y: float, width: float, height: float, label: str, fields: Iterable[str] = ()) -> None:
        """A labelled box with its centre at x and its foot at y."""
        left, top = x - width / 2, y - height
        paint = self.paint(fields)
        # A ground of its own, so that no line shows through the tint.
        ground = f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="6" fill="{CARD}"/>'
        self.shapes.append(f'{ground}<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="6" {paint}/>')
        self.write(x, y - height / 2 + 4.5, label)

    def write(self, x: float, y: float, label: str, colour: str = INK, size: int = 13, anchor: str = "middle") -> None:
        self.shapes.append(
            f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">'
            f"{html.escape(label)}</text>"
        )

    def line(self, *points: tuple[float, float], arrow: bool = True, colour: str = QUIET) -> None:
        path = " ".join(f"{x},{y}" for x, y in points)
        self.shapes.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        if arrow:
            (x0, y0), (x, y) = points[-2:]
            dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
            corners = f"{x},{y} {x - 6 * dx - 3.5 * dy},{y - 6 * dy - 3.5 * dx} {x - 6 * dx + 3.5 * dy},"
            self.shapes.append(f'<polygon points="{corners}{y - 6 * dy + 3.5 * dx}" fill="{colour}"/>')

    def plus(self, x: float, y: float, fields: Iterable[str]) -> None:
        self.shapes.append(f'<circle cx="{x}" cy="{y}" r="8" fill="{CARD}"/>')
        self.shapes.append(f'<circle cx="{x}" cy="{y}" r="8" {self.paint(fields)}/>')
        self.shapes.append(f'<path d="M{x - 4} {y}h8M{x} {y - 4}v8" stroke="{INK}"/>')

    def drawn(self, width: float, top: float, lang: str, foot: float = 8) -> str:
        return (
            f'<svg viewBox="0 {top} {width} {foot - top}" role="img" aria-label="{html.escape(word("title", lang))}" '
            f'xmlns="http://www.w3.org/2000/svg" style="max-width:{width * 1.2}px">{"".join(self.shapes)}</svg>'
        )


def picture(config: Any, lang: str = "en", changed: Iterable[str] = (), old: bool = False) -> str:
    """The network of a ModelConfig or RecurrentConfig as an inline SVG."""
    sheet = Sheet(frozenset(changed), old)
    if isinstance(config, RecurrentConfig):
        return recurrent(sheet, config, lang)
    return transformer(sheet, config, lang)


def transformer(sheet: Sheet, config: ModelConfig, lang: str) -> str:
    feet = ["source", "target"] if config.encoder_layers else ["text" if config.causal else "whole"]
    width = WIDTH * len(feet)
    tops: list[float] = []
    for number, foot in enumerate(feet):
        encoder = foot == "source"
        x, layers = number * WIDTH, config.encoder_layers if encoder else config.n_layers
        parts = ["attention", "mlp"] if encoder or not config.encoder_layers else ["attention", "cross", "mlp"]
        y = embeddings(sheet, config, x, foot, lang)
        floor = y
        for part in parts:
            if part == "cross":
                # The encoder's output comes over from its top, which is drawn by now.
                sheet.line((STREAM, tops[0]), (STREAM, tops[0] - 14), (x - 4, tops[0] - 14), arrow=False, colour=GEN)
                reach = y - (76 if config.norm == "pre" else 46)
                sheet.line((x - 4, tops[0] - 14), (x - 4, reach), (x + BRANCH - 67, reach), colour=GEN)
            y = sublayer(sheet, config, x, y, part, lang)
        if config.norm == "pre":  # room for the number
            sheet.line((x + STREAM, y), (x + STREAM, y - 18), arrow=False)
            y -= 18
        fields = ("encoder_layers",) if encoder else ("n_layers",)
        many = GEN if sheet.changed.intersection(fields) else QUIET
        sheet.shapes.append(
            f'<rect x="{x + 3}" y="{y}" width="{WIDTH - 8}" height="{floor - y}" rx="10" fill="none" stroke="{QUIET}" '
            f'stroke-dasharray="2 3"/>'
        )
        sheet.write(x + WIDTH - 14, y + 18, f"× {layers}", many, 14, "end")
        tops.append(y if encoder else ending(sheet, config, x, y, lang))
    foot_of_masks = masks(sheet, config, width, lang)
    return sheet.drawn(width, min(tops) - 26, lang, foot_of_masks)


def embeddings(sheet: Sheet, config: ModelConfig, x: float, foot: str, lang: str) -> float:
    """What happens to the words before the first block; returns the height reached."""
    sheet.write(x + 11, -4, word(foot, lang), QUIET, anchor="start")
    sheet.line((x + STREAM, -18), (x + STREAM, -46), arrow=False)
    sheet.line((x + BRANCH, -46), (x + STREAM + 8, -46))
    sheet.box(x + BRANCH, -33, 132, 26, word(config.positions, lang), ("positions",))
    sheet.plus(x + STREAM, -46, ())
    y = -54.0
    if config.segments:
        sheet.line((x + STREAM, y), (x + STREAM, y - 24), arrow=False)
        sheet.line((x + BRANCH, y - 24), (x + STREAM + 8, y - 24))
        sheet.box(x + BRANCH, y - 11, 132, 26, word("segments", lang), ("segments",))
        sheet.plus(x + STREAM, y - 24, ())
        y -= 32
    if config.embedding_norm:
        sheet.line((x + STREAM, y), (x + STREAM, y - 8), arrow=False)
        sheet.box(x + STREAM, y - 8, 66, 24, word("norm", lang), ("embedding_norm",))
        y -= 32
    sheet.line((x + STREAM, y), (x + STREAM, y - 12), arrow=False)
    return y - 12


def sublayer(sheet: Sheet, config: ModelConfig, x: float, y: float, part: str, lang: str) -> float:
    """Attention or MLP around the residual stream, the norm in the branch (pre) or on the stream (post)."""
    fields = {"attention": ("attention", "band", "causal"), "cross": ("encoder_layers",), "mlp": ("activation",)}[part]
    label = word(part, lang, ACTIVATIONS[config.activation])
    stream, branch, pre = x + STREAM, x + BRANCH, config.norm == "pre"
    height = 104 if pre else 112
    sheet.line((stream, y), (stream, y - height), arrow=False)
    sheet.line((stream, y - 12), (branch, y - 12), (branch, y - (24 if pre else 30)), arrow=not pre)
    if pre:
        sheet.box(branch, y - 22, 66, 24, word("norm", lang), ("norm",))
        sheet.line((branch, y - 46), (branch, y - 58))
    low = y - (58 if pre else 30)
    sheet.box(branch, low, 132, 32, label, fields)
    sheet.line((branch, low - 32), (branch, low - 40), (stream + 8, low - 40))
    sheet.plus(stream, low - 40, ("residual_init",))
    if not pre:
        sheet.box(stream, y - 82, 66, 24, word("norm", lang), ("norm",))
    return y - height


def ending(sheet: Sheet, config: ModelConfig, x: float, y: float, lang: str) -> float:
    """From the last block to the words."""
    sheet.line((x + STREAM, y), (x + STREAM, y - 12), arrow=False)
    y -= 12
    if config.final_norm:
        sheet.box(x + STREAM, y, 66, 24, word("norm", lang), ("final_norm",))
        sheet.line((x + STREAM, y - 24), (x + STREAM, y - 36), arrow=False)
        y -= 36
    sheet.box(x + STREAM + 34, y, 134, 28, word("output" if config.causal else "masked", lang), ("tied", "output"))
    return y - 28


def masks(sheet: Sheet, config: ModelConfig, width: float, lang: str) -> float:
    """Which words (down) see which (across), one square for each kind of layer; returns the foot of the drawing."""
    squares: list[tuple[str, bool, int | None]] = []
    if config.encoder_layers:
        squares.append((word("encoder", lang), False, None))
    for layer in range(len(config.attention)):
        if config.encoder_layers:
            name = word("decoder", lang)
        elif len(config.attention) == 1:
            name = word("all", lang)
        else:
            name = some_of(range(layer + 1, config.n_layers + 1, len(config.attention)), lang)
        squares.append((name, config.causal, config.layer_band(layer)))
    side, step = TOKENS * CELL, width / len(squares)
    for number, (name, causal, band) in enumerate(squares):
        centre = step * (number + 0.5)
        left, top = centre - side / 2, 40
        mask = visible(TOKENS, TOKENS, causal=causal, band=band)
        hot = not sheet.changed.isdisjoint(("causal", "attention", "band"))
        sheet.write(centre, top - 10, name, QUIET, 12)
        sheet.shapes.append(f'<rect x="{left}" y="{top}" width="{side}" height="{side}" {sheet.paint(())}/>')
        for row in range(TOKENS):
            seen = [key for key in range(TOKENS) if mask is None or mask[row, key]]
            start, length = seen[0] * CELL, len(seen) * CELL
            sheet.shapes.append(
                f'<rect x="{left + start}" y="{top + row * CELL}" width="{length}" height="{CELL - 0.6}" '
                f'fill="{GEN if hot else QUIET}" fill-opacity="0.75"/>'
            )
        kind = word("full", lang) if not causal else word("banded", lang, band) if band else word("causal", lang)
        sheet.write(centre, top + side + 17, kind, INK, 12)
    return 40 + side + 26


def some_of(layers: Sequence[int], lang: str) -> str:
    mark = "、" if lang == "zh" else ", "
    named = mark.join(map(str, layers[:3])) + (mark + "…" if len(layers) > 3 else "")
    return word("layers" if len(layers) > 1 else "layer", lang, named)


def recurrent(sheet: Sheet, config: RecurrentConfig, lang: str) -> str:
    """Four words read in both directions; above them the writer, and what it gets to see."""
    places = [58 + 68 * number for number in range(4)]
    middle = sum(places) / 4
    for number, x in enumerate(places):
        sheet.line((x, -24), (x, -42))
        sheet.box(x, -42, 44, 30, f"h{number + 1}")
        if number:
            sheet.line((places[number - 1] + 22, -50), (x - 22, -50))
            sheet.line((x - 22, -64), (places[number - 1] + 22, -64))
        sheet.write(x, -10, f"x{number + 1}", QUIET)
    sheet.write(middle, 12, f"{word('source', lang)} · {word('reader', lang)}", QUIET)
    if config.d_align:
        for x, weight in zip(places, (1.2, 4.5, 2, 1), strict=True):
            sheet.shapes.append(
                f'<path d="M{x} -72L{middle} -128" stroke="{GEN}" stroke-width="{weight}" stroke-opacity="0.8"/>'
            )
        sheet.box(middle, -124, 190, 30, word("weigh", lang), ("d_align",))
    else:
        sheet.line((places[-1], -72), (places[-1], -96), (middle, -96), (middle, -124), colour=GEN)
        sheet.line((places[0], -72), (places[0], -96), (middle, -96), arrow=False, colour=GEN)
        sheet.box(middle, -124, 150, 30, word("fixed", lang), ("d_align",))
    sheet.line((middle, -154), (middle, -178))
    for number, name in enumerate(("y1", "y2", "y3")):
        at = middle + 80 * (number - 1)
        sheet.box(at, -178, 46, 30, f"s{number + 1}")
        sheet.line((at, -208), (at, -226))
        sheet.write(at, -232, name, QUIET)
        if number:
            sheet.line((at - 57, -193), (at - 23, -193))
    sheet.write(middle, -256, word("writer", lang), QUIET)
    return sheet.drawn(320, -274, lang, 24)
