"""How a training is shown: where it stands, its curves, and what the model writes as it learns."""

from __future__ import annotations

import html
from collections.abc import Sequence

import gptlineage as gl
from gptlineage.training.watching import StageView

from .curves import chart, stage_name
from .strings import escaped, text
from .theme import class_of
from .training import Training

STATES = {
    "running": "train.running", "pausing": "train.pausing", "paused": "train.paused", "stopping": "train.stopping",
    "stopped": "train.stopped", "failed": "train.failed", "done": "train.done",
}  # fmt: skip
# The figures that say something to whoever trains: (their string, whether they are shares).
FIGURES = {
    "val_loss": ("train.held_out", False),
    "held_out_right": ("train.right", True),
    "mask_right": ("train.right", True),
    "pairs_right": ("train.pairs_right", True),
    "bleu_zh": ("train.bleu_zh", False),
    "bleu_en": ("train.bleu_en", False),
}
EARLIER = 4  # evaluations whose samples stay in view beside the newest
LONGEST_SAMPLE = 240


def panel(training: Training, lang: str) -> str:
    """The whole picture of a training; nothing where there is none."""
    choice, folder = training.choice, training.folder
    if training.state == "idle" or choice is None or folder is None:
        return ""
    views = training.views()
    now = current(views)
    of = [gl.generation(choice.generation).title, choice.size, choice.name or text("train.world", lang)]
    parts = [
        f'<h3>{html.escape(folder.name)} <span class="of">{html.escape(" · ".join(of))}</span></h3>',
        f'<p class="state" id="training-state">{state_line(training, views, now, lang)}</p>',
        bar(now, lang),
    ]
    if training.state == "failed":
        parts.append(f'<p class="trouble">{html.escape(training.trouble)}</p>')
    usual = training.plan.get("usual_loss")  # of the first stage
    curves = [chart(view, lang, usual if view is views[0] else None) for view in views if view.begun]
    parts.append(f'<div class="curves">{"".join(curves)}</div>')
    parts.append(samples(now, lang))
    return f'<section class="run {class_of(choice.generation)}">{"".join(parts)}</section>'


def current(views: Sequence[StageView]) -> StageView:
    """The stage that was begun last."""
    return next((view for view in reversed(views) if view.begun), views[0])


def state_line(training: Training, views: Sequence[StageView], now: StageView, lang: str) -> str:
    """What it is doing, how far it is, how fast, and how much longer."""
    where = training.folder.as_posix() if training.folder else ""
    key = STATES[training.state]
    waiting = now if not now.begun else following(views, now) if now.done else None
    if training.state == "running" and waiting is not None:
        return escaped("train.preparing", lang, stage=stage_name(waiting.objective, lang))
    told = [text(key, lang, name=training.key, folder=where)]
    if now.begun and training.state != "done":
        told.append(text("train.step", lang, step=f"{now.step:,}", steps=f"{now.steps:,}"))
        if len(views) > 1:
            told.append(text("train.stage", lang, n=views.index(now) + 1, of=len(views)))
    if training.state == "running" and now.losses:
        told.append(text("train.speed", lang, n=f"{now.tokens_per_s:,}"))
        told.append(text("train.left", lang, time=duration(seconds_left(training, views, now), lang)))
    figures = now.held_out[-1][1] if now.held_out else {}
    for name, (string, is_share) in FIGURES.items():
        if name in figures:
            told.append(f"{text(string, lang)} " + (f"{figures[name]:.0%}" if is_share else f"{figures[name]:.3g}"))
    return "".join(f"<span>{html.escape(part)}</span>" for part in told)


def following(views: Sequence[StageView], now: StageView) -> StageView | None:
    return next((view for view in views[views.index(now) + 1 :]), None)


def seconds_left(training: Training, views: Sequence[StageView], now: StageView) -> float:
    """Of this stage, by its own pace; of later ones, by the plan."""
    planned = training.plan["stages"][views.index(now) + 1 :]
    return now.seconds_left + sum(sum(seconds) / 2 for _, _, seconds in planned if seconds)


def duration(seconds: float, lang: str) -> str:
    if seconds < 60:
        return text("train.seconds", lang, n=round(seconds))
    if seconds < 3600:
        return text("train.minutes", lang, n=round(seconds / 60))
    return text("train.hours", lang, n=f"{seconds / 3600:.1f}")


def bar(now: StageView, lang: str) -> str:
    label = html.escape(stage_name(now.objective, lang))
    return f'<progress max="{max(1, now.steps)}" value="{now.step}" aria-label="{label}"></progress>'


def samples(now: StageView, lang: str) -> str:
    """What it wrote at each evaluation, the newest first: all of these, and one of each earlier."""
    if not now.samples:
        return ""
    rows = []
    newest = len(now.samples) - 1
    chosen = [index for index in range(newest, -1, -1) if index > newest - EARLIER or index == 0]
    for index in chosen:
        step, written = now.samples[index]
        for sample in written if index == newest else nearest(written, lang):
            asked, said = (
                html.escape(" ".join(sample[part].split())[:LONGEST_SAMPLE]) for part in ("prompt", "text")
            )
            rows.append(
                f'<li><span class="step">{escaped("train.at", lang, step=f"{step:,}")}</span>'
                f'<p><span class="asked">{asked}</span> <span class="written">{said}</span></p></li>'
            )
    return f'<h4>{escaped("train.samples", lang)}</h4><ol class="learnt">{"".join(rows)}</ol>'


def nearest(written: Sequence[dict[str, str]], lang: str) -> list[dict[str, str]]:
    """The first sample whose prompt is in the reader's language, or else the first."""
    fitting = (one for one in written if any("\u4e00" <= c <= "\u9fff" for c in one["prompt"]) == (lang == "zh"))
    return [next(fitting, written[0])] if written else []

