"""A conversation in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ..errors import UserError, explain
from .conversations import save_conversation
from .engine import LanguageModel
from .generate import check_length
from .sampling import Sampling

LINES = {
    "greeting": (
        "{name}. /clear starts afresh, /system TEXT says how to behave, /save FILE (.md, .json) keeps it, /quit ends.",
        "{name}。/clear 重新开始，/system 文字 设定行为，/save 文件.md 或 文件.json 保存，/quit 结束。",
    ),
    "base": (
        "This model was never taught to converse; it continues a page of questions and answers.",
        "这个模型没有学过对话；它只是续写一页问答。",
    ),
    "unknown": ("No such command; /help names them.", "没有这个命令；/help 列出可用的命令。"),
    "cleared": ("Forgotten.", "已清空。"),
    "saved": ("Saved.", "已保存。"),
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
    order: list[dict[str, str]] = []  # the system message, if there is one
    ready = "> " if sys.stdin.isatty() else ""  # nobody waits at a pipe
    while True:
        try:
            text = input(ready).strip()
        except EOFError:
            print()
            return
        if text == "/quit":
            return
        if text == "/help":
            say("greeting")
            continue
        if text == "/clear":
            messages = []
            say("cleared")
            continue
        command, _, rest = text.partition(" ")
        if command == "/system":
            order = [{"role": "system", "content": rest.strip()}] if rest.strip() else []
            continue
        if command.startswith("/") and command != "/save":
            say("unknown")
            continue
        try:
            if command == "/save":
                save_conversation(Path(rest.strip()), [*order, *messages], lm.name, lang)
                say("saved")
                continue
            reply = ""
            for piece in lm.stream_chat([*order, *messages, {"role": "user", "content": text}], **settings):
                print(piece, end="", flush=True)
                reply += piece
            print()
        except UserError as error:
            print(explain(error, lang))
            continue
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": reply}]
