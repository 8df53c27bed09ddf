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


def memory_of(n_ctx: int) -> int:
    """How many ids of a conversation a model with this context is shown.

    No demonstration is much longer (see `world.dialogues.LONGEST`), and what the miniature has to read further out
    confuses it: of 324 longer conversations it answered 64 % rightly when it was shown up to 192 tokens, and 73 % when
    it was shown up to 160.
    """
    return n_ctx * 5 // 8


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


def encode_prompt(
    tokenizer: Tokenizer, messages: Sequence[Message], room: int, memory: int | None = None
) -> list[int]:
    """The conversation up to the point where the assistant speaks, in at most `room` ids.

    When it does not fit, or has more than `memory` ids, the oldest turns are forgotten first (a leading system
    message is kept), a question with its reply: no conversation that the model has seen begins with a reply. Raises
    UserError when even the last message alone is too long.
    """
    check_messages(messages)
    opening = [encode_message(tokenizer, messages[0])] if messages[0]["role"] == "system" else []
    turns = [encode_message(tokenizer, message) for message in messages[len(opening) :]]
    speak = [tokenizer.special["<|assistant|>"]]
    most = room if memory is None else min(room, memory)
    while len(turns) > 1 and sum(map(len, opening + turns)) + 1 > most:
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
