"""The family as records: list, show, diff."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..errors import UserError, language
from .common import (
    Json,
    app,
    plain,
    show_json,
    zh,
)  # fmt: skip


@app.command("list", epilog="Example: gptlineage list --json")
def list_generations(as_json: Json = False) -> None:
    """The generations, oldest first, and which of them have released weights."""
    from ..inference import model_names
    from ..lineage import generations

    released = model_names()
    rows: list[dict[str, Any]] = [
        {
            "name": g.name,
            "year": g.year,
            "parent": g.parent,
            "sizes": list(g.sizes),
            "released": g.name in released,
            "news": g.news.in_language(language()),
        }
        for g in generations()
    ]
    if as_json:
        return show_json(rows)
    headers = ("世代", "年份", "权重", "变化") if zh() else ("generation", "year", "weights", "what changed")
    table = Table(*headers)
    for row in rows:
        weights = ("有", "—")[not row["released"]] if zh() else ("yes", "—")[not row["released"]]
        table.add_row(row["name"], str(row["year"]), weights, row["news"])
    Console().print(table)


@app.command(epilog="Example: gptlineage show gpt-2 --size xl")
def show(
    gen: Annotated[str, typer.Argument(help="A generation, such as gpt-2.")],
    size: Annotated[str, typer.Option(help="mini, or a size that the paper published.")] = "mini",
    as_json: Json = False,
) -> None:
    """One generation: its configuration at a size, its parameters, its stages and its paper's claims."""
    from ..lineage import generation
    from ..lineage.describe import describe

    record = describe(generation(gen), size, language())
    if as_json:
        return show_json(record)
    console = Console()
    console.print(f"[bold]{record['title']}[/bold] ({record['year']})  {record['paper']}", highlight=False)
    console.print(record["news"], highlight=False)
    table = Table(show_header=False)
    for name in ("size", "sizes", "n_parameters", "corpus", "stages"):
        value = record[name]
        table.add_row(name, f"{value:,}" if isinstance(value, int) else plain(value))
    for name, value in record["config"].items():
        table.add_row(name, plain(value))
    console.print(table)
    for claim in record["claims"]:
        console.print(f"  {claim['text']} ({claim['source']})", highlight=False)


@app.command(epilog="Example: gptlineage diff gpt-1 gpt-2")
def diff(
    old: Annotated[str, typer.Argument(help="The earlier generation.")],
    new: Annotated[str, typer.Argument(help="The later generation.")],
    as_json: Json = False,
) -> None:
    """What changed between two generations, read from their configurations."""
    from ..lineage import diff as difference
    from ..lineage import generation

    if old == new:
        raise UserError("Name two different generations.", "请给出两个不同的世代。")
    rows = difference(generation(old), generation(new))
    if as_json:
        return show_json({name: {"old": a, "new": b} for name, (a, b) in rows.items()})
    table = Table("改变" if zh() else "what changed", old, new)
    for name, (before, after) in rows.items():
        table.add_row(name, plain(before), plain(after))
    Console().print(table)
