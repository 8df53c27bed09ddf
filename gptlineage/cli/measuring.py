"""What models are held to: exam."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import UserError
from .common import (
    Json,
    app,
    show_json,
)  # fmt: skip


@app.command(epilog="Example: gptlineage exam gpt-1 gpt-2 gpt-3 chatgpt --n 500 --chart exam.png")
def exam(
    models: Annotated[list[str], typer.Argument(help="Released names or run directories.")],
    n: Annotated[int, typer.Option(help="How many questions for each task, at most.", min=1, max=800)] = 500,
    seeds: Annotated[int, typer.Option(help="How often to sample the conversation questions.", min=1)] = 3,
    items: Annotated[Path | None, typer.Option(help="A folder of GPT-3's own items (*.jsonl).")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
    chart: Annotated[Path | None, typer.Option(help="Draw the figures to this picture (.png or .svg).")] = None,
    as_json: Json = False,
) -> None:
    """The held-out exam: loss by kind of text, tasks without and with examples, instructions, conversation."""
    from ..evaluation import report, write_results
    from ..evaluation.exam import ask_all, baselines, take, write_sheet
    from ..inference import load_language_model
    from ..world import World

    if items is not None and not any(items.glob("*.jsonl")):
        raise UserError(
            f"{items} holds no *.jsonl items; name another folder.", f"{items} 中没有 *.jsonl 考题；请换一个文件夹。"
        )
    lms, world = [load_language_model(name) for name in models], World()
    console, rows = Console(stderr=True), list[dict[str, Any]]()
    with console.status("questions"):
        sheet = write_sheet(world, n, items)
    generations = [lm.provenance.get("generation", lm.name) for lm in lms]
    for lm, generation in zip(lms, generations, strict=True):
        name = generation if generations.count(generation) == 1 else lm.name
        with console.status(lm.name):
            rows += take(lm, world, sheet, name, n)
            rows += ask_all(lm, n=min(n, 400), seeds=seeds)
    with console.status("n-gram"):
        rows += baselines(lms[0].tokenizer, world, sheet)
    command = "gptlineage exam " + " ".join(models) + f" --n {n} --seeds {seeds}" + (" --items ITEMS" if items else "")
    if out:
        training_seeds = sorted({lm.provenance["seed"] for lm in lms if "seed" in lm.provenance})
        write_results(out, command, rows, seeds=training_seeds)
    if chart:
        report.chart(rows, chart)
    if as_json:
        return show_json(rows)
    headers, lines = report.table(rows)
    shown = Table(*headers)
    for line in lines:
        shown.add_row(*map(Text, line))
    Console().print(shown)
