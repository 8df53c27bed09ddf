"""What `apps/measure_transfer.py` measured, as one picture: a line of panels for every task, drawn from the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

Rows = Sequence[dict[str, Any]]
COLOURS = {
    "Transformer, pretrained": "#8a6d3b", "Transformer, from nothing": "#3b7a8a", "LSTM, pretrained": "#b0508f",
    "bag of words": "#9a9a9a", "commonest label": "#c9c9c9",
}  # fmt: skip


def chart(rows: Rows, path: Path) -> None:
    """Accuracy against labels, against transferred layers, and beside what was left out; bands: lowest and highest
    seed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    found = [row for row in rows if row["metric"] == "accuracy"]
    tasks = list(dict.fromkeys(row["task"] for row in found))
    figure, axes = plt.subplots(len(tasks), 3, figsize=(13, 3.1 * len(tasks)), layout="constrained", squeeze=False)
    for line, task in zip(axes, tasks, strict=True):
        own = [row for row in found if row["task"] == task]
        by_labels(line[0], own)
        by_layers(line[1], own)
        ablations(line[2], own)
        line[0].set_ylabel(f"{task}\naccuracy, held out")
        for axis in line:
            axis.set_ylim(0, 1.02)
    for axis, title in zip(axes[0], ("by labels", "by transferred layers", "left out, or replaced"), strict=True):
        axis.set_title(title, fontsize=10)
    axes[0][0].legend(fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def whole(row: dict[str, Any], rows: Rows) -> bool:
    """Whether all layers were transferred (or none at all was asked to be), with the auxiliary loss."""
    most = max(other.get("layers") or 0 for other in rows if other["model"] == row["model"])
    return row.get("auxiliary", 0.5) > 0 and (row.get("layers") is None or row["layers"] == most)


def by_labels(axis: Any, rows: Rows) -> None:
    for model, colour in COLOURS.items():
        own = [row for row in rows if row["model"] == model and whole(row, rows)]
        if model != "LSTM, pretrained":
            line(axis, own, lambda row: row["labels"], colour, model)
    axis.set_xscale("log")
    axis.set_xlabel("labels", fontsize=8)


def by_layers(axis: Any, rows: Rows) -> None:
    """The embeddings alone are 0 layers; the start from nothing stands to the left of them."""
    labels = middle(rows)
    own = [r for r in rows if "layers" in r and r["network"] == "Transformer" and r["labels"] == labels]
    own = [r for r in own if r["auxiliary"] > 0]
    line(axis, own, lambda r: -1 if r["layers"] is None else r["layers"], COLOURS["Transformer, pretrained"], "")
    places = sorted({-1 if r["layers"] is None else r["layers"] for r in own})
    axis.set_xticks(places, ["nothing" if p < 0 else "embed." if p == 0 else str(p) for p in places], fontsize=8)
    axis.set_xlabel(f"layers transferred, {labels} labels", fontsize=8)


def ablations(axis: Any, rows: Rows) -> None:
    """Table 5: everything, without the auxiliary loss, without pretraining, an LSTM."""
    labels = middle(rows)
    own = [r for r in rows if "layers" in r and r["labels"] == labels]
    full = [r for r in own if r["model"] == "Transformer, pretrained"]
    most = max((r["layers"] for r in full), default=0)
    groups = {
        "full": [r for r in full if r["layers"] == most and r["auxiliary"] > 0],
        "no aux. loss": [r for r in full if r["layers"] == most and not r["auxiliary"]],
        "no pretraining": [r for r in own if r["model"] == "Transformer, from nothing" and r["auxiliary"] > 0],
        "neither": [r for r in own if r["model"] == "Transformer, from nothing" and not r["auxiliary"]],
        "LSTM": [r for r in own if r["model"] == "LSTM, pretrained"],
        "bag of words": [r for r in rows if r["model"] == "bag of words" and r["labels"] == labels],
    }
    for place, group in enumerate(groups.values()):
        if group:
            values = [r["value"] for r in group]
            spread = [[mean(values) - min(values)], [max(values) - mean(values)]]
            colour = COLOURS[group[0]["model"]]
            axis.bar(place, mean(values), 0.7, yerr=spread, color=colour, error_kw={"linewidth": 0.8})
    axis.set_xticks(range(len(groups)), list(groups), rotation=25, ha="right", fontsize=8)


def middle(rows: Rows) -> int:
    """The number of labels at which layers were varied."""
    return next((int(r["labels"]) for r in rows if r.get("layers") == 0), 0)


def line(axis: Any, rows: Rows, at: Callable[[dict[str, Any]], int], colour: str, label: str) -> None:
    """The mean over the seeds, and the band from the lowest to the highest."""
    values: dict[int, list[float]] = {}
    for row in rows:
        values.setdefault(at(row), []).append(row["value"])
    places = sorted(values)
    if places:
        axis.plot(places, [mean(values[p]) for p in places], color=colour, marker="o", ms=3, label=label or None)
        lowest, highest = [min(values[p]) for p in places], [max(values[p]) for p in places]
        axis.fill_between(places, lowest, highest, color=colour, alpha=0.2)
