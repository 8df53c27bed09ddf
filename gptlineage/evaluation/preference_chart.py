"""What `apps/measure_preference.py` measured, as one picture: who is right, who wins, how far is too far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

Rows = Sequence[dict[str, Any]]
RIVAL = "large base, prompted"
PROXY, GOLD = "reward model's score", "judge's score"
COLOURS = ("#3b7a8a", "#b0508f", "#8a6d3b", "#5b5bd6")


def chart(rows: Rows, path: Path) -> None:
    """Bars with the lowest and highest training seed as whiskers; curves with one thin line per seed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(19, 8), layout="constrained")
    grid = figure.add_gridspec(2, 4, width_ratios=(1, 1, 1, 1.1))
    for column, metric in enumerate(("right", "content")):
        found = [row for row in rows if row["metric"] == metric and row["task"] == "all"]
        bars(figure.add_subplot(grid[:, column]), found, f"{metric}, by the judge")
    won = [row for row in rows if row["metric"] == "win rate" and row["task"] == f"against {RIVAL}"]
    wins = figure.add_subplot(grid[:, 2])
    bars(wins, won, f"wins against the {RIVAL}\n(a tie is half a win)")
    wins.axvline(0.5, color="#9a9a9a", lw=0.8)
    for place, metric in enumerate((PROXY, GOLD)):
        axis = figure.add_subplot(grid[place, 3])
        curves(axis, [row for row in rows if row["metric"] == metric])
        axis.set_title(f"gain in the {metric}", fontsize=10)
        axis.legend(fontsize=7)
        axis.set_xlabel("square root of KL from the fine-tuned model (nats)", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def curves(axis: Any, rows: Rows) -> None:
    """Gains over the first point against the distance: a colour for each way, a line for each seed."""
    ways = list(dict.fromkeys(row["model"] for row in rows))
    for colour, way in zip(COLOURS[: len(ways)], ways, strict=True):
        for number, seed in enumerate(dict.fromkeys(row["seed"] for row in rows)):
            points = [row for row in rows if row["model"] == way and row["seed"] == seed]
            distance = [max(0.0, row["kl"]) ** 0.5 for row in points]
            gains = [row["value"] - points[0]["value"] for row in points]
            axis.plot(distance, gains, color=colour, lw=1, marker="o", ms=2, label=None if number else way)


def bars(axis: Any, rows: Rows, title: str) -> None:
    """One bar for every arm and temperature, in the order of the rows."""
    names = list(dict.fromkeys((row["model"], row["temperature"]) for row in rows))
    values = [[row["value"] for row in rows if (row["model"], row["temperature"]) == name] for name in names]
    centres = [mean(own) for own in values]
    spread = [apart(values, centres, min), apart(values, centres, max)]
    at = range(len(names), 0, -1)
    colours = [COLOURS[0] if name.startswith("small") else COLOURS[2] for name, _ in names]
    axis.barh(at, centres, xerr=spread, color=colours, error_kw={"linewidth": 0.8})
    axis.set_yticks(at, [f"{name}, {told(t)}" for name, t in names], fontsize=8)
    axis.set_title(title, fontsize=10)


def apart(values: Sequence[Sequence[float]], centres: Sequence[float], end: Callable[..., float]) -> list[float]:
    return [abs(end(own) - centre) for own, centre in zip(values, centres, strict=True)]


def told(temperature: float) -> str:
    return f"T = {temperature:g}" if temperature else "greedy"
