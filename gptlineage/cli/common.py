"""What the verbs share: the program itself, its usual options, and how results are printed."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Annotated, Any

import typer

from ..errors import language

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def show_version(wanted: bool) -> None:
    if wanted:
        print(f"gptlineage {version('gptlineage')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """How attention became ChatGPT: train, sample, compare and chat with miniatures of the GPT family."""


Json = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
Temperature = Annotated[float, typer.Option(help="0 takes the likeliest token; higher is bolder.")]
OwnTemperature = Annotated[
    float | None,
    typer.Option(help="0 takes the likeliest token; higher is bolder. Usually 0.8, and a translation is searched for."),
]
TopK = Annotated[int, typer.Option(help="Keep only the k likeliest tokens; 0 keeps all.")]
TopP = Annotated[float, typer.Option(help="Keep the likeliest tokens that together hold this probability.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same text.")]
MaxNewTokens = Annotated[int, typer.Option(help="How many tokens to write at most.")]


def show_json(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2))


def zh() -> bool:
    return language() == "zh"


def plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "—" if value is None else str(value)


def settings(
    max_new_tokens: int, temperature: float | None, top_k: int, top_p: float, seed: int | None
) -> dict[str, Any]:
    return dict(max_new_tokens=max_new_tokens, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)
