"""How attention is drawn: every head as a thumbnail, one of them in full, and one row of it as shaded text.

It takes any `AttentionView`; where rows and columns are different texts (a translation and its source) it is the same.
"""

from __future__ import annotations

import base64
import html
import io

import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gptlineage.inference.inspect import AttentionView

from .strings import escaped, text
from .tokens import drawn, layer_name, percent

THUMBNAIL = 40  # pixels; a longer text keeps the strongest weight of each square
MOST_READ = 5  # tokens that are named with their numbers

PICK_HEAD_JS = """
element.addEventListener('click', (event) => {
  const head = event.target.closest('button[data-head]');
  if (!head) return;
  for (const other of element.querySelectorAll('button[data-head]')) {
    other.setAttribute('aria-pressed', other === head);
  }
  trigger('turn', {layer: Number(head.dataset.layer), head: Number(head.dataset.head)});
});
"""
# The numbers are read from the picture itself: its opacity is the square root of the weight.
MATRIX_JS = """
let pixels = null;
const ready = () => {
  pixels = null;
  const heat = element.querySelector('.heat'), mark = element.querySelector('.row-mark');
  if (!heat) return;
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    pixels = context.getImageData(0, 0, image.width, image.height);
  };
  image.src = heat.dataset.picture;
  const frame = heat.closest('.matrix');
  if (mark) frame.scrollTop = Math.max(0, mark.offsetTop - frame.clientHeight / 2);
};
element.addEventListener('pointermove', (event) => {
  const heat = event.target.closest('.heat'), readout = element.querySelector('.readout');
  if (!heat || !pixels) return;
  const box = heat.getBoundingClientRect();
  const row = Math.floor((event.clientY - box.top) / box.height * pixels.height);
  const column = Math.floor((event.clientX - box.left) / box.width * pixels.width);
  const alpha = pixels.data[4 * (row * pixels.width + column) + 3];
  if (alpha === undefined) return;
  const name = (where, n) => element.querySelectorAll(where + ' > span')[n]?.textContent;
  const share = (100 * (alpha / 255) ** 2).toFixed(0);
  readout.textContent = `${name('.rows', row)} → ${name('.columns', column)}: ${share}%`;
});
ready();
watch('value', ready);
"""


def picture(weights: Tensor) -> str:
    """Weights `[T, S]` from 0 to 1 as a picture whose opacity is their square root, so that small ones still show."""
    alpha = Image.fromarray((weights.clamp(0, 1).sqrt() * 255).round().byte().numpy())
    file = io.BytesIO()
    Image.merge("LA", (Image.new("L", alpha.size), alpha)).save(file, "png", compress_level=3)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def thumbnail(weights: Tensor) -> str:
    size = (min(THUMBNAIL, weights.shape[0]), min(THUMBNAIL, weights.shape[1]))
    return picture(F.adaptive_max_pool2d(weights[None], size)[0])


def weights_of(view: AttentionView, layer: int, head: int) -> Tensor:
    """The weights of one head; the number behind the last head stands for the mean of the layer's heads."""
    heads = view.weights[layer]
    return heads.mean(0) if head == len(heads) else heads[head]


def head_name(view: AttentionView, layer: int, head: int, lang: str) -> str:
    if view.rows != view.columns and len(view.weights) == len(view.weights[0]) == 1:
        return text("inside.only_head", lang)
    if head == len(view.weights[layer]):
        return text("inside.mean", lang, layer=layer + 1)
    return text("inside.head", lang, layer=layer + 1, head=head + 1)


def head_grid(view: AttentionView, layer: int, head: int, lang: str, means: bool = False) -> str:
    """All heads, a line for each layer, at its end their mean when asked for; the chosen one is pressed."""
    lines = []
    for number, weights in enumerate(view.weights):
        buttons = []
        for which in range(len(weights) + means):
            label = html.escape(head_name(view, number, which, lang))
            pressed = str((number, which) == (layer, head)).lower()
            small = thumbnail(weights_of(view, number, which))
            buttons.append(
                f'<button type="button" data-layer="{number}" data-head="{which}" aria-pressed="{pressed}" '
                f'aria-label="{label}" title="{label}"{" class=mean" if which == len(weights) else ""}>'
                f'<i style="--picture:url({small})"></i></button>'
            )
        name = layer_name(number, view.bands[number], lang)
        heads = f'<div class="heads" style="--heads:{len(buttons)}">{"".join(buttons)}</div>'
        lines.append(f'<div class="layer"><span>{name}</span>{heads}</div>')
    hint = escaped("inside.attention_hint", lang)
    if means:
        hint += ("" if lang == "zh" else " ") + escaped("inside.mean_hint", lang)
    return (
        f'<section class="head-grid"><h4>{escaped("inside.attention", lang)}</h4>'
        f'<p class="told">{hint}</p>{"".join(lines)}</section>'
    )


def one_head(
    view: AttentionView, layer: int, head: int, row: int, lang: str, standing: str = "inside.standing"
) -> str:
    """One head: what token `row` reads, as shaded text and in numbers, and below it the whole of the head.

    `standing` is the string that says where the head stands when it reads.
    """
    weights = weights_of(view, layer, head)
    name = html.escape(head_name(view, layer, head, lang))
    return (
        f'<section class="one-head"><h4>{name}</h4>{reading(view, weights, row, standing, lang)}'
        f"{matrix(view, weights, row, name, lang)}</section>"
    )


def reading(view: AttentionView, weights: Tensor, row: int, standing: str, lang: str) -> str:
    shares = weights[row].tolist()
    last = max(column for column, share in enumerate(shares) if share > 0)
    shaded = []
    for column, token in enumerate(view.columns[: last + 1]):
        far = " unseen" if shares[column] == 0 else ""
        shaded.append(f'<span class="read{far}" style="--w:{shares[column]:.3f}">{drawn(token, flowing=True)}</span>')
        if token.data.endswith(b"\n"):
            shaded.append("<br>")
    strongest = sorted(range(len(shares)), key=shares.__getitem__, reverse=True)[:MOST_READ]
    named = " · ".join(
        f"{drawn(view.columns[column])}\u00a0{percent(shares[column], lang)}" for column in strongest if shares[column]
    )
    told = escaped(standing, lang).format(token=drawn(view.rows[row]))
    return f'<p class="told">{told}</p><div class="reading">{"".join(shaded)}</div><p class="most">{named}</p>'


def matrix(view: AttentionView, weights: Tensor, row: int, name: str, lang: str) -> str:
    heat = picture(weights)
    rows = "".join(f"<span{' class=chosen' if n == row else ''}>{drawn(t)}</span>" for n, t in enumerate(view.rows))
    columns = "".join(f"<span>{drawn(token)}</span>" for token in view.columns)
    told = escaped("inside.matrix" if view.rows == view.columns else "inside.matrix_source", lang)
    label = f"{name}. {told}"
    return (
        f'<div class="matrix" tabindex="0" role="group" aria-label="{label}" '
        f'style="--rows:{len(view.rows)};--columns:{len(view.columns)};--row:{row}">'
        f'<div class="corner"></div><div class="columns" aria-hidden="true">{columns}</div>'
        f'<div class="rows" aria-hidden="true">{rows}</div>'
        f'<div class="field" role="img" aria-label="{label}"><div class="heat" data-picture="{heat}" '
        f'style="--picture:url({heat})"></div><div class="row-mark"></div></div></div>'
        f'<p class="told">{told} '
        '<span class="scale"><span class="shades"></span> 0 · 25 · 100\u202f%</span></p>'
        '<p class="readout" aria-hidden="true"></p>'
    )
