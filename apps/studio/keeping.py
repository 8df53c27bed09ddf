"""The conversations that the reader's browser keeps (chats.js), as they come to us: from outside, so not to be trusted.

Nothing of them is stored by the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .models import MOST_CHARACTERS

Message = dict[str, str]
LONGEST_CHAT = 60  # messages; the models forget earlier ones anyway
TITLE = 40  # characters

# What the page does by itself, without asking the server.
KEEP = "(history, model, system) => { gptlineageChats.keep(history, model, system); }"
FRESH = "() => { gptlineageChats.fresh(); return [[], '']; }"
FORGET = "() => { gptlineageChats.forget(); return [[], '']; }"
OPEN = "(id) => [id, gptlineageChats.state(id)]"
STATE = "() => [gptlineageChats.state()]"


@dataclass(frozen=True)
class Kept:
    """The conversation of this window, and all that can be opened: (title, id), the newest first."""

    messages: list[Message]
    model: str
    system: str
    current: str | None
    others: list[tuple[str, str]]


def read_kept(stored: str | None) -> Kept:
    """What chats.js told; whatever does not fit is left out."""
    try:
        told = json.loads(stored or "{}")
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    talk = told.get("talk")
    talk = talk if isinstance(talk, dict) else {}
    listed = [one for one in listing(told.get("others")) if isinstance(one.get("id"), str)]
    others = [(title(str(one.get("title", ""))), str(one["id"])) for one in listed]
    current = told.get("current")
    return Kept(
        messages=messages_of(talk.get("messages")),
        model=str(talk.get("model", "")),
        system=str(talk.get("system") or "")[:MOST_CHARACTERS],
        current=current if any(current == key for _, key in others) else None,
        others=others,
    )


def listing(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def messages_of(value: Any) -> list[Message]:
    """Messages with a known role and some text; Gradio's content is a string or a list of blocks."""
    messages = []
    for message in listing(value):
        content = message.get("content")
        if isinstance(content, list):
            content = "".join(str(block.get("text", "")) for block in content if isinstance(block, dict))
        if message.get("role") in ("user", "assistant") and isinstance(content, str):
            messages.append({"role": str(message["role"]), "content": content[:MOST_CHARACTERS]})
    return messages


def title(said: str) -> str:
    """A conversation goes by its first words."""
    line = " ".join(said.split())
    return line if len(line) <= TITLE else line[: TITLE - 1].rstrip() + "…"
