"""What every opened model has, whatever it can do: a name, a network, a tokenizer, and its history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..model import Config, Network
from ..text import Tokenizer


@dataclass(frozen=True)
class Loaded:
    """A model with its tokenizer and its history (`provenance`)."""

    name: str
    model: Network
    tokenizer: Tokenizer
    provenance: dict[str, Any]

    continues = False  # whether it writes on from the prompt, so that the two are one text
    speaks_chat = False

    @property
    def config(self) -> Any:
        config: Config = self.model.config
        return config

    def stream(
        self,
        prompt: str,
        *,
        max_new_tokens: int = 64,
        temperature: float | None = None,
        top_k: int = 50,
        top_p: float = 1.0,
        seed: int | None = None,
    ) -> Iterator[str]:
        """What the model makes of `prompt`, piece by piece; a piece never holds half a character."""
        raise NotImplementedError

    def generate(self, prompt: str, **settings: Any) -> str:
        """What the model makes of `prompt` as one string; settings and errors as for `stream`."""
        return "".join(self.stream(prompt, **settings))
