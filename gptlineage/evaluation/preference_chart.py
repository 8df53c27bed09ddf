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

    figure, axes = plt.subplots(1, 4, figsize=(23, 7), layout="constrained", width_ratios=(1.2, 1.2, 1.2, 1))
    for axis, metric in zip(axes, ("right", "content"), strict=False):
        found = [row for row in rows if row["metric"] == metric and row["task"] == "all"]
        bars(axis, found, f"{metric}, by the judge (held-out instructions)")
    won = [row for row in rows if row["metric"] == "win rate" and row["task"] == f"against {RIVAL}"]
    bars(axes[2], won, f"Wins against the {RIVAL} (a tie is half a win)")
    axes[2].axvline(0.5, color="#9a9a9a", lw=0.8)
    ways = list(dict.fromkeys(row["model"] for row in rows if row["metric"] == PROXY))
    for colour, way in zip(COLOURS[: len(ways)], ways, strict=True):
        for metric, style in ((PROXY, ":"), (GOLD, "-")):
            for seed in sorted({row["seed"] for row in rows}):
                points = [r for r in rows if (r["model"], r["metric"], r["seed"]) == (way, metric, seed)]
                label = f"{way}: {metric}" if seed == min(row["seed"] for row in rows) else None
                distance = [max(0.0, row["kl"]) ** 0.5 for row in points]
                gains = [row["value"] - points[0]["value"] for row in points]
                axes[3].plot(distance, gains, style, color=colour, lw=1, label=label)
    axes[3].set_xlabel("distance from the fine-tuned model, square root of KL (nats)")
    axes[3].set_title("Gain over it: what the reward model says, and the judge")
    axes[3].legend(fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


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
    axis.set_xlim(0, 1)
    axis.set_title(title, fontsize=10)


def apart(values: Sequence[Sequence[float]], centres: Sequence[float], end: Callable[..., float]) -> list[float]:
    return [abs(end(own) - centre) for own, centre in zip(values, centres, strict=True)]


def told(temperature: float) -> str:
    return f"T = {temperature:g}" if temperature else "greedy"
