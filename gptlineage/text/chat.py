"""How a conversation is written down for a model: who speaks is a special token, what is said is plain text.

    <|system|> ... <|end|> <|user|> Hello! <|end|> <|assistant|> Hello, how can I help? <|end|>

The turn markers are ids that no text encodes to, so nothing a user types can end a turn or start another.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UserError
from .tokenizer import Tokenizer

ROLES = ("system", "user", "assistant")
Message = dict[str, str]


def check_messages(messages: Sequence[Message]) -> None:
    """Raise UserError unless these are messages that a model can answer."""
    if not messages:
        raise UserError("The conversation is empty; add a user message.", "对话是空的；请添加一条用户消息。")
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            raise UserError(
                "Every message needs a text 'content' and a 'role'.", "每条消息都需要文本 'content' 和 'role'。"
            )
        if message.get("role") not in ROLES:
            raise UserError(
                f"The role {message.get('role')!r} is unknown; use one of {', '.join(ROLES)}.",
                f"未知的角色 {message.get('role')!r}；请使用 {'、'.join(ROLES)} 之一。",
            )
    if not messages[-1]["content"].strip():
        raise UserError("The message is empty; type something.", "消息为空；请输入内容。")


def encode_message(tokenizer: Tokenizer, message: Message) -> list[int]:
    role = tokenizer.special[f"<|{message['role']}|>"]
    return [role, *tokenizer.encode(message["content"]), tokenizer.special["<|end|>"]]


def encode_prompt(tokenizer: Tokenizer, messages: Sequence[Message], n_ctx: int, reply: int = 0) -> list[int]:
    """The conversation up to the point where the assistant speaks, as a model with this context is shown it.

    At least `reply` ids of the context stay free. The oldest turns are forgotten first, a question with its reply (no
    conversation that a model has seen begins with a reply), until the rest is no longer than `shown_at_most`; a leading
    system message and the last message are always kept. Raises UserError when these alone leave too little room.
    """
    check_messages(messages)
    opening = [encode_message(tokenizer, messages[0])] if messages[0]["role"] == "system" else []
    turns = [encode_message(tokenizer, message) for message in messages[len(opening) :]]
    speak, room = [tokenizer.special["<|assistant|>"]], n_ctx - reply
    while len(turns) > 1 and sum(map(len, opening + turns)) + 1 > min(room, shown_at_most(n_ctx)):
        turns.pop(0)
        while len(turns) > 1 and turns[0][0] == speak[0]:
            turns.pop(0)
    ids = [i for part in (*opening, *turns, speak) for i in part]
    if len(ids) > room:
        raise UserError(
            f"The message has {len(ids)} tokens, but only {room} fit; shorten it.",
            f"消息有 {len(ids)} 个词元，最多只能容纳 {room} 个；请缩短。",
        )
    return ids


def shown_at_most(n_ctx: int) -> int:
    """How many ids of a conversation a model with this context is shown: nearly what the longest demonstrations have.

    Of ChatGPT's none is above 181 of 256 ids. Measured by hand, greedily, on the released ChatGPT: of 300 held-out
    conversations with 161 to 176 ids it answers 79 % rightly, and 55 % when it is shown 160; of 300 put together to be
    longer than 200, 73 % with 160 and 70 % with 176 to 192.
    """
    return n_ctx * 11 // 16


def encode_dialogue(tokenizer: Tokenizer, messages: Sequence[Message]) -> tuple[list[int], list[bool]]:
    """A whole conversation for training: ids, and for each id whether it is the assistant's to say.

    The assistant's closing `<|end|>` counts as said; the role marker before its words does not.
    """
    ids: list[int] = []
    said: list[bool] = []
    for message in messages:
        part = encode_message(tokenizer, message)
        own = message["role"] == "assistant"
        ids += part
        said += [False] + [own] * (len(part) - 1)
    return ids, said
