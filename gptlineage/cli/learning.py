"""What makes models: train, prefer."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import UserError, language
from .common import (
    app,
    show_json,
    zh,
)  # fmt: skip


@app.command(epilog="Example: gptlineage train gpt-2 --quick --out runs/gpt-2")
def train(
    gen: Annotated[str, typer.Argument(help="A generation, or 'all' for every one in order.")],
    size: Annotated[str, typer.Option(help="mini, or a size that the paper published.")] = "mini",
    data: Annotated[str, typer.Option(help="world, world:web, or a UTF-8 text file or folder.")] = "world",
    out: Annotated[Path | None, typer.Option(help="The run directory (default: runs/GEN).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run was.")] = False,
    steps: Annotated[int | None, typer.Option(help="Updates per stage, instead of the recipe's.", min=1)] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    quick: Annotated[bool, typer.Option("--quick", help="The short recipe: minutes for each.")] = False,
    optimizer: Annotated[str, typer.Option(help="muon (the miniatures') or adamw (the papers' reference).")] = "muon",
    tokenizer: Annotated[str, typer.Option(help="world, bytes, or a new vocabulary of this size.")] = "world",
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.", min=0, max=2**32 - 1)] = 0,
    parent: Annotated[str | None, typer.Option(help="The model to start from, for those that start from one.")] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say how long it takes and what it needs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the estimate as JSON for other programs.")] = False,
) -> None:
    """Train a generation; Ctrl-C stops it cleanly and --resume goes on exactly there."""
    from ..lineage import generation, generations
    from ..lineage.plan import make_plan
    from ..lineage.run import Options, starting_from, train_generation
    from ..training import choose_device
    from ..training.progress import ProgressBar

    chosen = generations() if gen == "all" else (generation(gen),)
    base = out or (Path("runs") if gen == "all" else Path("runs") / gen)
    options = Options(
        size=size,
        data=data,
        tokenizer=tokenizer,
        quick=quick,
        optimizer=optimizer,
        steps=steps,
        seed=seed,
        device=choose_device(device),
        resume=resume,
    )
    for one in chosen:
        one.config(size)  # a size that a later generation lacks is said before the first is trained
    start = None
    if parent is not None:
        if gen == "all":
            raise UserError("--parent goes with one generation.", "--parent 只能与单独一代同用。")
        one, start = starting_from(chosen[0], parent)
        chosen = (one,)
    if estimate:
        plans = [make_plan(one, base, options, parent=start) for one in chosen]
        return show_json([plan.to_dict() for plan in plans]) if as_json else show_plans(plans)
    for one in chosen:
        place = base / one.name if gen == "all" else base
        with contextlib.ExitStack() as bars:
            folder = train_generation(
                one, place, options, watch=lambda title: bars.enter_context(ProgressBar(title)), parent=start
            )
        print(f"{one.name}: {folder}")


def show_plans(plans: list[Any]) -> None:
    from ..lineage.plan import span

    for plan in plans:
        print(f"{plan.generation}: {plan.sentence().in_language(language())}")
    known = [plan.seconds for plan in plans if plan.seconds]
    if len(known) > 1:
        least, most = map(sum, zip(*known, strict=True))
        print(f"{'共计：' if zh() else 'all: '}{span(least, most, language()).strip()}")


@app.command(epilog="Example: gptlineage prefer chatgpt runs/votes.jsonl --out runs/mine")
def prefer(
    model: Annotated[str, typer.Argument(help="The chat model that shall learn: a released name or a run directory.")],
    votes: Annotated[Path, typer.Argument(help="The arena's ballots, a JSONL file.")],
    out: Annotated[Path, typer.Option(help="The run directory.")] = Path("runs/preferred"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run was.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Half as long.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.", min=0, max=2**32 - 1)] = 0,
) -> None:
    """Let a chat model learn from your votes: a reward model first, then DPO on replies which that one ranks."""
    from ..lineage.voted import learn_from_votes
    from ..training.progress import ProgressBar

    with contextlib.ExitStack() as bars:
        folder = learn_from_votes(
            model, votes, out, seed=seed, quick=quick, resume=resume,
            watch=lambda title: bars.enter_context(ProgressBar(title)),
        )  # fmt: skip
    print(f"{model}: {folder}")
