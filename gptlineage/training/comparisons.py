"""Comparisons between replies to the same conversation, and the file that keeps them.

One JSON object a line, the best reply first:

    {"messages": [{"role": "user", "content": "Hello!"}], "replies": ["Hello, how can I help?", "Paris."]}

The simulated labeler writes such files, and so do the votes of the studio's arena.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UserError
from ..inference import Sampling, reply_to_all
from ..inference.checkpoint import replace
from ..model import Stack
from ..text import Tokenizer
from ..text.chat import Message, check_messages
from ..world import Dialogue
from ..world.chance import stream
from ..world.labeler import Labeler

T = TypeVar("T")
LONGEST_REPLY = 20_000  # characters; far beyond any context of ours
MOST_REPLIES = 9  # InstructGPT, section 3.5: K = 4 to 9


@dataclass(frozen=True)
class Comparison:
    """A conversation that ends with the user, and two to nine different replies to it, the best first."""

    messages: tuple[Message, ...]
    replies: tuple[str, ...]

    def pairs(self) -> list[tuple[str, str]]:
        """Every (better, worse)."""
        return list(itertools.combinations(self.replies, 2))


def write_comparisons(path: Path, comparisons: Sequence[Comparison]) -> None:
    lines = [json.dumps(comparison.__dict__, ensure_ascii=False) + "\n" for comparison in comparisons]
    replace(path, lambda temporary: temporary.write_text("".join(lines), encoding="utf-8"))


def read_comparisons(path: Path) -> list[Comparison]:
    """The comparisons of a file that may come from anywhere.

    Raises UserError, naming the line, for anything that is not as above.
    """
    return read_lines(path, comparison_of)


def read_lines(path: Path, parse: Callable[[Any], T]) -> list[T]:
    """Every line of a JSONL file through `parse`. Raises UserError, naming the line that is wrong."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", f"无法读取 {path}：{error.strerror}。") from error
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(parse(json.loads(line.decode("utf-8"))))
            except UserError as error:
                raise at_line(path, number, error.en, error.zh) from error
            except UnicodeDecodeError as error:
                raise at_line(path, number, "it is not UTF-8; convert the file", "不是 UTF-8 编码；请先转换") from error
            except (ValueError, RecursionError) as error:
                raise at_line(path, number, "it is not a JSON object", "不是 JSON 对象") from error
    if not found:
        raise UserError(
            f"{path} holds no comparisons; vote in the arena first.", f"{path} 中没有比较；请先在竞技场投票。"
        )
    return found


def at_line(path: Path, number: int, en: str, zh: str) -> UserError:
    return UserError(
        f"{path}, line {number} is no comparison ({en.rstrip('.')}); mend or delete it.",
        f"{path} 第 {number} 行不是有效的比较（{zh.rstrip('。')}）；请修正或删除。",
    )


def comparison_of(row: Any) -> Comparison:
    """One line of the file. Raises UserError when it is no comparison."""
    if not isinstance(row, dict):
        raise UserError("it needs 'messages' and 'replies'", "需要 'messages' 和 'replies'")
    return Comparison(check_conversation(row.get("messages")), check_replies(row.get("replies"), most=MOST_REPLIES))


def check_conversation(messages: Any) -> tuple[Message, ...]:
    """Messages that end with the user's, and nothing else in them. Raises UserError for anything else."""
    if not isinstance(messages, list):
        raise UserError("it needs 'messages' and 'replies'", "需要 'messages' 和 'replies'")
    check_messages(messages)
    if messages[-1]["role"] != "user":
        raise UserError("the last message must be the user's", "最后一条消息必须来自用户")
    found = tuple({"role": message["role"], "content": message["content"]} for message in messages)
    for message in found:
        check_text(message["content"])
    return found


def check_text(text: str) -> None:
    """Raise UserError for half a character (a lone surrogate), which JSON can hold and UTF-8 cannot."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UserError("a text holds half a character", "有的文本含有半个字符")


def check_replies(replies: Any, *, most: int, different: bool = True, empty: bool = False) -> tuple[str, ...]:
    """Two to `most` replies that are texts. Raises UserError for anything else."""
    if not isinstance(replies, list) or not 2 <= len(replies) <= most:
        wanted_en, wanted_zh = (f"2 to {most}", f"2 到 {most}") if most > 2 else ("2", "2")
        raise UserError(f"'replies' must be a list of {wanted_en}", f"'replies' 必须是 {wanted_zh} 个回答的列表")
    for reply in replies:
        if not isinstance(reply, str) or not (reply.strip() or empty):
            raise UserError("a reply is empty or not a text", "有的回答为空或不是文本")
        check_text(reply)
        if len(reply) > LONGEST_REPLY:
            raise UserError(
                f"a reply has {len(reply):,} characters; {LONGEST_REPLY:,} are the limit",
                f"有的回答长达 {len(reply):,} 个字符；上限为 {LONGEST_REPLY:,}",
            )
    if different and len(set(replies)) < len(replies):
        raise UserError("two of the replies are equal", "有两个回答相同")
    return tuple(replies)


def ask_several(
    model: Stack, tokenizer: Tokenizer, dialogues: Sequence[Dialogue], k: int, seed: int = 0
) -> list[list[str]]:
    """`k` replies to each prompt at temperature 1, those that never ended left out and none twice."""
    prompts = [dialogue.prompt for dialogue in dialogues for _ in range(k)]
    replies = reply_to_all(model, tokenizer, prompts, Sampling(temperature=1.0, top_k=0, seed=seed))
    groups = [replies[i : i + k] for i in range(0, len(replies), k)]
    return [[reply for reply in dict.fromkeys(group) if reply.strip()] for group in groups]


def compare_replies(
    dialogues: Sequence[Dialogue],
    replies: Sequence[Sequence[str]],
    labeler: Labeler,
    *,
    stranger: bool = True,
    seed: int = 0,
) -> list[Comparison]:
    """What the labeler says of the replies to each dialogue and, with `stranger`, of one that was meant for another.

    Without strangers a reward model never learns that a reply has to fit its prompt, and PPO finds the hole.
    """
    rng, found = stream(seed, "labeler"), []
    spoken = [number for number, group in enumerate(replies) if group]
    others = dict(zip(spoken, spoken[len(spoken) // 2 :] + spoken, strict=False)) if stranger else {}
    for number, (dialogue, group) in enumerate(zip(dialogues, replies, strict=True)):
        shown = [*group, replies[others[number]][0]] if number in others else group
        ranked = labeler.rank(dialogue, list(dict.fromkeys(shown))[-MOST_REPLIES:], rng)
        if len(ranked) > 1:
            found.append(Comparison(dialogue.prompt, tuple(ranked)))
    return found
