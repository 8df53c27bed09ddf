"""Best of n: write several replies and show the one that the reward model likes best. No training at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .batch import reply_to_all
from .engine import LanguageModel
from .sampling import Sampling

Score = Callable[[str], float]


def best_of_n(
    lm: LanguageModel, messages: Sequence[dict[str, str]], score: Score, n: int, sampling: Sampling | None = None
) -> str:
    """The best of `n` replies (WebGPT, section 3.2; Gao et al. 2022); "" when none of them came to an end."""
    sampling = sampling or Sampling(temperature=1.0, top_k=0)
    replies = [reply for reply in reply_to_all(lm.model, lm.tokenizer, [messages] * n, sampling) if reply]
    return max(replies, key=score, default="")
