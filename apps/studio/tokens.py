"""How the Inside tab draws tokens: as a line coloured by probability, as alternatives to choose from, as layers.

Everything that a person or a model wrote is escaped here; what is no character is shown as bytes, ⟨E4 BD⟩.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import groupby

from gptlineage.inference.inspect import Alternative, Token, TokenReport, hexadecimal, readable, visible

from .strings import escaped, text
from .theme import STEPS

SHOWN_BEFORE = 12  # tokens of the common beginning that stand before a branch
LENS_TOKENS = 3  # for each layer

# One stop for the Tab key in each line; the arrows move within it. What a token's colours stand for is said in words
# below as soon as the pointer or the focus is on it. After a branch the button that was pressed is gone: the focus
# goes where the text forked.
LINE_JS = """
const tell = (event) => {
  const token = event.target.closest('[data-tip]'), readout = element.querySelector('.readout');
  if (token && readout) readout.textContent = token.dataset.tip;
};
element.addEventListener('pointerover', tell);
element.addEventListener('focusin', tell);
element.addEventListener('click', (event) => {
  const token = event.target.closest('button[data-place]');
  if (!token) return;
  for (const other of element.querySelectorAll('button[data-place]')) {
    other.setAttribute('aria-pressed', other === token);
  }
  trigger('pick', {path: Number(token.dataset.path), place: Number(token.dataset.place)});
});
element.addEventListener('keydown', (event) => {
  const token = event.target.closest('button[data-place]');
  const step = {ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity}[event.key];
  if (!token || !step) return;
  event.preventDefault();
  const line = [...token.closest('.tokens').querySelectorAll('button[data-place]')];
  const next = line[Math.max(0, Math.min(line.length - 1, line.indexOf(token) + step))];
  token.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
watch('value', () => {
  const side = element.closest('.look');
  if (!side?.dataset.forking) return;
  delete side.dataset.forking;
  element.querySelector('[aria-pressed=true]')?.focus({preventScroll: true});
});
"""
CHOOSE_JS = """
element.addEventListener('click', (event) => {
  const choice = event.target.closest('button[data-token]');
  if (!choice) return;
  element.closest('.look').dataset.forking = 'yes';
  trigger('branch', {token: Number(choice.dataset.token)});
});
"""


def percent(share: float, lang: str) -> str:
    """A probability as people say it: 61 %, 6.1 %, 0.06 %, and never a rounded 0."""
    number = 100 * share
    shown = f"{number:.0f}" if number >= 9.95 else f"{number:.1f}" if number >= 0.095 else f"{number:.2f}"
    return ("<0.01" if number < 0.005 else shown) + ("%" if lang == "zh" else "\u00a0%")


def colour(probability: float | None) -> str:
    """The class of a token's colour: s0 for what was expected, s5 for what was hardly thought of."""
    return "" if probability is None else f"s{sum(probability < bound for bound in STEPS)}"


def drawn(token: Token, flowing: bool = False) -> str:
    """A token as markup; `flowing` leaves spaces as they are, since its neighbours show where it begins."""
    if token.special:
        return f'<span class="special">{html.escape(token.special)}</span>'
    parts = []
    for part in token.parts:
        if isinstance(part, bytes):
            parts.append(f'<span class="bytes">{hexadecimal(part)}</span>')
            continue
        for character in part:
            mark = visible(character)
            if mark == character or (flowing and mark == "␣"):
                parts.append(html.escape(character))
            else:
                parts.append(f'<span class="mark">{mark}</span>')
    return f'<span class="written">{"".join(parts)}</span>'


def running(some: Sequence[Token]) -> str:
    """Tokens as running text: the parts of a character are put together."""
    stretches = groupby(some, key=lambda token: token.special)
    return "".join(
        drawn(Token(-1, special=name) if name else Token(-1, tuple(readable(b"".join(t.data for t in group)))), True)
        for name, group in stretches
    )


def told(report: TokenReport, lang: str) -> str:
    """What a token's colour and bar say, in words."""
    if report.entropy is None:
        return text("inside.tip_start", lang, token=report.token)
    bits = text("inside.tip_entropy", lang, bits=f"{report.entropy:.1f}")
    if report.token is None or report.probability is None:
        return text("inside.tip_next", lang) + bits
    share = percent(report.probability, lang)
    within = text("inside.tip_within", lang, character=report.within) if report.within else ""
    return text("inside.tip", lang, token=report.token, share=share, rank=report.rank) + within + bits


def line(
    reports: Sequence[TokenReport], path: int, fork: int, chosen: int | None, most_bits: float, name: str, lang: str
) -> str:
    """The tokens of one path as buttons, from `fork` on; before it, the end of what it shares with the others."""
    start = max(1, fork)
    first = reports[0]
    if fork:
        ellipsis = "… " if fork > SHOWN_BEFORE + 1 else ""
        shared = [report.token for report in reports[max(1, fork - SHOWN_BEFORE) : fork] if report.token]
        before = f'<span class="shared">{ellipsis}{running(shared)}</span>'
    else:
        assert first.token is not None
        before = f'<span class="tok" data-tip="{html.escape(told(first, lang))}">{drawn(first.token)}</span>'
    buttons: list[str] = []
    for place in range(start, len(reports)):
        report = reports[place]
        if report.within and report.within != reports[place - 1].within:  # the parts of one character stay together
            buttons.append(f'<span class="whole" data-character="{html.escape(report.within)}">')
        tip, pressed = html.escape(told(report, lang)), place == chosen
        inner = '<span class="next">＋</span>' if report.token is None else drawn(report.token, True)
        share = min(1.0, (report.entropy or 0.0) / most_bits)
        forked = " forked" if fork and place == fork else ""
        buttons.append(
            f'<button type="button" class="tok {colour(report.probability)}{forked}" data-path="{path}" '
            f'data-place="{place}" data-tip="{tip}" aria-label="{tip}" aria-pressed="{str(pressed).lower()}" '
            f'tabindex="{0 if place == (start if chosen is None else chosen) else -1}" style="--e:{share:.3f}">'
            f"{inner}</button>"
        )
        if report.within and report.within != reports[place + 1].within:
            buttons.append("</span>")
        if report.token and report.token.data.endswith(b"\n"):
            buttons.append("<br>")
    return f'<div class="tokens" role="group" aria-label="{html.escape(name)}">{before}{"".join(buttons)}</div>'


def plain_line(some: Sequence[Token], chosen: int, name: str) -> str:
    """Tokens of which nothing is known but what they are, as buttons; a place is a token's number."""
    buttons = "".join(
        f'<button type="button" class="tok plain" data-path="0" data-place="{place}" '
        f'aria-label="{html.escape(str(token))}" aria-pressed="{str(place == chosen).lower()}" '
        f'tabindex="{0 if place == chosen else -1}">{drawn(token, True)}</button>'
        for place, token in enumerate(some)
    )
    return f'<div class="tokens" role="group" aria-label="{html.escape(name)}">{buttons}</div>'


def legend(most_bits: float, lang: str) -> str:
    space = "" if lang == "zh" else "\u00a0"
    bounds = [f"≥\u202f{100 * bound:g}{space}%" for bound in STEPS] + [f"&lt;\u202f{100 * STEPS[-1]:g}{space}%"]
    swatches = "".join(f'<span class="tok s{n}">{bound}</span>' for n, bound in enumerate(bounds))
    bars = escaped("inside.legend_entropy", lang, most=f"{most_bits:.1f}")
    return (
        f'<p class="legend"><span>{escaped("inside.legend", lang)}</span> {swatches}</p>'
        f'<p class="legend"><span class="tok example" style="--e:.6"></span><span>{bars}</span></p>'
    )


def alternatives(report: TokenReport, open_to_branch: bool, lang: str) -> str:
    """The likeliest tokens at a place, each a button that lets the text go on from there."""
    assert report.entropy is not None
    if report.token is None:
        title = escaped("inside.next", lang)
    else:
        title = escaped("inside.instead", lang).format(token=drawn(report.token))
    n = 2**report.entropy
    choices = escaped("inside.openness", lang, bits=f"{report.entropy:.1f}", n=f"{n:.1f}" if n < 9.95 else f"{n:.0f}")
    offered = list(report.alternatives)
    if report.token and report.probability is not None and report.token.id not in {one.token.id for one in offered}:
        offered.append(Alternative(report.token, report.probability))
    rows = []
    for one in offered:
        share, here = percent(one.probability, lang), report.token is not None and one.token.id == report.token.id
        label = html.escape(text("inside.choose", lang, token=one.token, share=share))
        number = f'<span class="number">{share}</span>'
        rows.append(
            f'<li><button type="button" data-token="{one.token.id}" aria-label="{label}"'
            f'{" aria-current=true" if here else ""}{"" if open_to_branch else " disabled"}>'
            f'<span class="shown">{drawn(one.token)}</span>'
            f'<span class="bar" style="--p:{one.probability:.4f}"></span>{number}</button></li>'
        )
    hint = escaped("inside.branch_hint" if open_to_branch else "inside.full", lang)
    return (
        f'<section class="alternatives"><h4>{title}</h4><p class="told">{choices}</p>'
        f'<ol>{"".join(rows)}</ol><p class="told">{hint}</p></section>'
    )


def lens(layers: Sequence[Sequence[Alternative]], bands: Sequence[int | None], lang: str) -> str:
    """What each layer would say: a row for each, the likeliest tokens first."""
    rows = []
    for number, said in enumerate(layers):
        cells = "".join(
            f'<td style="--w:{one.probability:.3f}">{drawn(one.token)} '
            f"<small>{percent(one.probability, lang)}</small></td>"
            for one in said[:LENS_TOKENS]
        )
        rows.append(f'<tr><th scope="row">{layer_name(number, bands[number], lang)}</th>{cells}</tr>')
    return (
        f'<section class="lens"><h4>{escaped("inside.lens", lang)}</h4>'
        f'<p class="told">{escaped("inside.lens_hint", lang)}</p><table>{"".join(rows)}</table></section>'
    )


def layer_name(number: int, band: int | None, lang: str) -> str:
    """Layer 2, and how far it sees where that is not everything."""
    sight = "" if band is None else f' <small>{escaped("inside.band", lang, n=band)}</small>'
    return escaped("inside.layer", lang, n=number + 1) + sight
