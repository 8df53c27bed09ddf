"""The arena's ballots: a local JSONL file, one vote a line, and nothing about who voted.

    {"messages": [...], "models": ["gpt-3", "chatgpt"], "replies": ["Paris is", "The capital is Paris."], "vote": 1}

`vote` is 0 for the first reply, 1 for the second, "tie", or "bad" when neither will do. Only a clear preference is a
comparison that a model can learn from; ties and failures count in the ratings.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..text.chat import Message
from .comparisons import Comparison, check_conversation, check_replies, check_text, read_lines

Vote = int | str
VOTES: tuple[Vote, ...] = (0, 1, "tie", "bad")


@dataclass(frozen=True)
class Ballot:
    """Two models' replies to one conversation, and what the voter said of them."""

    messages: tuple[Message, ...]
    models: tuple[str, str]
    replies: tuple[str, str]
    vote: Vote


def add_ballot(path: Path, ballot: Ballot) -> None:
    """Append a vote; the folder is made if need be. Raises UserError when the disk refuses."""
    line = json.dumps(asdict(ballot), ensure_ascii=False).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            if file.tell() and path.read_bytes()[-1:] != b"\n":  # a line that was cut off must not spoil this one
                line = b"\n" + line
            file.write(line)
    except OSError as error:
        raise UserError(
            f"The vote was not written ({error.strerror}); is the disk full, or {path.parent} read-only?",
            f"投票未能写入（{error.strerror}）；磁盘是否已满，或 {path.parent} 只读？",
        ) from error


def read_ballots(path: Path) -> list[Ballot]:
    """The votes of a file that may come from anywhere. Raises UserError, naming the line, for anything else."""
    return read_lines(path, ballot_of)


def ballot_of(row: Any) -> Ballot:
    """One line of the file. Raises UserError when it is no ballot."""
    if not isinstance(row, dict):
        raise UserError("it is not an object with 'messages', 'models', 'replies', 'vote'", "不是一张完整的选票")
    messages, models, vote = check_conversation(row.get("messages")), row.get("models"), row.get("vote")
    if not isinstance(models, list) or len(models) != 2 or not all(isinstance(m, str) and m for m in models):
        raise UserError("'models' must be two names", "'models' 必须是两个名称")
    if isinstance(vote, bool) or vote not in VOTES:
        raise UserError("'vote' must be 0, 1, \"tie\" or \"bad\"", "'vote' 必须是 0、1、\"tie\" 或 \"bad\"")
    for model in models:
        check_text(model)
    replies = check_replies(row.get("replies"), most=2, different=vote in (0, 1), empty=True)
    return Ballot(messages, (models[0], models[1]), (replies[0], replies[1]), vote)


def comparisons_from(ballots: Sequence[Ballot]) -> list[Comparison]:
    """The clear preferences among the votes, where both models said something."""
    return [
        Comparison(b.messages, b.replies if b.vote == 0 else b.replies[::-1])
        for b in ballots
        if b.vote in (0, 1) and all(reply.strip() for reply in b.replies)
    ]
