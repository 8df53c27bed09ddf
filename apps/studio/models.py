"""The models that the studio offers: described from their small files at once, loaded when first asked.

A page must appear before any weight is read, and two visitors who ask for the same model must share one copy.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gptlineage as gl
from gptlineage.inference.checkpoint import read_json
from gptlineage.model import Config, RecurrentConfig, config_from_dict
from gptlineage.paths import models_dir
from gptlineage.text.numbers import count

from .strings import text

# All generation shares this: more at once would only make everybody's slower.
GENERATING = {"concurrency_id": "generate", "concurrency_limit": 3}
MOST_CHARACTERS = 4000
SPARE = 2  # places in Compare for models that are trained while the page is open
FRAME = 0.05  # seconds between two pictures of a growing text


@dataclass(frozen=True)
class Card:
    """What is said of a model before it is loaded."""

    key: str  # its name in pickers and calls; paths on this computer stay out of the page
    source: str  # as the studio was given it: a released name or a path
    title: str
    generation: str
    year: int | None
    n_parameters: int | None
    config: Config
    speaks_chat: bool
    provenance: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def size(self, lang: str) -> str:
        layers = self.config.n_layers + getattr(self.config, "encoder_layers", 0)
        shape = "model.shape_one" if layers == 1 else "model.shape"
        parts = [text(shape, lang, layers=layers, width=self.config.d_model)]
        if self.n_parameters:
            parts.insert(0, text("model.parameters", lang, n=count(self.n_parameters, lang)))
        return " · ".join(parts)

    @property
    def released(self) -> bool:
        """Whether these are the weights that come with the package, of which the published figures tell."""
        by_name = Path(self.source).name == self.source  # a path is somebody's own, whatever its folder is called
        return by_name and (models_dir() / self.source / "config.json").is_file()

    @property
    def does(self) -> str:
        """What it can do for a person: "continues", "translates" or "fills"."""
        if isinstance(self.config, RecurrentConfig) or self.config.encoder_layers:
            return "translates"
        return "continues" if self.config.causal else "fills"

    def news(self, lang: str) -> str:
        """What this generation changed, if it is one of the family."""
        known = {generation.name: generation for generation in gl.generations()}
        return known[self.generation].news.in_language(lang) if self.generation in known else ""


def read_card(source: str) -> Card:
    """Describe a model from its config and provenance. Raises UserError when there is no such model."""
    released = models_dir() / source
    folder = released if (released / "config.json").is_file() else Path(source).expanduser()
    if not (folder / "config.json").is_file():
        gl.load(source)  # raises the line that says what is wrong
    values, provenance = read_json(folder / "config.json"), read_json(folder / "provenance.json")
    values.pop("format", None)
    folder = folder.resolve()
    generation = str(provenance.get("generation", ""))
    titles = {known.name: known.title for known in gl.generations()}
    return Card(
        key=folder.name,
        source=source,
        # A model of one's own goes by its folder's name: two GPT-2s must be told apart.
        title=titles[generation] if generation in titles and folder.name == generation else folder.name,
        generation=generation,
        year=provenance.get("year"),
        n_parameters=provenance.get("n_parameters"),
        config=config_from_dict(values),
        speaks_chat="sft" in provenance.get("stages", ()),
        provenance=provenance,
    )


class ModelPool:
    """The models on offer, in order. `get` loads one on first use, once, whoever asks."""

    def __init__(self, names: Sequence[str] | None = None):
        self.cards: dict[str, Card] = {}
        self._loaded: dict[str, gl.LanguageModel] = {}
        self._locks: dict[str, threading.Lock] = {}
        for source in gl.model_names() if names is None else names:
            self.add(str(source))
        self.make_lanes()

    def make_lanes(self) -> None:
        """Give Compare a column for every model there is now, and some for those to come; a page has them for good."""
        self.n_lanes = len(self.cards) + SPARE

    @property
    def lanes(self) -> list[Card | None]:
        """Compare's columns, from left to right; None for one that is still free."""
        cards = list(self.cards.values())[: self.n_lanes]
        return [*cards, *[None] * (self.n_lanes - len(cards))]

    def add(self, source: str) -> str:
        """Offer one more model; returns its key. Raises UserError when there is no such model."""
        first = card = read_card(source)
        for number in itertools.count(2):
            if card.key not in self.cards:
                break
            # Two run folders of one name.
            card = replace(first, key=f"{first.key} ({number})", title=f"{first.title} ({number})")
        self._locks[card.key] = threading.Lock()
        self.cards[card.key] = card
        return card.key

    @property
    def default(self) -> str | None:
        """The newest model that was taught to chat, else the newest that writes."""
        keys = [key for _, key in self.writers]
        return next((key for key in reversed(keys) if self.cards[key].speaks_chat), keys[-1] if keys else None)

    @property
    def lane_choices(self) -> list[tuple[str, str]]:
        """The same for Compare, which has only so many columns."""
        return self.choices[: self.n_lanes]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """(title, key) for a picker."""
        return [(card.title, key) for key, card in self.cards.items()]

    @property
    def writers(self) -> list[tuple[str, str]]:
        """The same, without those that translate or fill gaps."""
        return [(card.title, key) for key, card in self.cards.items() if card.does == "continues"]

    def get(self, key: str) -> gl.LanguageModel:
        """The loaded model. Raises UserError when its files are damaged."""
        with self._locks[key]:
            if key not in self._loaded:
                # Under its title: an error that names the model must not show a path.
                self._loaded[key] = replace(gl.load(self.cards[key].source), name=self.cards[key].title)
            return self._loaded[key]

    def preload(self) -> None:
        """Load the default model in the background, so that the first reply does not wait for it."""
        if self.default is not None:
            threading.Thread(target=self._try, args=(self.default,), daemon=True).start()

    def _try(self, key: str) -> None:
        with contextlib.suppress(gl.UserError):  # whoever asks for the model is told then
            self.get(key)


def check_prompt(prompt: str) -> None:
    """Raise UserError for nothing, or for more than a page should have to carry."""
    if not (prompt or "").strip():
        raise gl.UserError(text("error.no_prompt", "en"), text("error.no_prompt", "zh"))
    if len(prompt) > MOST_CHARACTERS:
        values = {"n": len(prompt), "most": MOST_CHARACTERS}
        raise gl.UserError(text("error.too_long", "en", **values), text("error.too_long", "zh", **values))


def within(value: Any, most: int, least: int = 0) -> int:
    """A number that came from the page, kept in bounds: whoever sends another gets the nearest."""
    return max(least, min(int(value), most))


def press(elem_id: str) -> str:
    """JavaScript that presses a button of the page, if it is there and not locked."""
    return f"() => {{ document.getElementById('{elem_id}')?.click(); }}"


def growing(pieces: Iterator[str]) -> Iterator[str]:
    """The text so far, at most twenty times a second, and the whole of it at the end."""
    said, shown = "", 0.0
    for piece in pieces:
        said += piece
        if (now := time.monotonic()) - shown >= FRAME:
            shown = now
            yield said
    yield said
