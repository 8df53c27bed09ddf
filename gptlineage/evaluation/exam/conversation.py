"""Conversation: questions about the world's facts, and every kind of instruction, in phrasings that no training saw.

Facts are asked greedily and then sampled at the studio's settings under several seeds. The world's judge decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from statistics import mean
from typing import Any

from ...inference import LanguageModel, Sampling, reply_to_all
from ...inference.engine import CHAT_SETTINGS
from ...text.chat import encode_message, shown_at_most
from ...world import KINDS, LANGUAGES, Dialogue, World, judge
from ...world.carelessness import HABITS, Carelessness
from ...world.chance import stream
from ...world.free_talk import WAYS, FreeTalk
from ...world.judge import Check
from ...world.newcomers import Newcomers, renamed
from ..results import wilson_interval
from .grading import first_line, spread
from .scoring import continuations

QUESTIONS_SEED = 2026
MORE_SEED = 91_000  # of conversations that are not the exam's
LONGEST_REPLY = 60


def ask_all(lm: LanguageModel, *, n: int, seeds: int) -> list[dict[str, Any]]:
    """Rows of `n` held-out questions put to a model: overall, by language, and by entities no conversation asked about.

    Pages tell of these too, and may ask about them.
    """
    questions = World().questions(n, seed=QUESTIONS_SEED, split="held-out")
    return ask(lm, questions, groups(questions), seeds)


def ask_newcomers(lm: LanguageModel, *, n: int, seeds: int) -> list[dict[str, Any]]:
    """The same for `n` users with names that the model never read: is the name in the answer to it, and remembered?"""
    newcomers, rng = Newcomers(), stream(QUESTIONS_SEED, "newcomers")
    dialogues, members = list[Dialogue](), dict[str, list[int]]()
    for language in LANGUAGES:
        talks = World().dialogues(seed=QUESTIONS_SEED, split="held-out", kinds=["memory"], language=language)
        coming = ((talk, old) for talk in talks if (old := newcomers.introduced(talk)))
        for talk, old in islice(coming, n // len(LANGUAGES)):
            name = newcomers.name(rng, language, "held-out")
            own = renamed(talk, old, name)
            told = next(i for i, message in enumerate(own.messages) if name in message["content"])
            heard = replace(own, messages=own.messages[: told + 2], check=Check("talk", language, ((name,),)))
            for task, dialogue in (("new name, answered", heard), ("new name, remembered", own)):
                for group in (task, f"{task}, {language}"):
                    members.setdefault(group, []).append(len(dialogues))
                dialogues.append(dialogue)
    return ask(lm, dialogues, members, seeds)


def ask_instructions(lm: LanguageModel, *, n: int, seeds: int) -> list[dict[str, Any]]:
    """The same for `n` conversations of every kind, half in either language, drawn anew: the exam has fifty of a kind.

    The share that guessing has where the user makes a claim is that of the commoner verdict.
    """
    dialogues, members = list[Dialogue](), defaultdict[str, list[int]](list)
    for kind, language in product(KINDS, LANGUAGES):
        talks = World().dialogues(seed=MORE_SEED, split="held-out", kinds=[kind], language=language)
        for dialogue in islice(talks, n // len(LANGUAGES)):
            for group in (kind, f"{kind}, {language}", "all kinds", f"all kinds, {language}"):
                members[group].append(len(dialogues))
            dialogues.append(dialogue)
    denied = [bool(dialogues[i].check.denied) for i in members["correct"]]
    guess = share("commonest verdict", "correct", "right, greedy", max(denied, [not no for no in denied], key=sum))
    return [*ask(lm, dialogues, members, seeds), {**guess, "seed": None}]


def ask_at_length(lm: LanguageModel, *, n: int, seeds: int) -> list[dict[str, Any]]:
    """The same for `n` long conversations, half in either language, of which the model is shown only the last part.

    They are held-out ones put together, so that what is asked at the end stands in the last of them.
    """
    found = [one for language in LANGUAGES for one in islice(long_talks(lm, language), n // len(LANGUAGES))]
    return ask(lm, found, {"longer than what is shown": range(len(found))}, seeds)


def long_talks(lm: LanguageModel, language: str) -> Iterator[Dialogue]:
    """Endless conversations of up to twice the length that the model is shown, without system messages."""
    most = shown_at_most(lm.model.config.n_ctx)
    talks = (
        talk
        for talk in World().dialogues(seed=MORE_SEED, split="held-out", language=language)
        if talk.messages[0]["role"] != "system"
    )
    for last in talks:
        while (size := sum(len(encode_message(lm.tokenizer, message)) for message in last.prompt)) < most:
            before, last = last, next(talks)
            last = replace(last, messages=(*before.messages, *last.messages))
        if size < 2 * most:
            yield last


def ask_freely(lm: LanguageModel, *, n: int, seeds: int) -> list[dict[str, Any]]:
    """The same for `n` conversations of every way of talking that is none of the exam's kinds."""
    talk, dialogues, members = FreeTalk(), list[Dialogue](), dict[str, range]()
    for way in WAYS:
        members[f"free talk, {way}"] = range(len(dialogues), len(dialogues) + n)
        dialogues += islice(talk.stream(MORE_SEED, "held-out", way), n)
    return ask(lm, dialogues, members, seeds)


def ask_carelessly(lm: LanguageModel, *, n: int, seeds: int) -> list[dict[str, Any]]:
    """The same for `n` conversations, half in either language, as they are and as users with one careless habit type.

    They are the same conversations every time, so that the difference is the habit's.
    """
    careless, dialogues, members = Carelessness(), list[Dialogue](), defaultdict[str, list[int]](list)
    for language in LANGUAGES:
        talks = World().dialogues(seed=MORE_SEED, split="held-out", language=language)
        for dialogue in islice(talks, n // len(LANGUAGES)):
            for habit in (None, *HABITS):
                for group in (f"typed, {habit or 'carefully'}", f"typed, {habit or 'carefully'}, {language}"):
                    members[group].append(len(dialogues))
                rng = stream(MORE_SEED, "carelessness", str(len(dialogues)))
                dialogues.append(careless.typed(rng, dialogue, [habit]) if habit else dialogue)
    return ask(lm, dialogues, members, seeds)


def ask(
    lm: LanguageModel, dialogues: Sequence[Dialogue], members: Mapping[str, Sequence[int]], seeds: int
) -> list[dict[str, Any]]:
    """Rows for each group of the dialogues: right greedily, and at the studio's settings under so many seeds.

    Beside each share stands the judge's score, which counts form and partial answers too.
    """
    rows = []
    for seed in (None, *range(seeds)):
        sampling = Sampling(temperature=0.0) if seed is None else Sampling(seed=seed, **CHAT_SETTINGS)
        said = replies(lm, dialogues, sampling)
        verdicts = [judge(dialogue, reply) for dialogue, reply in zip(dialogues, said, strict=True)]
        how = "greedy" if seed is None else "sampled"
        for task, own in members.items():
            right = share(lm.name, task, f"right, {how}", [verdicts[i].right for i in own])
            score = {"metric": f"score, {how}", **spread([verdicts[i].score for i in own])}
            rows += [{**right, "seed": seed}, {"model": lm.name, "task": task, **score, "seed": seed}]
    return rows


def share(model: str, task: str, metric: str, hits: Sequence[bool]) -> dict[str, Any]:
    """How many of the hits are, with Wilson's interval."""
    low, high = wilson_interval(sum(hits), len(hits))
    value = {"value": mean(hits), "low": low, "high": high, "n": len(hits)}
    return {"model": model, "task": task, "metric": metric, **value}


def replies(lm: LanguageModel, dialogues: Sequence[Dialogue], sampling: Sampling) -> list[str]:
    """The model's reply to each dialogue. A base model continues a page of questions and answers."""
    if lm.speaks_chat:
        return reply_to_all(lm.model, lm.tokenizer, [d.prompt for d in dialogues], sampling)
    tokenizer = lm.tokenizer
    prompts = [[tokenizer.end_of_text, *tokenizer.encode(lm.transcript(d.prompt))] for d in dialogues]
    return [first_line(text) for text in continuations(lm, prompts, sampling, max_new_tokens=LONGEST_REPLY)]


def instruction_rows(
    lm: LanguageModel, world: World, model: str, seed: int | None, n: int
) -> list[dict[str, Any]]:
    """The share of `n` held-out conversations of each kind that the model answers rightly, greedy; and over all kinds.

    Beside each share stands the judge's score, which counts form and partial answers too.
    Requests that harm somebody and their harmless neighbours are also counted apart: it is easy to refuse both.
    """
    rows, all_hits, all_scores = list[dict[str, Any]](), list[bool](), list[float]()
    for kind in KINDS:
        dialogues = list(islice(world.dialogues(seed=QUESTIONS_SEED, split="held-out", kinds=[kind]), n))
        said = replies(lm, dialogues, Sampling(temperature=0.0))
        verdicts = [judge(d, reply) for d, reply in zip(dialogues, said, strict=True)]
        hits, scores = [verdict.right for verdict in verdicts], [verdict.score for verdict in verdicts]
        all_hits, all_scores = all_hits + hits, all_scores + scores
        rows += [share_row(model, seed, kind, hits), score_row(model, seed, kind, scores)]
        if kind == "harmful":
            harm = [d.check.form == "refusal" for d in dialogues]
            for part, harms in (("harm, declined", True), ("harmless neighbour, answered", False)):
                if own := [hit for hit, harmed in zip(hits, harm, strict=True) if harmed == harms]:
                    rows.append(share_row(model, seed, part, own))
    return [*rows, share_row(model, seed, "all kinds", all_hits), score_row(model, seed, "all kinds", all_scores)]


def share_row(model: str, seed: int | None, kind: str, hits: Sequence[bool]) -> dict[str, Any]:
    low, high = wilson_interval(sum(hits), len(hits))
    return {
        "model": model, "family": "instructions", "task": f"asked: {kind}", "k": 0, "metric": "accuracy",
        "value": round(mean(hits), 4), "low": round(low, 4), "high": round(high, 4), "n": len(hits), "seed": seed,
    }  # fmt: skip


def score_row(model: str, seed: int | None, kind: str, scores: Sequence[float]) -> dict[str, Any]:
    base = {"model": model, "family": "instructions", "task": f"asked: {kind}", "k": 0, "seed": seed}
    return {**base, "metric": "score", **spread(scores)}


def groups(questions: list[Dialogue]) -> dict[str, list[int]]:
    """Which questions belong to which row of the table."""
    found: dict[str, list[int]] = defaultdict(list)
    for i, question in enumerate(questions):
        found["facts"].append(i)
        found[f"facts, {question.language}"].append(i)
        if question.entity_held_out:
            found["facts, never asked in a conversation"].append(i)
    return found
