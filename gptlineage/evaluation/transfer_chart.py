"""What `apps/measure_transfer.py` measured, as one picture drawn from the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

Row = dict[str, Any]
Rows = Sequence[Row]
PRETRAINED, NOTHING = "Transformer, pretrained", "Transformer, from nothing"
LSTM, BAG = "LSTM, pretrained", "bag of words"
COLOURS = {PRETRAINED: "#8a6d3b", NOTHING: "#3b7a8a", LSTM: "#b0508f", BAG: "#8f8f8f", "commonest label": "#cfcfcf"}


def chart(rows: Rows, path: Path) -> None:
    """A line of panels for each task that was measured whole (by labels, by transferred layers, ablations), and a panel
    for every other. Bands and whiskers reach to the lowest and the highest seed.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    found = [row for row in rows if row["metric"] == "accuracy"]
    tasks = {task: [r for r in found if r["task"] == task] for task in dict.fromkeys(r["task"] for r in found)}
    whole = {task: own for task, own in tasks.items() if any(r.get("layers") == 0 for r in own)}
    others = {task: own for task, own in tasks.items() if task not in whole}
    n_lines = len(whole) + bool(others)
    figure = plt.figure(figsize=(13, 3.3 * n_lines), layout="constrained")
    grid = figure.add_gridspec(n_lines, 3 * max(1, len(others)))
    for place, (task, own) in enumerate(whole.items()):
        panels = [figure.add_subplot(grid[place, i * len(others) : (i + 1) * len(others)] if others else grid[place, i])
                  for i in range(3)]  # fmt: skip
        by_labels(panels[0], own)
        by_layers(panels[1], own)
        bars(panels[2], ablations(own))
        panels[0].set_ylabel(f"{task}: accuracy, held out")
        for axis in panels:
            axis.set_ylim(0, 1)
        if place == 0:
            panels[0].legend(fontsize=7, loc="upper left")
    for i, (task, own) in enumerate(others.items()):
        axis = figure.add_subplot(grid[-1, 3 * i : 3 * i + 3])
        bars(axis, only_start(own))
        axis.set_ylim(0, 1)
        axis.set_title(task, fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def full(row: Row) -> bool:
    """Whether the arm has the auxiliary loss and the common number of updates."""
    return row.get("auxiliary", 0.5) > 0 and row.get("steps", 0) in (0, 100)


def top(rows: Rows) -> int:
    """How many layers the pretrained body has."""
    return max((r["layers"] for r in rows if r["model"] == PRETRAINED), default=0)


def by_labels(axis: Any, rows: Rows) -> None:
    shown = [r for r in rows if full(r) and r.get("layers") in (None, top(rows))]
    for model, colour in COLOURS.items():
        if model != LSTM:
            line(axis, [r for r in shown if r["model"] == model], lambda r: r["labels"], colour, model)
    levels = sorted({r["labels"] for r in shown})
    axis.set_xscale("log")
    axis.set_xticks(levels, [str(n) for n in levels])
    axis.minorticks_off()
    axis.set_xlabel("labels", fontsize=8)


def by_layers(axis: Any, rows: Rows) -> None:
    """The embeddings alone are 0 layers; the start from nothing stands to the left of them."""
    own = [r for r in middle(rows) if r["model"] in (PRETRAINED, NOTHING) and full(r)]
    line(axis, own, place_of, COLOURS[PRETRAINED], "")
    names = {-1: "nothing", 0: "embeddings"}
    places = sorted({place_of(r) for r in own})
    axis.set_xticks(places, [names.get(p, str(p)) for p in places], fontsize=8)
    axis.set_xlabel(f"layers transferred, {own[0]['labels']} labels", fontsize=8)


def place_of(row: Row) -> int:
    return -1 if row["layers"] is None else int(row["layers"])


def middle(rows: Rows) -> list[Row]:
    """The rows at the number of labels at which layers were varied, or at the lowest of the arms."""
    n = next((r["labels"] for r in rows if r.get("layers") == 0), min(r["labels"] for r in rows if "layers" in r))
    return [r for r in rows if r["labels"] == n]


def ablations(rows: Rows) -> dict[str, list[Row]]:
    """Table 5: everything, without the auxiliary loss, without pretraining, an LSTM; and a bag of words."""
    own = [r for r in middle(rows) if r.get("steps", 100) == 100]
    start = {PRETRAINED: top(rows), NOTHING: None}
    groups = {
        "full" if model == PRETRAINED else "no pretraining": [
            r for r in own if r["model"] == model and r["layers"] == layers and full(r)
        ]
        for model, layers in start.items()
    }
    groups["no aux. loss"] = [r for r in own if r["model"] == PRETRAINED and not r["auxiliary"]]
    groups["neither"] = [r for r in own if r["model"] == NOTHING and not r["auxiliary"]]
    groups["LSTM"] = [r for r in own if r["model"] == LSTM]
    groups[BAG] = [r for r in own if r["model"] == BAG]
    return groups | longer(rows)


def only_start(rows: Rows) -> dict[str, list[Row]]:
    own = middle(rows)
    return {
        "pretrained": [r for r in own if r["model"] == PRETRAINED and full(r)],
        "from nothing": [r for r in own if r["model"] == NOTHING and full(r)],
        BAG: [r for r in own if r["model"] == BAG],
    } | longer(rows)


def longer(rows: Rows) -> dict[str, list[Row]]:
    """The arms with more updates and the most labels."""
    own = [r for r in rows if r.get("steps", 100) > 100]
    return {
        f"{name},\n{r['steps']} updates,\n{r['labels']} labels": [o for o in own if o["model"] == r["model"]]
        for model, name in ((PRETRAINED, "pretrained"), (NOTHING, "from nothing"))
        for r in own
        if r["model"] == model
    }


def bars(axis: Any, groups: dict[str, list[Row]]) -> None:
    for place, group in enumerate(groups.values()):
        if group:
            values = [r["value"] for r in group]
            spread = [[mean(values) - min(values)], [max(values) - mean(values)]]
            colour = COLOURS[group[0]["model"]]
            axis.bar(place, mean(values), 0.7, yerr=spread, color=colour, error_kw={"linewidth": 0.8})
    axis.set_xticks(range(len(groups)), list(groups), rotation=30, ha="right", fontsize=7)


def line(axis: Any, rows: Rows, at: Callable[[Row], int], colour: str, label: str) -> None:
    """The mean over the seeds, and the band from the lowest to the highest."""
    values: dict[int, list[float]] = {}
    for row in rows:
        values.setdefault(at(row), []).append(row["value"])
    places = sorted(values)
    if places:
        axis.plot(places, [mean(values[p]) for p in places], color=colour, marker="o", ms=3, label=label or None)
        lowest, highest = [min(values[p]) for p in places], [max(values[p]) for p in places]
        axis.fill_between(places, lowest, highest, color=colour, alpha=0.2)
