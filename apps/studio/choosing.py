"""What can be chosen in the Train tab, and what the choices come to."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import gptlineage as gl
from gptlineage.corpus import BITEXT
from gptlineage.lineage.describe import count_parameters
from gptlineage.lineage.plan import least_memory, size_of
from gptlineage.lineage.records import MINI_VOCAB_SIZE
from gptlineage.text.numbers import count

from .curves import stage_name
from .models import ModelPool
from .strings import escaped, text
from .theme import class_of
from .training import MOST_MEGABYTES, SUFFIXES, Choice, check_text

OWN = "own"  # the reader's file; "world", or the place of a text among those given at the start, are the other choices
MOST_STEPS = 1_000_000


def choice_of(
    pool: ModelPool, given: Sequence[Path], generation: str, size: str, parent: str | None, data: str,
    upload: str | None, recipe: str, steps: str,
) -> Choice:  # fmt: skip
    """The reader's choices as one. Raises UserError where something is missing or cannot be."""
    one = gl.generation(generation)
    one.config(size)
    if one.starts_from is not None and parent is None:
        told = {"name": one.title, "parent": one.starts_from}
        raise gl.UserError(text("train.no_parent", "en", **told), text("train.no_parent", "zh", **told))
    wanted = (steps or "").strip()
    if wanted and not (wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted) <= MOST_STEPS):
        raise gl.UserError(text("train.bad_steps", "en"), text("train.bad_steps", "zh"))
    choice = Choice(
        generation=generation,
        size=size,
        quick=recipe == "quick",
        steps=int(wanted) if wanted else None,
        parent=pool.cards[parent].source if one.starts_from is not None and parent else None,
    )
    if data == OWN:
        if upload is None:
            raise gl.UserError(text("train.no_file", "en"), text("train.no_file", "zh"))
        check_text(upload, Path(upload).name)
        return replace(choice, data=upload, name=Path(upload).name, uploaded=True)
    if data != "world":
        path = given[int(data)]
        return replace(choice, data=str(path), name=path.name)
    return choice


def news(name: str, lang: str) -> str:
    """A generation in one line, with the stages of its training."""
    one = gl.generation(name)
    stages = " → ".join(stage_name(stage.objective, lang) for stage in one.stages)
    told = html.escape(f"{one.title} · {one.year} · {stages}")
    return (
        f'<div class="{class_of(name)}"><p><span class="dot"></span>{told}</p>'
        f"<p>{html.escape(one.news.in_language(lang))}</p></div>"
    )


def parents(pool: ModelPool, name: str) -> list[tuple[str, str]]:
    """The models that a generation may start from: (title, key)."""
    wanted = gl.generation(name).starts_from
    return [(card.title, card.key) for card in pool.cards.values() if card.generation == wanted]


def size_choices(name: str, lang: str) -> list[tuple[str, str]]:
    """Every size, and from the second on what it needs."""
    found = []
    for size in gl.generation(name).sizes:
        n = parameters(name, size)
        told = {"size": size, "n": count(n, lang), "memory": size_of(least_memory(n))}
        found.append((text("train.mini" if size == "mini" else "train.larger", lang, **told), size))
    return found


@cache
def parameters(name: str, size: str) -> int:
    """How many weights it has when it speaks the miniatures' vocabulary, as all that is trained here does."""
    return count_parameters(replace(gl.generation(name).config(size), vocab_size=MINI_VOCAB_SIZE))


def data_choices(given: Sequence[Path], lang: str) -> list[tuple[str, str]]:
    named = [(path.name or str(path), str(number)) for number, path in enumerate(given)]
    return [(text("train.world", lang), "world"), *named, (text("train.own", lang), OWN)]


def recipe_choices(lang: str) -> list[tuple[str, str]]:
    return [(text("train.quick", lang), "quick"), (text("train.release", lang), "release")]


def file_hint(name: str, lang: str) -> str:
    """What a file must be like; translators read pairs."""
    kind = "train.pairs_hint" if gl.generation(name).mixture == BITEXT else "train.file_hint"
    return escaped(kind, lang, kinds=" ".join(SUFFIXES), most=MOST_MEGABYTES)
