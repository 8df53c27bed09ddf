"""Scores for what models make of one prompt: how likely they find an answer, and what a judge says of theirs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
class Score:
    """What is said of one model's text: in words, by a number of which more is better, and in figures for a file."""

    words: str
    value: float | None = None  # None: it could not be had, and the words say why
    figures: Mapping[str, Any] = field(default_factory=dict)


# A way to score: of a model, the prompt, the text that it wrote, and whether that was a reply.
Measure = Callable[[Loaded, str, str, bool], Score]


@dataclass(frozen=True)
class Likelihood:
    """How probable an answer is: `nats` is minus its log-probability, over so many tokens and bytes."""

    nats: float
    n_tokens: int
    n_bytes: int

    @property
    def nats_per_token(self) -> float:
        return self.nats / self.n_tokens

    @property
    def bits_per_byte(self) -> float:
        """What two tokenizers can be compared by."""
        return self.nats / math.log(2) / self.n_bytes


def likelihood(lm: Loaded, prompt: str, answer: str, as_reply: bool = False) -> Likelihood:
    """How likely `lm` finds `answer`: as what follows the prompt, or `as_reply` to it.

    A base model replies on a page of questions, as `LanguageModel.chat` lets it.

    Raises UserError for an empty prompt or answer, for more than the context holds, and for a model that does not
    continue text.
    """
    if not isinstance(lm, LanguageModel):
        raise UserError(
            f"{lm.name} does not continue text, so no answer has a likelihood.", f"{lm.name} 不会续写，无从计算似然。"
        )
    check_answer(answer)
    tokenizer, n_ctx = lm.tokenizer, lm.config.n_ctx
    asked = [{"role": "user", "content": prompt.strip()}]
    if as_reply and lm.speaks_chat:
        said = answer.strip()
        wanted = tokenizer.encode(said)
        ids = encode_prompt(tokenizer, asked, n_ctx, min(len(wanted), n_ctx - 1))
    else:
        page = lm.transcript(asked) if as_reply else prompt
        ids = lm.read(page)
        said = joined(page, answer)
        wanted = tokenizer.encode(said)
    if len(ids) + len(wanted) > n_ctx + 1:
        raise UserError(
            f"Prompt and answer have {len(ids) + len(wanted)} tokens, but {lm.name} reads {n_ctx}; shorten them.",
            f"提示和答案共 {len(ids) + len(wanted)} 个词元，而 {lm.name} 只读 {n_ctx} 个；请缩短。",
        )
    return Likelihood(-logprobs(lm.model, [(ids, wanted)])[0], len(wanted), len(said.encode()))


def check_answer(answer: str) -> None:
    """Raise UserError for an answer without a word."""
    if not answer.strip():
        raise UserError("Give an answer whose likelihood is wanted.", "请给出要计算似然的答案。")


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


# ---------------------------------------------------------------- ways to score


def by_likelihood(answer: str, lang: str) -> Measure:
    """Whatever a model wrote: how likely it finds this answer. Raises UserError for an empty one."""
    check_answer(answer)

    def measure(lm: Loaded, prompt: str, written: str, replied: bool) -> Score:
        found = likelihood(lm, prompt, answer, as_reply=replied)
        return Score(likelihood_line(found, lang), -found.bits_per_byte, asdict(found))

    return measure


def by_judge(question: Dialogue, lang: str) -> Measure:
    """Whether a text is a right answer to a question of the exam."""

    def measure(lm: Loaded, prompt: str, written: str, replied: bool) -> Score:
        verdict = judge(question, written)
        return Score(verdict_line(verdict, lang), verdict.score, {"right": verdict.right, "score": verdict.score})

    return measure


def by_reward(folder: Path, lang: str) -> Measure:
    """What a reward model gives the text. Raises UserError if there is none in `folder`."""
    reward_model(folder)

    def measure(lm: Loaded, prompt: str, written: str, replied: bool) -> Score:
        score = reward(folder, prompt, written)
        return Score(reward_line(score, lang), score, {"score": score})

    return measure


def score(measure: Measure, lm: Loaded, prompt: str, written: str, replied: bool, lang: str) -> Score:
    """What the measure says; where it cannot be taken, why."""
    try:
        return measure(lm, prompt, written, replied)
    except UserError as error:
        return Score(explain(error, lang))


def noted(scores: Mapping[str, Score]) -> dict[str, Any]:
    """Scores, by what they measure, as a row of a comparison holds them: `score` in words, `scores` in figures."""
    if not scores:
        return {}
    figures = {name: found.figures for name, found in scores.items() if found.figures}
    return {"score": "; ".join(found.words for found in scores.values()), "scores": figures}


def score_rows(
    rows: list[dict[str, Any]],
    models: Sequence[Loaded],
    prompt: str,
    measures: Mapping[str, Measure],
    *,
    replied: bool,
    lang: str,
) -> None:
    """Note in every row that has a text what the measures say of it."""
    for row, lm in zip(rows, models, strict=True):
        if "text" in row:
            row |= noted(
                {name: score(measure, lm, prompt, row["text"], replied, lang) for name, measure in measures.items()}
            )


# ---------------------------------------------------------------- in words


def likelihood_line(found: Likelihood, lang: str) -> str:
    p, nats, bits = probability(found.nats), f"{found.nats_per_token:.2f}", f"{found.bits_per_byte:.2f}"
    if lang == "zh":
        return f"似然 {p}，每词元 {nats} 奈特，每字节 {bits} 比特"
    return f"likelihood {p}, {nats} nats per token, {bits} bits per byte"


SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def probability(nats: float) -> str:
    """exp(-nats) as people read it: 38.3 %, 0.04 %, 3.0 × 10⁻⁹; never rounded up to certainty, nor down to nothing."""
    if nats < -math.log(1e-4):
        share = 100 * math.exp(-nats)
        return "> 99.9 %" if 99.9 < share < 100 else f"{share:.3g} %"
    logarithm = -nats / math.log(10)
    power = math.floor(round(logarithm, 2))
    return f"{10 ** (logarithm - power):.1f} × 10{str(power).translate(SUPERSCRIPT)}"


def verdict_line(verdict: Verdict, lang: str) -> str:
    if verdict.right:
        return "评判者：对" if lang == "zh" else "judge: right"
    reasons = reasons_of(verdict, lang)
    # The points of a reply that says nothing of what was asked are those of its form alone, and would mislead.
    points = f"{verdict.score:.2f}" if verdict.content else ""
    if lang == "zh":
        return f"评判者：不对（{points and points + ' 分：'}{reasons}）"
    return f"judge: not right ({points and points + ': '}{reasons})"


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
    reasons = map(shortened, verdict.reasons)
    return "，".join(map(in_chinese, reasons)) if lang == "zh" else ", ".join(reasons)


def shortened(reason: str) -> str:
    """Of many words that would have done, the first two."""
    ways = reason.split(" / ")
    return " / ".join([*ways[:2], "…"]) if len(ways) > 3 else reason


def in_chinese(reason: str) -> str:
    name, colon, rest = reason.partition(": ")
    if name in REASONS:
        return REASONS[name] + (f"：{REASONS.get(rest, rest)}" if colon else "")
    return next((pattern.sub(words, reason) for pattern, words in COUNTED if pattern.match(reason)), reason)
