"""What the exam's rows say about the order that the papers lead one to expect, generation after generation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise
from statistics import mean
from typing import Any

Rows = list[dict[str, Any]]
BASES = ("gpt-1", "gpt-2", "gpt-3")
INSTRUCTED = ("gpt-3.5", "chatgpt")
CURVE = ("list, relations", "list, letters", "list, translated", "list, numbers", "list, kinds")
NOT_FAMILIES = ("loss", "instructions", "stories")


def findings(rows: Rows) -> Rows:
    """One row per expectation: the figures by generation or by K with the lowest and highest training seed.

    `holds` is True only where the ranges over the training seeds do not overlap.
    """
    made = [*losses(rows), *families(rows), *examples(rows), *instructions(rows)]
    return [{"metric": "expected order", **row} for row in made]


def by_seed(rows: Rows, model: str, metric: str, keep: Callable[..., bool]) -> list[float]:
    """The mean over the rows that `keep` accepts, one figure per training seed."""
    found: dict[Any, list[float]] = defaultdict(list)
    for row in rows:
        if row["model"] == model and row["metric"] == metric and "k" in row and keep(row):
            found[row["seed"]].append(row["value"])
    return [mean(values) for values in found.values()]


def summary(values: Iterable[float]) -> list[float]:
    """Mean, lowest and highest."""
    values = list(values)
    return [round(figure, 4) for figure in (mean(values), min(values), max(values))]


def above(better: list[float], worse: list[float]) -> bool:
    return min(better) > max(worse)


def losses(rows: Rows) -> Rows:
    found = {m: by_seed(rows, m, "bits per byte", lambda row: row["task"] == "common text") for m in BASES}
    return [
        {
            "expectation": f"{later} has a lower held-out loss on common text than {earlier} (bits per byte)",
            earlier: summary(found[earlier]), later: summary(found[later]),
            "holds": above(found[earlier], found[later]),
        }
        for earlier, later in pairwise(BASES)
        if found[earlier] and found[later]
    ]  # fmt: skip


def families(rows: Rows) -> Rows:
    """Zero-shot accuracy by family, the controls left out."""
    out = []
    names = dict.fromkeys(r["family"] for r in rows if "family" in r and r["family"] not in NOT_FAMILIES)
    for name in names:
        found = [
            by_seed(
                rows, model, "accuracy",
                lambda r, name=name: r["family"] == name and r["k"] == 0 and "hidden" not in r["task"],
            )
            for model in BASES[:2]
        ]  # fmt: skip
        if all(found):
            expectation = f"gpt-2 beats gpt-1 without examples: {name} (accuracy)"
            figures = {"gpt-1": summary(found[0]), "gpt-2": summary(found[1])}
            out.append({"expectation": expectation, **figures, "holds": above(found[1], found[0])})
    return out


def examples(rows: Rows) -> Rows:
    """Few-shot against zero-shot and against the parent, on the tasks that have both, and the curve over K."""
    tasks = {r["task"] for r in rows if r.get("k") == 4 and r["metric"] == "accuracy"}
    tasks &= {r["task"] for r in rows if r.get("k") == 0 and r["metric"] == "accuracy"}
    few, zero, parents = (
        by_seed(rows, model, "accuracy", lambda r, k=k: r["task"] in tasks and r["k"] == k)
        for model, k in (("gpt-3", 4), ("gpt-3", 0), ("gpt-2", 4))
    )
    if not (few and zero and parents):
        return []
    ks = sorted({r["k"] for r in rows if r.get("task") in CURVE})
    curve = {k: by_seed(rows, "gpt-3", "accuracy", lambda r, k=k: r["task"] in CURVE and r["k"] == k) for k in ks}
    return [
        {
            "expectation": "gpt-3 with four examples beats itself without (mean accuracy over the tasks with both)",
            "K=0": summary(zero), "K=4": summary(few), "holds": above(few, zero),
        },
        {
            "expectation": "gpt-3 with four examples beats gpt-2 with four (the same tasks)",
            "gpt-2": summary(parents), "gpt-3": summary(few), "holds": above(few, parents),
        },
        {
            "expectation": "gpt-3's accuracy on lists grows with K at every step",
            **{f"K={k}": summary(values) for k, values in curve.items()},
            "holds": all(above(curve[more], curve[fewer]) for fewer, more in pairwise(ks)),
        },
    ]  # fmt: skip


def instructions(rows: Rows) -> Rows:
    found = {
        model: by_seed(rows, model, "accuracy", lambda row: row["task"] == "asked: all kinds")
        for model in (*BASES, *INSTRUCTED)
    }
    if not all(found[base] for base in BASES):
        return []
    return [
        {
            "expectation": f"{model} follows more instructions than any base model",
            **{name: summary(found[name]) for name in (*BASES, model)},
            "holds": all(above(found[model], found[base]) for base in BASES),
        }
        for model in INSTRUCTED
        if found[model]
    ]  # fmt: skip
