"""Scores for what models make of one prompt: how likely they find an answer, and what a judge says of theirs."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from ..errors import UserError, explain
from ..inference import LanguageModel, load_scorer
from ..inference.loaded import Loaded
from ..model import Scorer
from ..text import Tokenizer, encode_prompt
from ..training.reward import encode_reply, scores_of
from ..world import Dialogue, Verdict, World, judge
from .exam.scoring import logprobs


@dataclass(frozen=True)
class Likelihood:
    """How probable an answer is: `nats` is minus its log-probability, over so many tokens and bytes."""

    nats: float
    n_tokens: int
    n_bytes: int

    @property
    def probability(self) -> float:
        return math.exp(-self.nats)

    @property
    def nats_per_token(self) -> float:
        return self.nats / self.n_tokens

    @property
    def bits_per_byte(self) -> float:
        """What two tokenizers can be compared by."""
        return self.nats / math.log(2) / self.n_bytes


def likelihood(lm: Loaded, prompt: str, answer: str, as_chat: bool = True) -> Likelihood:
    """How likely `lm` finds `answer`: as its reply if it converses and `as_chat` says so, else as what goes on.

    Raises UserError for an empty prompt or answer, for more than the context holds, and for a model that does not
    continue text.
    """
    if not isinstance(lm, LanguageModel):
        raise UserError(
            f"{lm.name} does not continue text, so no answer has a likelihood.", f"{lm.name} 不会续写，无从计算似然。"
        )
    if not answer.strip():
        raise UserError("Give an answer whose likelihood is wanted.", "请给出要计算似然的答案。")
    tokenizer, n_ctx = lm.tokenizer, lm.config.n_ctx
    if as_chat and lm.speaks_chat:
        said = answer.strip()
        wanted = tokenizer.encode(said)
        ids = encode_prompt(tokenizer, [{"role": "user", "content": prompt.strip()}], max(1, n_ctx - len(wanted)))
    else:
        ids = lm.read(prompt)
        said = joined(prompt, answer)
        wanted = tokenizer.encode(said)
    if len(ids) + len(wanted) > n_ctx + 1:
        raise UserError(
            f"Prompt and answer have {len(ids) + len(wanted)} tokens, but {lm.name} reads {n_ctx}; shorten them.",
            f"提示和答案共 {len(ids) + len(wanted)} 个词元，而 {lm.name} 只读 {n_ctx} 个；请缩短。",
        )
    return Likelihood(-logprobs(lm.model, [(ids, wanted)])[0], len(wanted), len(said.encode()))


def joined(prompt: str, answer: str) -> str:
    """The answer as it follows the prompt: after a space between two words of letters, else as it is."""
    apart = prompt[-1:].isascii() and not prompt[-1:].isspace() and answer[:1].isalnum() and answer[:1].isascii()
    return f" {answer}" if apart else answer


def exam_question(number: int, language: str) -> Dialogue:
    """One of the world's own questions, held out from training: a single instruction, and the check for its answer."""
    asked = World().dialogues(seed=number, split="held-out", language=language)
    return next(dialogue for dialogue in asked if dialogue.single)


@cache
def reward_model(folder: Path) -> tuple[Scorer, Tokenizer]:
    """The reward model that a stage of training left in `folder`. Raises UserError if there is none."""
    if not (folder / "config.json").is_file():
        raise UserError(
            f"{folder} holds no reward model; one comes with a model that learnt from votes, or with gpt-3.5.",
            f"{folder} 中没有奖励模型；从投票学习或训练 gpt-3.5 时会得到一个。",
        )
    return load_scorer(folder), Tokenizer.load(folder)


def reward(folder: Path, prompt: str, reply: str) -> float:
    """The reward model's score of a reply; only scores of replies to one prompt can be compared. Raises UserError."""
    scorer, tokenizer = reward_model(folder)
    ids = encode_reply(tokenizer, [{"role": "user", "content": prompt.strip()}], reply.strip(), scorer.config.n_ctx)
    with torch.inference_mode():
        return float(scores_of(scorer, [ids])[0])


# ---------------------------------------------------------------- in words


def score_rows(
    rows: list[dict[str, Any]],
    models: Sequence[Loaded],
    prompt: str,
    lang: str,
    *,
    question: Dialogue | None = None,
    answer: str | None = None,
    reward_folder: Path | None = None,
) -> None:
    """Give every row the `score`, in words, that was asked for; a model that cannot be scored says why there."""
    for row, lm in zip(rows, models, strict=True):
        words = []
        try:
            if answer is not None:
                words.append(likelihood_line(likelihood(lm, prompt, answer, as_chat=question is not None), lang))
            if "text" in row and question is not None:
                words.append(verdict_line(judge(question, row["text"]), lang))
            if "text" in row and reward_folder is not None:
                words.append(reward_line(reward(reward_folder, prompt, row["text"]), lang))
        except UserError as error:
            words.append(explain(error, lang))
        if words:
            row["score"] = "; ".join(words)


def likelihood_line(found: Likelihood, lang: str) -> str:
    p, nats, bits = percent(found.probability), f"{found.nats_per_token:.2f}", f"{found.bits_per_byte:.2f}"
    if lang == "zh":
        return f"似然 {p}，每词元 {nats} 奈特，每字节 {bits} 比特"
    return f"likelihood {p}, {nats} nats a token, {bits} bits a byte"


def percent(share: float) -> str:
    """A probability as people read it: 38 %, 0.04 %, 3 in 10^9."""
    if share >= 0.0001:
        return f"{100 * share:.3g} %"
    power = math.floor(math.log10(share)) if share > 0 else -300
    return f"10^{power}"


def verdict_line(verdict: Verdict, lang: str) -> str:
    if verdict.right:
        return "裁判：对" if lang == "zh" else "judge: right"
    reasons = reasons_of(verdict, lang)
    if lang == "zh":
        return f"裁判：不对（{verdict.score:.2f} 分：{reasons}）"
    return f"judge: not right ({verdict.score:.2f}: {reasons})"


def reward_line(score: float, lang: str) -> str:
    return f"奖励模型 {score:+.2f}" if lang == "zh" else f"reward model {score:+.2f}"


REASONS = {
    "empty": "没有回答", "denies": "否定了事实", "not about it": "答非所问", "missing": "缺少", "too long": "太长",
    "contradicts": "与事实矛盾", "more than the translation": "译文之外还有别的", "no words": "没有内容",
    "a stranger": "出现了别人", "says again": "重复", "not a sentence": "不成句子", "more than was asked": "超出所问",
    "agrees": "附和了错误", "tells how": "教了做法", "more than the text": "超出原文", "cut off": "没有说完",
    "not the value alone": "不只有答案", "repeats itself": "自我重复", "another language": "语言不对",
    "another number": "另一个数", "something else in the list": "列表里有别的",
}  # fmt: skip
COUNTED = (
    (re.compile(r"^(\d+) sentences$"), r"\1 句话"),
    (re.compile(r"^(\d+) right items of (\d+)$"), r"\2 项中对了 \1 项"),
)


def reasons_of(verdict: Verdict, lang: str) -> str:
    """Why the judge did not accept a reply, in words; "" if he did."""
    if lang != "zh":
        return ", ".join(verdict.reasons)
    return "，".join(map(in_chinese, verdict.reasons))


def in_chinese(reason: str) -> str:
    name, colon, rest = reason.partition(": ")
    if name in REASONS:
        return REASONS[name] + (f"：{REASONS.get(rest, rest)}" if colon else "")
    return next((pattern.sub(words, reason) for pattern, words in COUNTED if pattern.match(reason)), reason)
