"""The exam's rows as a table and as a picture; several training seeds of a generation become a mean with its range."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

Rows = Sequence[dict[str, Any]]
Cell = tuple[float, float, float]  # mean over the training seeds, lowest, highest
GENERATION_COLOURS = {
    "gpt-1": "#8a6d3b", "gpt-2": "#3b7a8a", "gpt-3": "#5b5bd6", "gpt-3.5": "#b0508f", "chatgpt": "#0f8a5f",
}  # fmt: skip
BASELINE_COLOUR = "#9a9a9a"
CURVES = (
    "list, relations", "list, letters", "list, translated", "list, numbers", "list, kinds", "random mapping",
)  # fmt: skip


def cells(rows: Rows, metric: str) -> dict[tuple[str, int], dict[str, Cell]]:
    """`{(task, k): {model: (mean, lowest, highest)}}` over the training seeds, in the order of the rows."""
    values: dict[tuple[str, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["metric"] == metric and "k" in row:
            values[row["task"], row["k"]][row["model"]].append(row["value"])
    return {
        key: {model: (mean(found), min(found), max(found)) for model, found in by_model.items()}
        for key, by_model in values.items()
    }


def models_of(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["model"] for row in rows if "k" in row))


def table(rows: Rows) -> tuple[list[str], list[list[str]]]:
    """Headers and lines: a task with its number of examples, then what each model and baseline reached."""
    models = models_of(rows)
    lines = []
    for metric, digits in (("bits per byte", 3), ("accuracy", 2), ("BLEU", 1), ("without contradiction", 2)):
        for (task, k), by_model in cells(rows, metric).items():
            shown = [show(by_model[model], digits) if model in by_model else "" for model in models]
            lines.append([f"{task}, K={k}" if k else task, metric, *shown])
    return ["task", "metric", *models], lines


def show(cell: Cell, digits: int) -> str:
    centre, low, high = cell
    return f"{centre:.{digits}f}" + (f" ({low:.{digits}f}-{high:.{digits}f})" if low != high else "")


def chart(rows: Rows, path: Path) -> None:
    """A picture of the exam: scores by task, loss by kind of text, accuracy against K; drawn from the rows alone."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    models = models_of(rows)
    figure, axes = plt.subplots(3, 1, figsize=(13, 17), height_ratios=(3, 2, 3.6), layout="constrained")
    accuracy = cells(rows, "accuracy")
    bars(axes[0], {name(key): v for key, v in accuracy.items() if key[1] in (0, 4) and key[0] not in CURVES}, models)
    axes[0].set_title("Accuracy by task (bars: mean over training seeds; whiskers: lowest and highest seed)")
    axes[0].set_ylim(0, 1)
    bars(axes[1], {key[0]: v for key, v in cells(rows, "bits per byte").items()}, models)
    axes[1].set_title("Held-out bits per byte by kind of text (lower is better)")
    axes[2].axis("off")
    for number, task in enumerate(CURVES):
        row, column = divmod(number, 3)
        inner = axes[2].inset_axes((column / 3 + 0.02, 0.55 - 0.55 * row, 0.29, 0.38))
        shown = sorted(k for t, k in accuracy if t == task)
        inner.set_xticks(range(len(shown)), [str(k) for k in shown])
        for model in models:
            points = [(shown.index(k), v[model]) for (t, k), v in accuracy.items() if t == task and model in v]
            if points:
                at, found = zip(*points, strict=True)
                colour = GENERATION_COLOURS.get(model, BASELINE_COLOUR)
                style = "-" if model in GENERATION_COLOURS else ":"
                inner.plot(at, [c[0] for c in found], style, color=colour, marker="o", ms=3, label=model)
                lowest, highest = [c[1] for c in found], [c[2] for c in found]
                inner.fill_between(at, lowest, highest, color=colour, alpha=0.2)
        inner.set_title(task, fontsize=9)
        inner.set_ylim(0, 1.02)
        inner.set_xlabel("K, examples in the prompt", fontsize=8)
    handles = [
        plt.Rectangle((0, 0), 1, 1, color=GENERATION_COLOURS.get(model, BASELINE_COLOUR), alpha=shade(model, models))
        for model in models
    ]
    figure.legend(handles, models, loc="outside lower center", ncols=len(models))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def bars(axis: Any, groups: dict[str, dict[str, Cell]], models: list[str]) -> None:
    width = 0.8 / max(1, len(models))
    for number, model in enumerate(models):
        at = [(x, group[model]) for x, group in enumerate(groups.values()) if model in group]
        if at:
            heights = [cell[0] for _, cell in at]
            whiskers = [[c[0] - c[1] for _, c in at], [c[2] - c[0] for _, c in at]]
            axis.bar(
                [x + (number - len(models) / 2 + 0.5) * width for x, _ in at], heights, width, yerr=whiskers,
                color=GENERATION_COLOURS.get(model, BASELINE_COLOUR), alpha=shade(model, models),
                error_kw={"linewidth": 0.8},
            )  # fmt: skip
    axis.set_xticks(range(len(groups)), list(groups), rotation=60, ha="right", fontsize=8)
    axis.set_xlim(-0.6, len(groups) - 0.4)


def shade(model: str, models: list[str]) -> float:
    """Baselines share one grey in different strengths."""
    greys = [m for m in models if m not in GENERATION_COLOURS]
    return 0.35 + 0.6 * greys.index(model) / max(1, len(greys) - 1) if model in greys else 1.0


def name(key: tuple[str, int]) -> str:
    return f"{key[0]}, K={key[1]}" if key[1] else key[0]
