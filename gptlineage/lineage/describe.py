"""A generation as plain data: for `gptlineage show`, for the studio, for other programs."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ..model import Config, build
from .records import Generation


class Undrawn(TorchFunctionMode):
    """Leaves fresh weights as they are. To draw numbers that do not exist, torch would load its compiler: seconds."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.__name__ in ("normal_", "uniform_"):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def count_parameters(config: Config) -> int:
    """The exact number of weights, counted on the meta device: nothing is allocated, even for 175 billion."""
    with torch.device("meta"), Undrawn():
        return build(config).n_parameters


def describe(generation: Generation, size: str, lang: str) -> dict[str, Any]:
    """Everything the record says at one size. Raises UserError for a size that does not exist."""
    config = generation.config(size)
    return {
        "name": generation.name,
        "title": generation.title,
        "year": generation.year,
        "paper": generation.paper,
        "parent": generation.parent,
        "news": generation.news.in_language(lang),
        "size": size,
        "sizes": list(generation.sizes),
        "n_parameters": count_parameters(config),
        "config": config.to_dict(),
        "changed": {name: list(v) if isinstance(v, tuple) else v for name, v in generation.changed.items()},
        "corpus": generation.mixture,
        "stages": [stage.objective for stage in generation.stages],
        "claims": [{"text": c.text.in_language(lang), "source": c.source} for c in generation.claims],
    }
