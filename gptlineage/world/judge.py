"""The judge that knows the truth: is a reply right, and how good is it?

Every dialogue carries a Check, made with it: what must be named, what would contradict it, in which form and
language. The judge reads only the reply and the check, so it accepts other wordings than the reference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gptlineage.world.reading import LEAD, NUMBERS_EN, NUMBERS_ZH, PUNCTUATION, found, plain, sentences

WEIGHTS = {"content": 0.6, "form": 0.2, "ended": 0.1, "clean": 0.1}
_ENDS = ".!?。！？"
_CLOSERS = "\"'”’」）)》"
_FILLERS = frozenset(
    [
        *"一个只条匹在里的是和",
        "in",
        "on",
        "at",
        "a",
        "an",
        "the",
        "by",
        "from",
        "of",
        "and",
        "it",
        "is",
        "one",
    ]
)
_DENIAL = re.compile(r"\b(?:not|never|no)\b|n't\b|不|没有|没")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class Check:
    """What a right reply must be.

    `form` is "sentence", "word" (the value alone), "number", "translation", "list", "story" or "talk";
    `keys` are groups of alternatives, one of each must appear; `rivals` contradict the keys; `allowed` are
    names that the reply may use anyway (the subject); `cue` are words of which a longer reply needs one;
    `low` and `high` bound the sentences of a story, or the items of a list; `exact` keys match inside words
    too when False.
    """

    form: str
    language: str
    keys: tuple[tuple[str, ...], ...] = ()
    rivals: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    cue: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    exact: bool = True


@dataclass(frozen=True)
class Verdict:
    """`right` when nothing is wrong, `score` the weighted parts, `reasons` what was wrong."""

    right: bool
    score: float
    reasons: tuple[str, ...]


def judge_reply(check: Check, reply: str) -> Verdict:
    """Judge one reply; see `Check`."""
    text = reply.strip()
    reasons: list[str] = []
    if not text:
        return Verdict(False, 0.0, ("empty",))
    content = _CONTENT.get(check.form, _by_keys)(check, text, reasons)
    parts = {
        "content": content,
        "form": float(_form(check, text, reasons)),
        "ended": float(_ended(text, reasons)),
        "clean": float(_clean(check, text, reasons)),
    }
    score = sum(WEIGHTS[name] * part for name, part in parts.items())
    return Verdict(not reasons, round(score, 4), tuple(reasons))


# ---------------------------------------------------------------- content


def _by_keys(check: Check, text: str, reasons: list[str]) -> float:
    """All groups present, nothing that contradicts them, no denial of them."""
    if check.exact:
        wanted = tuple(word for group in check.keys for word in group)
        seen = set(found(wanted + check.rivals + check.allowed, text))
        missing = [group for group in check.keys if not any(word.casefold() in seen for word in group)]
        fine = {word.casefold() for word in wanted + check.allowed}
        wrong = sorted(seen - fine)
    else:
        folded = text.casefold()
        missing = [group for group in check.keys if not any(word.casefold() in folded for word in group)]
        fine = {word.casefold() for word in check.allowed}
        wrong = [word for word in found(check.rivals + check.allowed, text) if word not in fine]
    reasons.extend(f"missing: {' / '.join(group)}" for group in missing)
    reasons.extend(f"contradicts: {word}" for word in wrong[:1])
    if check.exact and check.form in ("sentence", "word", "memory") and _DENIAL.search(_without(text, check)):
        reasons.append("denies")
        return 0.0
    if check.cue and not any(cue in text.casefold() for cue in check.cue) and not _is_alone(check, text):
        reasons.append("not about it")
        return 0.0
    return (1 - len(missing) / max(1, len(check.keys))) * (0.5 if wrong else 1.0)


def _without(text: str, check: Check) -> str:
    """The reply without what it may say, so that "not" inside a value or a name denies nothing."""
    text = text.casefold()
    for word in sorted((w for group in (*check.keys, check.allowed) for w in group), key=len, reverse=True):
        text = text.replace(word.casefold(), " ")
    return text


def _is_alone(check: Check, text: str) -> bool:
    """Nothing but the value, an article and the like."""
    left = PUNCTUATION.sub(" ", _without(text, check)).split()
    return all(word in _FILLERS or all(char in _FILLERS for char in word) for word in left)


def _number(check: Check, text: str, reasons: list[str]) -> float:
    """The last number is the result, and no other number appears but the operands."""
    (result,) = check.keys[0][:1]
    said = [int(n) for n in re.findall(r"\d+", text)] or _spelled(text)
    if not said or said[-1] != int(result):
        reasons.append(f"missing: {result}")
        return 0.0
    if any(str(n) not in (result, *check.allowed) for n in said):
        reasons.append("contradicts: another number")
        return 0.5
    return 1.0


def _spelled(text: str) -> list[int]:
    names = {name: i for numbers in (NUMBERS_EN, NUMBERS_ZH) for i, name in enumerate(numbers)}
    return [names[word] for word in found(names, text)]


def _translation(check: Check, text: str, reasons: list[str]) -> float:
    """The translation stands in the reply, with little around it but what was asked."""
    said, wanted = _loose(text), [_loose(word) for word in check.keys[0]]
    hit = next((word for word in wanted if word in said), None)
    if hit is None or not _bounded(check.keys[0], text):
        reasons.append(f"missing: {check.keys[0][0]}")
        return 0.0
    around = said.replace(hit, "", 1)
    for word in check.allowed:
        around = around.replace(_loose(word), "")
    if len(around) > 24:
        reasons.append("more than the translation")
        return 0.5
    return 1.0


def _loose(text: str) -> str:
    """Without punctuation and articles, which Chinese does not have."""
    words = PUNCTUATION.sub(" ", text.casefold()).replace("哪儿", "哪里").split()
    return "".join(word for word in words if word not in ("a", "an", "the"))


def _bounded(words: Sequence[str], text: str) -> bool:
    """Single English words stand as words: "cat" is not in "category"."""
    singles = tuple(LEAD.sub("", word) for word in words)
    return any(" " in word or not word.isascii() for word in singles) or bool(found(singles, text))


def _list(check: Check, text: str, reasons: list[str]) -> float:
    """So many different true items, and nothing beside them that is false."""
    which = {word.casefold(): i for i, group in enumerate(check.keys) for word in group}
    items = set(found((*which, *check.rivals, *check.allowed), text))
    good = {which[item] for item in items if item in which}
    bad = items - set(which) - {word.casefold() for word in check.allowed}
    body = re.split(r"\bare\b|:|：|是|有", text.replace(check.allowed[0], ""), maxsplit=1)[-1]
    pieces = [piece for piece in re.split(r",|，|、|\band\b|和|与", body) if plain(piece)]
    false = bool(bad) or len(pieces) > check.high
    if len(good) != check.low:
        reasons.append(f"{len(good)} right items of {check.low}")
    if false:
        reasons.append("contradicts: " + (sorted(bad)[0] if bad else "something else in the list"))
    return min(len(good), check.low) / check.low * (0.5 if false else 1.0)


def _story(check: Check, text: str, reasons: list[str]) -> float:
    """About its subject from the start, told in whole sentences, without strangers in the last one."""
    told = sentences(text)
    topic = any(found(check.keys[0], part) for part in told[:2])
    if not topic:
        reasons.append(f"missing: {check.keys[0][0]}")
    *before, last = told
    strangers = set(found(check.rivals, last)) - set(found(check.rivals, " ".join(before)))
    if strangers and len(set(found(check.rivals, text))) <= 2:  # a friend may come at the end
        strangers = set()
    if strangers:
        reasons.append(f"a stranger: {sorted(strangers)[0]}")
    least = 3 if check.language == "en" else 4
    thin = [part for part in told if len(part.split() if check.language == "en" else plain(part)) < least]
    if thin:
        reasons.append(f"not a sentence: {thin[0]}")
    return topic * (0.5 if strangers or thin else 1.0)


_CONTENT = {"number": _number, "translation": _translation, "list": _list, "story": _story}


# ---------------------------------------------------------------- form


def _form(check: Check, text: str, reasons: list[str]) -> bool:
    """The asked form: one word, so many sentences, or a reply of a reasonable length."""
    if check.form == "word":
        return _must(_is_alone(check, text), "not the value alone", reasons)
    if check.form == "story":
        count = len(sentences(text))
        return _must(check.low <= count <= check.high, f"{count} sentences", reasons)
    return _must(len(text) <= 600, "too long", reasons)


def _ended(text: str, reasons: list[str]) -> bool:
    return _must(text.rstrip(_CLOSERS)[-1:] in tuple(_ENDS), "cut off", reasons)


def _clean(check: Check, text: str, reasons: list[str]) -> bool:
    """In the language of the question, without a repeated sentence or a broken character."""
    told = [plain(part) for part in sentences(text)]
    once = _must(len(set(told)) == len(told) and "\ufffd" not in text, "repeats itself", reasons)
    return _must(_speaks(check, text), "another language", reasons) and once


def _speaks(check: Check, text: str) -> bool:
    if check.language == "both":
        return True
    if check.form == "word":  # a bare name has no language of its own; the keys have decided
        return True
    chinese = len(_CJK.findall(text))
    if check.language == "en":
        return not chinese
    names = " ".join((*check.allowed, *(word for group in check.keys for word in group))).casefold()
    foreign = sum(word.casefold() not in names for word in _LATIN.findall(text))
    return chinese > 0 and foreign <= max(2, chinese // 2)


def _must(holds: bool, reason: str, reasons: list[str]) -> bool:
    if not holds:
        reasons.append(reason)
    return holds
