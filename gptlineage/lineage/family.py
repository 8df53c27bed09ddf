"""The whole family at a glance, from 2014 to 2023, those among it that are still story alone; and a lesson on each.

What a generation's record says is believed before the story: where both know a parent, the record's counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..model import ModelConfig
from ..model.recurrent import RecurrentConfig
from ..paths import data_dir
from . import diff, generations
from .records import Generation


@dataclass(frozen=True)
class Relative:
    """A place in the family tree."""

    name: str
    year: int
    title: str
    parent: str | None


STORY = (
    Relative("rnnsearch", 2014, "RNNsearch", None),
    Relative("transformer", 2017, "Transformer", "rnnsearch"),
    Relative("gpt-1", 2018, "GPT-1", "transformer"),
    Relative("bert", 2018, "BERT", "transformer"),
    Relative("gpt-2", 2019, "GPT-2", "gpt-1"),
    Relative("gpt-3", 2020, "GPT-3", "gpt-2"),
    Relative("gpt-3.5", 2022, "GPT-3.5", "gpt-3"),
    Relative("chatgpt", 2022, "ChatGPT", "gpt-3.5"),
    Relative("gpt-4", 2023, "GPT-4", "chatgpt"),
)


def record(name: str | None) -> Generation | None:
    """The generation of that name, if the package holds it."""
    return next((generation for generation in generations() if generation.name == name), None)


def family() -> tuple[Relative, ...]:
    """Everybody, oldest first."""
    told = {relative.name: relative for relative in STORY}
    for known in generations():
        before = told.get(known.name)
        parent = known.parent or (before.parent if before else None)
        told[known.name] = Relative(known.name, known.year, known.title, parent)
    return tuple(told.values())


def side_branches() -> set[str]:
    """Those without descendants, the youngest aside: they stand beside the main line."""
    everybody = family()
    return {one.name for one in everybody[:-1]} - {one.parent for one in everybody if one.parent}


def before(name: str) -> tuple[str, ModelConfig | RecurrentConfig] | None:
    """What this generation changed, as (title, miniature): its parent, or the fixed-length rival of the first one."""
    child = record(name)
    if child is None:
        return None
    parent = record(child.parent)
    if parent is not None:
        return parent.title, parent.config("mini")
    return ("RNNencdec", child.config("fixed")) if "fixed" in child.sizes else None


def changes(name: str) -> dict[str, tuple[Any, Any]]:
    """What differs from the parent, `{field: (old, new)}`; nothing where one of the two is not in the package.

    Between two kinds of network only what both have is told, after the kind itself.
    """
    child = record(name)
    parent = record(child.parent) if child else None
    if child is None or parent is None:
        return {}
    rows = diff(parent, child)
    kinds = parent.config("mini"), child.config("mini")
    if type(kinds[0]) is type(kinds[1]):
        return rows
    network = tuple("recurrent" if isinstance(kind, RecurrentConfig) else "attention" for kind in kinds)
    shared = {field: pair for field, pair in rows.items() if None not in pair}
    return {"network": (network[0], network[1]), **shared}


def all_stages(name: str) -> list[tuple[str, str]]:
    """The whole way of training, as (generation, objective), from random weights on."""
    stages: list[tuple[str, str]] = []
    one = record(name)
    while one is not None:
        stages[:0] = [(one.name, stage.objective) for stage in one.stages]
        one = record(one.starts_from)
    return stages


def lesson(name: str, lang: str) -> str:
    """A page about this generation, in Markdown; "" when nobody has written it."""
    path = data_dir() / "lessons" / f"{name}.{lang}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""
