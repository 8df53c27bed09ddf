"""One prompt through several models, under the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import UserError
from .engine import PAGE_TEMPERATURE, LanguageModel
from .loaded import Loaded


def continuations(
    models: Sequence[Loaded], prompt: str, *, answered: bool = False, **settings: Any
) -> list[dict[str, Any]]:
    """What each model makes of the prompt; a model that cannot read it has an `error` instead of a `text`.

    If it is to be `answered`, those that converse do, and base models go on with a page of questions.
    """
    rows = []
    for lm in models:
        row: dict[str, Any] = {
            "model": lm.name,
            "year": lm.provenance.get("year"),
            "n_parameters": lm.model.n_parameters,
            "generation": lm.provenance.get("generation"),
        }
        try:
            if answered and isinstance(lm, LanguageModel):
                temperature = PAGE_TEMPERATURE if settings.get("temperature") is None else settings["temperature"]
                asked = [{"role": "user", "content": prompt}]
                row["text"] = lm.chat(asked, **{**settings, "temperature": temperature})
            else:
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
