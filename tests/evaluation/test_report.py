"""The exam as a table and as a picture: several training seeds become a mean with its range."""

from __future__ import annotations

from gptlineage.evaluation.report import cells, chart, table


def row(model, task, k, value, seed=0, metric="accuracy"):
    place = {"model": model, "family": task, "task": task, "k": k}
    return {**place, "metric": metric, "value": value, "n": 9, "seed": seed}


ROWS = [
    row("gpt-1", "common text", 0, 2.0, metric="bits per byte"),
    row("gpt-1", "facts", 0, 0.25, 0),
    row("gpt-1", "facts", 0, 0.5, 1),
    row("gpt-3", "facts", 4, 0.75),
    row("gpt-3", "random mapping", 2, 0.5),
    row("gpt-3", "random mapping", 4, 0.75),
    row("chance", "random mapping", 4, 0.25, None),
    {"model": "gpt-1", "task": "training", "metric": "seconds", "value": 9, "seed": 0},
]


def test_seeds_become_a_mean_and_a_range():
    assert cells(ROWS, "accuracy")["facts", 0] == {"gpt-1": (0.375, 0.25, 0.5)}


def test_the_table_has_a_column_for_each_model_and_a_line_for_each_task():
    headers, lines = table(ROWS)
    assert headers == ["task", "metric", "gpt-1", "gpt-3", "chance"]
    assert ["facts", "accuracy", "0.38 (0.25-0.50)", "", ""] in lines
    assert ["random mapping, K=4", "accuracy", "", "0.75", "0.25"] in lines
    assert lines[0] == ["common text", "bits per byte", "2.000", "", ""]


def test_the_chart_is_drawn_from_the_rows(tmp_path):
    path = tmp_path / "deep" / "exam.png"
    chart(ROWS, path)
    assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10_000
