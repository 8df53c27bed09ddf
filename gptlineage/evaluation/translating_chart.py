"""What `apps/measure_ancestors.py` measured, as one picture: length, cost, and what the Transformer needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

Rows = Sequence[dict[str, Any]]
BY_LENGTH = {
    "rnnsearch": "#8a5a12", "rnnencdec": "#5d6470", "rnnencdec, source reversed": "#a3a9b4", "transformer": "#a34a1c",
}  # fmt: skip
LANGUAGES = {"zh": "into Chinese", "en": "into English"}


def chart(rows: Rows, path: Path) -> None:
    """Lines over the length of the source, bars over the arms; whiskers reach from the lowest seed to the highest."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(19, 5.5), layout="constrained", width_ratios=(1, 1, 1.2, 1))
    for axis, language in zip(axes, LANGUAGES, strict=False):
        lengths(axis, [row for row in rows if row["metric"] == "BLEU" and row["task"] == f"into {language}"])
        axis.set_title(f"BLEU {LANGUAGES[language]}, by words in the English text", fontsize=10)
    arms(axes[2], [row for row in rows if row["metric"] == "BLEU" and row.get("clauses") == 0], "BLEU, both ways")
    arms(axes[3], [row for row in rows if row["metric"] == "alignment error rate"], "alignment error rate")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def lengths(axis: Any, rows: Rows) -> None:
    for model, colour in BY_LENGTH.items():
        own = [row for row in rows if row["model"] == model and row["clauses"]]
        groups = [[row for row in own if row["clauses"] == n] for n in sorted({row["clauses"] for row in own})]
        if groups:
            x = [mean(row["words"] for row in group) for group in groups]
            values = [[row["value"] for row in group] for group in groups]
            axis.plot(x, [mean(own) for own in values], color=colour, marker="o", ms=4, label=model)
            axis.fill_between(x, [min(v) for v in values], [max(v) for v in values], color=colour, alpha=0.15, lw=0)
    axis.set_ylim(0, 102)
    axis.set_xlabel("words")
    axis.legend(fontsize=8)


def arms(axis: Any, rows: Rows, title: str) -> None:
    """One bar for each arm, the mean over seeds of the mean over directions."""
    names = list(dict.fromkeys(row["model"] for row in rows))
    values = []
    for name in names:
        own = [row for row in rows if row["model"] == name]
        values.append([mean(r["value"] for r in own if r["seed"] == s) for s in sorted({r["seed"] for r in own})])
    centres = [mean(own) for own in values]
    spread = [
        [centre - min(own) for centre, own in zip(centres, values, strict=True)],
        [max(own) - centre for centre, own in zip(centres, values, strict=True)],
    ]
    at = range(len(names), 0, -1)
    axis.barh(at, centres, xerr=spread, color="#3b7a8a", error_kw={"linewidth": 0.8})
    axis.set_yticks(at, names, fontsize=8)
    axis.set_title(title, fontsize=10)
