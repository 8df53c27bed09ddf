"""A conversation as a file: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..text.markdown import quoted
from ..text.saving import save_as

Message = dict[str, str]
NAMES = {"system": ("System message", "系统消息"), "user": ("You", "你"), "assistant": ("{model}", "{model}")}


def as_markdown(messages: Sequence[Message], model: str, lang: str = "en") -> str:
    """Each message as a quotation under its speaker's name; nothing that was said becomes markup."""
    parts = []
    for message in messages:
        name = NAMES[message["role"]][lang == "zh"].format(model=model)
        parts.append(f"**{name}**\n\n{quoted(message['content'])}\n")
    return "\n".join(parts)


def as_json(messages: Sequence[Message], model: str) -> str:
    """An object with `model` and `messages` (`role`, `content`), as chat programs exchange them."""
    told = [{"role": message["role"], "content": message["content"]} for message in messages]
    return json.dumps({"model": model, "messages": told}, ensure_ascii=False, indent=2) + "\n"


def save_conversation(path: Path, messages: Sequence[Message], model: str, lang: str = "en") -> None:
    """Write it as .md or .json. Raises UserError for another ending, or no way to write."""
    save_as(path, {".md": lambda: as_markdown(messages, model, lang), ".json": lambda: as_json(messages, model)})
