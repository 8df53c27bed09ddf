"""Attention as a picture: a row for every token that reads, a column for every token that is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import UserError
from ..inference.inspect import AttentionView

# Fonts with Chinese characters on the usual systems. A picture made of points needs one, an SVG leaves it to others.
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei",
    "SimHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Noto Sans CJK JP", "Arial Unicode MS",
)  # fmt: skip


def weights_of(view: AttentionView, layer: int | None = None, head: int | None = None) -> Tensor:
    """One map `[rows, columns]`: of a layer (from 1; the last if None) and a head (from 1; the mean if None).

    Raises UserError when there is no such layer or head.
    """
    n_layers = len(view.weights)
    if layer is not None and not 1 <= layer <= n_layers:
        raise UserError(
            f"There is no layer {layer}; choose 1 to {n_layers}.", f"没有第 {layer} 层；请选择 1 到 {n_layers}。"
        )
    heads = view.weights[(layer or n_layers) - 1]
    if head is not None and not 1 <= head <= len(heads):
        raise UserError(
            f"There is no head {head}; choose 1 to {len(heads)}.", f"没有第 {head} 个头；请选择 1 到 {len(heads)}。"
        )
    return heads.mean(0) if head is None else heads[head - 1]


def draw(view: AttentionView, weights: Tensor, title: str, path: Path) -> None:
    """Write the heatmap to `path` (.png or .svg). Raises UserError when the file cannot be made."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import font_manager
    from matplotlib import pyplot as plt

    if path.suffix not in (".png", ".svg"):
        raise UserError(
            f"A picture is a .png or .svg file, not {path.name!r}.",
            f"图片请用 .png 或 .svg 文件，而不是 {path.name!r}。",
        )
    rows, columns = [str(token) for token in view.rows], [str(token) for token in view.columns]
    there = {font.name for font in font_manager.fontManager.ttflist}
    fonts = [name for name in CHINESE_FONTS if name in there]
    if path.suffix == ".png" and not fonts and any("\u4e00" <= c <= "\u9fff" for c in "".join(rows + columns)):
        raise UserError(
            "No font with Chinese characters was found for a .png; write an .svg, or install one (Noto Sans CJK).",
            "找不到含中文的字体，无法生成 .png；请改用 .svg，或安装中文字体（如 Noto Sans CJK）。",
        )
    families = ["DejaVu Sans", *(fonts or CHINESE_FONTS), "sans-serif"]
    with plt.rc_context({"font.family": families, "svg.fonttype": "none"}):
        size = (2.0 + 0.32 * len(columns), 1.6 + 0.3 * len(rows))
        figure, axis = plt.subplots(figsize=size, layout="constrained")
        axis.imshow(weights.cpu().numpy(), cmap="Blues", vmin=0.0, vmax=max(float(weights.max()), 1e-6), aspect="auto")
        label(axis, rows, columns)
        axis.set_title(title, fontsize=10)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
        plt.close(figure)


def label(axis: Any, rows: list[str], columns: list[str]) -> None:
    # parse_math: a dollar sign in a text is no formula.
    axis.set_xticks(range(len(columns)), columns, rotation=90, fontsize=9, parse_math=False)
    axis.set_yticks(range(len(rows)), rows, fontsize=9, parse_math=False)
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
