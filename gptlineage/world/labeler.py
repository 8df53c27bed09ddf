"""A simulated person who compares replies: the judge's score, a liking of their own, and a good deal of chance.

InstructGPT's labelers agreed with each other on 72.6 % of the pairs (section 3.4). The chance here is Gumbel's, so
that rankings follow the model that the reward model's loss assumes (Bradley and Terry; Plackett and Luce).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from gptlineage.world.dialogues import Dialogue
from gptlineage.world.judge import judge_reply


@dataclass(frozen=True)
class Labeler:
    """`noise` is in units of the judge's score (0 to 1); `longer` is what 100 more bytes of text are worth."""

    noise: float = 0.2
    longer: float = 0.05

    def utility(self, dialogue: Dialogue, reply: str, rng: random.Random) -> float:
        """How much this person likes a reply today."""
        chance = -math.log(-math.log(max(rng.random(), 1e-12)))
        liking = self.longer * len(reply.encode()) / 100
        return judge_reply(dialogue.check, reply).score + liking + self.noise * chance

    def rank(self, dialogue: Dialogue, replies: Sequence[str], rng: random.Random) -> list[str]:
        """The replies, the best first; none when all are alike to a labeler without noise."""
        utilities = [self.utility(dialogue, reply, rng) for reply in replies]
        order = sorted(range(len(replies)), key=lambda i: -utilities[i])
        return [replies[i] for i in order] if len(set(utilities)) > 1 else []
