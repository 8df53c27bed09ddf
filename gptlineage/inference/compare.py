"""One prompt through several models, under the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import UserError
from .loaded import Loaded


def continuations(models: Sequence[Loaded], prompt: str, **settings: Any) -> list[dict[str, Any]]:
    """What each model makes of the prompt; a model that cannot read it has an `error` instead of a `text`."""
    rows = []
    for lm in models:
        row: dict[str, Any] = {
            "model": lm.name,
            "year": lm.provenance.get("year"),
            "n_parameters": lm.model.n_parameters,
        }
        try:
            row["text"] = lm.generate(prompt, **settings)
        except UserError as error:
            row |= {"error": error.en, "error_zh": error.zh}
        rows.append(row)
    return rows


def interleave(streams: Sequence[Iterator[str]]) -> Iterator[list[str]]:
    """Advance all streams in turn and yield the texts so far; one that has ended holds up nobody."""
    texts = [""] * len(streams)
    running = dict(enumerate(streams))
    while running:
        for number, stream in list(running.items()):
            piece = next(stream, None)
            if piece is None:
                del running[number]
            else:
                texts[number] += piece
        yield list(texts)
