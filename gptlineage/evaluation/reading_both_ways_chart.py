"""What `apps/measure_bert.py` measured, as one picture: gaps, spans, labels, writing, drawn from the rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

Rows = Sequence[dict[str, Any]]
LANGUAGES = {"en": ("English", "#3b7a8a"), "zh": ("Chinese", "#a34a1c")}
TASKS = {"sentiment": ("sentiment", "#3b7a8a"), "similarity": ("similarity", "#8a6d3b")}
PANELS = (  # tasks, metric, title
    (("gaps",), "accuracy", "one token of 128 hidden: accuracy"),
    (("gaps",), "log-probability, nats", "one token of 128 hidden: log-probability, nats"),
    (("gaps that need the right side",), "accuracy", "the same where the right side is needed: accuracy"),
    (("spans",), "accuracy", "tokens in a row hidden: accuracy"),
    (("sentiment", "similarity"), "accuracy", "fine-tuned on 300 labels: accuracy"),
    (("writing",), "judge's loss, nats per token", "24 tokens written on: GPT-3's nats per token"),
)


def chart(rows: Rows, path: Path) -> None:
    """Bars, and lines over the length of a span; whiskers and bands reach from the lowest seed to the highest."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(15, 7.5), layout="constrained")
    for axis, (tasks, metric, title) in zip(axes.flat, PANELS, strict=True):
        own = [row for row in whole(rows) if row["metric"] == metric and row["task"] in tasks]
        axis.set_title(title, fontsize=10)
        if tasks == ("spans",):
            lines(axis, own)
        else:
            bars(axis, own, "task" if len(tasks) > 1 else "language")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def whole(rows: Rows) -> Rows:
    """Without what was asked in short windows."""
    longest = max((row.get("window", 0) for row in rows), default=0)
    return [row for row in rows if row.get("window", longest) == longest]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    return mean(values), min(values), max(values)


def bars(axis: Any, rows: Rows, field: str) -> None:
    """A group of bars for every model, one bar of each language or task."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    for offset, (kind, (name, colour)) in enumerate((TASKS if field == "task" else LANGUAGES).items()):
        found = [[row["value"] for row in rows if row["model"] == model and row[field] == kind] for model in models]
        own = [(-at - 0.38 * offset, *spread(values)) for at, values in enumerate(found) if values]
        error = [[centre - low for _, centre, low, _ in own], [high - centre for _, centre, _, high in own]]
        places, centres = [place for place, *_ in own], [centre for _, centre, *_ in own]
        axis.barh(places, centres, 0.36, xerr=error, color=colour, label=name, error_kw={"linewidth": 0.8})
    axis.margins(x=0.35)  # room for the legend
    axis.set_yticks([-at - 0.19 for at in range(len(models))], models, fontsize=8)
    axis.legend(fontsize=8)


def lines(axis: Any, rows: Rows) -> None:
    for model, style in (("BERT", "-"), ("GPT-1", "--")):
        for language, (name, colour) in LANGUAGES.items():
            own = [row for row in rows if row["model"] == model and row["language"] == language]
            lengths = sorted({row["masks"] for row in own})
            found = [spread([row["value"] for row in own if row["masks"] == n]) for n in lengths]
            if found:
                centres, low, high = zip(*found, strict=True)
                axis.plot(lengths, centres, style, color=colour, marker="o", ms=4, label=f"{model}, {name}")
                axis.fill_between(lengths, low, high, color=colour, alpha=0.15, lw=0)
    axis.set_xlabel("tokens hidden", fontsize=8)
    axis.set_ylim(0, 1)
    axis.legend(fontsize=8)
