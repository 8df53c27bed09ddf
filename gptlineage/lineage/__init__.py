"""The story: one file per generation, oldest first. `diff` tells two of them apart from their records alone."""

from __future__ import annotations

from typing import Any

from ..errors import unknown
from ..model.config import diff as config_diff
from .bert import BERT
from .chatgpt import CHATGPT
from .gpt1 import GPT1
from .gpt2 import GPT2
from .gpt3 import GPT3
from .gpt35 import GPT35
from .records import Bilingual, Claim, Generation, Stage
from .rnnsearch import RNNSEARCH
from .transformer import TRANSFORMER

GENERATIONS = (RNNSEARCH, TRANSFORMER, GPT1, BERT, GPT2, GPT3, GPT35, CHATGPT)

__all__ = ["GENERATIONS", "Bilingual", "Claim", "Generation", "Stage", "diff", "generation", "generations"]


def generations() -> tuple[Generation, ...]:
    """Every generation, oldest first."""
    return GENERATIONS


def generation(name: str) -> Generation:
    """The generation of that name. Raises UserError, with the nearest name, when there is none."""
    for candidate in GENERATIONS:
        if candidate.name == name:
            return candidate
    raise unknown("generation", "世代", name, [candidate.name for candidate in GENERATIONS])


def diff(old: Generation, new: Generation, size: str = "mini") -> dict[str, tuple[Any, Any]]:
    """What differs between two generations, `{name: (old, new)}`: the configuration, then data and training."""
    rows: dict[str, tuple[Any, Any]] = dict(config_diff(old.config(size), new.config(size)))
    told = {
        "corpus": (old.mixture, new.mixture),
        "starts_from": (old.starts_from, new.starts_from),
        "stages": (stage_names(old), stage_names(new)),
    }
    return rows | {name: pair for name, pair in told.items() if pair[0] != pair[1]}


def stage_names(generation: Generation) -> tuple[str, ...]:
    return tuple(stage.objective for stage in generation.stages)
