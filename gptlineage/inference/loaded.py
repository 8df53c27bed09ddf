"""What every opened model has, whatever it can do: a name, a network, a tokenizer, and its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
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

    def stream(self, prompt: str, **settings: Any) -> Iterator[str]:
        """What the model makes of `prompt`, piece by piece; a piece never holds half a character."""
        raise NotImplementedError

    def generate(self, prompt: str, **settings: Any) -> str:
        """What the model makes of `prompt` as one string; settings and errors as for `stream`."""
        return "".join(self.stream(prompt, **settings))

    def stream_chat(self, messages: Sequence[dict[str, str]], **settings: Any) -> Iterator[str]:
        """Raises UserError: only models that continue text can hold a conversation."""
        raise UserError(
            f"{self.name} does not converse; choose a model that continues text, such as chatgpt.",
            f"{self.name} 不会对话；请选择能续写文本的模型，例如 chatgpt。",
        )
