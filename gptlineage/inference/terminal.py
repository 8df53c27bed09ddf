"""A conversation in the terminal."""

from __future__ import annotations

from typing import Any

from ..errors import UserError, explain
from .engine import LanguageModel
from .generate import check_length
from .sampling import Sampling

LINES = {
    "greeting": ("{name}. /clear starts afresh, /quit ends.", "{name}。输入 /clear 重新开始，/quit 结束。"),
    "base": (
        "This model was never taught to converse; it continues a page of questions and answers.",
        "这个模型没有学过对话；它只是续写一页问答。",
    ),
    "cleared": ("Forgotten.", "已清空。"),
}


def converse(lm: LanguageModel, settings: dict[str, Any], lang: str) -> None:
    """Read a line, stream the reply, until /quit or the end of input. Raises UserError for settings out of range."""

    def say(key: str) -> None:
        print(LINES[key][lang == "zh"].format(name=lm.name))

    check_length(settings["max_new_tokens"])
    Sampling(**{name: value for name, value in settings.items() if name != "max_new_tokens"})
    say("greeting")
    if not lm.speaks_chat:
        say("base")
    messages: list[dict[str, str]] = []
    while True:
        try:
            text = input("> ").strip()
        except EOFError:
            print()
            return
        if text == "/quit":
            return
        if text == "/clear":
            messages = []
            say("cleared")
            continue
        try:
            reply = ""
            for piece in lm.stream_chat([*messages, {"role": "user", "content": text}], **settings):
                print(piece, end="", flush=True)
                reply += piece
            print()
        except UserError as error:
            print(explain(error, lang))
            continue
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": reply}]
