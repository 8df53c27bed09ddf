"""The exam's rows as a table and as a picture; several training seeds of a generation become a mean with its range."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from .slide import COLOURS

Rows = Sequence[dict[str, Any]]
Cell = tuple[float, float, float]  # mean over the training seeds, lowest, highest
ASKED = "asked: "  # how the tasks begin that are kinds of instructions
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
    """A picture of the exam: a dot for each model in the line of each task, then accuracy against K examples."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    models, accuracy = models_of(rows), cells(rows, "accuracy")
    asked = {key[0].removeprefix(ASKED): v for key, v in accuracy.items() if key[0].startswith(ASKED)}
    tasks = {
        f"{task}, {k} examples" if k else task: found
        for (task, k), found in accuracy.items()
        if k in (0, 4) and task not in CURVES and not task.startswith(ASKED)
    }
    losses = {key[0]: v for key, v in cells(rows, "bits per byte").items()}
    right = max(1, len(asked)), max(1, len(losses))
    height = 0.27 * max(len(tasks), sum(right) + 4)
    figure = plt.figure(figsize=(15, height + 8), layout="constrained")
    grid = figure.add_gridspec(3, 6, height_ratios=(height, 3.4, 3.4))
    columns = [grid[0, :3].subgridspec(1, 1), grid[0, 3:].subgridspec(2, 1, height_ratios=right)]
    dots(figure.add_subplot(columns[0][0]), tasks, models, "Right, by task")
    dots(figure.add_subplot(columns[1][0]), asked, models, "Right, by kind of instruction")
    text = figure.add_subplot(columns[1][1])
    dots(text, losses, models, "Bits per byte, by kind of text (less is better)")
    text.set_xscale("log")
    text.set_xticks(ticks := [0.25, 0.5, 1, 2, 4, 8], [f"{tick:g}" for tick in ticks], minor=False)
    text.minorticks_off()
    for number, task in enumerate(CURVES):
        row, column = divmod(number, 3)
        curves(figure.add_subplot(grid[1 + row, 2 * column : 2 * column + 2]), task, accuracy, models)
    handles = [plt.Line2D([], [], **style(model, models), label=model) for model in models]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(models), title=ranges(rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def dots(axis: Any, groups: dict[str, dict[str, Cell]], models: list[str], title: str) -> None:
    """A line for each group, a mark in it for each model; a whisker from its lowest to its highest seed."""
    for model in reversed(models):  # the first models stand in front where marks meet
        at = [(y, group[model]) for y, group in enumerate(groups.values()) if model in group]
        for y, (_, low, high) in at:
            axis.plot((low, high), (y, y), color=style(model, models)["color"], lw=1.5, alpha=0.6)
        axis.plot([cell[0] for _, cell in at], [y for y, _ in at], **style(model, models))
    axis.set_yticks(range(len(groups)), [name.replace("_", " ") for name in groups])
    axis.set_ylim(len(groups) - 0.4, -0.6)
    axis.grid(alpha=0.35)
    axis.set_title(title)


def curves(axis: Any, task: str, accuracy: dict[tuple[str, int], dict[str, Cell]], models: list[str]) -> None:
    shown = sorted(k for t, k in accuracy if t == task)
    for model in models:
        points = [(shown.index(k), v[model]) for (t, k), v in accuracy.items() if t == task and model in v]
        if points:
            at, found = zip(*points, strict=True)
            how = {**style(model, models), "linestyle": "-" if model in COLOURS else ":"}
            axis.plot(at, [cell[0] for cell in found], **how)
            lowest, highest = [cell[1] for cell in found], [cell[2] for cell in found]
            axis.fill_between(at, lowest, highest, color=how["color"], alpha=0.2)
    axis.set_xticks(range(len(shown)), [str(k) for k in shown])
    axis.set_title(f"{task}, by the number of examples", fontsize=10)
    axis.set_ylim(-0.02, 1.02)
    axis.grid(alpha=0.35)


def style(model: str, models: list[str]) -> dict[str, Any]:
    """A generation has its colour, as in the studio; what they are compared with has a grey sign of its own."""
    rivals = [m for m in models if m not in COLOURS]
    marker = "o" if model in COLOURS else "x+1234"[rivals.index(model) % 6]
    return {"color": COLOURS.get(model, "#707070"), "marker": marker, "markersize": 7, "linestyle": "", "alpha": 0.9}


def ranges(rows: Rows) -> str | None:
    """What the whiskers mean, where there are any."""
    seeds = {row["seed"] for row in rows if "k" in row and row["seed"] is not None}
    return "Mean over the training seeds; whiskers reach to the lowest and the highest." if len(seeds) > 1 else None
