"""A simulated person who writes demonstrations, and is in a hurry.

Real demonstrations are not all as they should be. These leave off the full stop at the end, which the judge minds a
little and a model that imitates most of them learns as well: reading it more coolly makes the flaw surer, not rarer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gptlineage.world.chance import stream
from gptlineage.world.dialogues import Dialogue

STOPS = ".!?。！？"


def in_haste(dialogues: Iterable[Dialogue], share: float, seed: int = 0) -> Iterator[Dialogue]:
    """The same demonstrations, of which about `share` end without their full stop."""
    rng = stream(seed, "demonstrator")
    for dialogue in dialogues:
        hurried = rng.random() < share
        yield without_stop(dialogue) if hurried else dialogue


def with_stop(reply: str) -> str:
    """The reply with a full stop at its end, if it has none: what a program can mend without any learning."""
    stop = "。" if any("\u4e00" <= character <= "\u9fff" for character in reply) else "."
    return reply if not reply or reply.rstrip("\"'”’」）) ")[-1:] in tuple(STOPS) else reply + stop


def without_stop(dialogue: Dialogue) -> Dialogue:
    """The same dialogue, its last reply without what closes it."""
    last = dialogue.messages[-1]
    return replace(dialogue, messages=(*dialogue.prompt, {**last, "content": last["content"].rstrip(STOPS)}))
