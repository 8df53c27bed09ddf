"""The judge that knows the truth: is a reply right, and how good is it?

Every dialogue carries a Check, made with it: what must be named, what would contradict it, in which form and
language. The judge reads only the reply and the check, so it accepts other wordings than the reference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gptlineage.world.check import Check, Verdict
from gptlineage.world.coherence import incoherent
from gptlineage.world.reading import LEAD, NUMBERS_EN, NUMBERS_ZH, PUNCTUATION, found, plain, sentences

__all__ = ["Check", "Verdict", "judge_reply"]
WEIGHTS = {"content": 0.6, "form": 0.2, "ended": 0.1, "clean": 0.1}
_ENDS = ".!?。！？"
_CLOSERS = "\"'”’」）)》"
_FILLERS = frozenset("in on at a an the by from of and it is one 一 个 只 条 匹 在 里 的 是 和".split())  # noqa: SIM905
_DENIAL = re.compile(r"\b(?:not|never|no)\b|n't\b|不(?!过|仅|错)|没(?!错)")
_NEGATED = re.compile(r"\bnot (?:in |a |an |the |on )*|(?:不是|不在|不属于|并非)")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+")


def judge_reply(check: Check, reply: str) -> Verdict:
    """Judge one reply; see `Check`."""
    text = reply.strip()
    reasons: list[str] = []
    if not text:
        return Verdict(False, 0.0, ("empty",))
    if check.ending:
        return _judge_ending(check, text)
    content = _CONTENT.get(check.form, _by_keys)(check, text, reasons)
    parts = {
        "content": content,
        "form": float(_form(check, text, reasons)),
        "ended": float(_ended(text, reasons)),
        "clean": float(_clean(check, text, reasons)),
    }
    score = sum(WEIGHTS[name] * part for name, part in parts.items())
    return Verdict(not reasons, round(score, 4), tuple(reasons), content)


def _judge_ending(check: Check, text: str) -> Verdict:
    """The reply without the word that a system message wants at its end; half the score when it is missing."""
    body = text.rstrip(_ENDS + _CLOSERS).rstrip()
    bare = replace(check, ending="")
    if not body.casefold().endswith(check.ending.casefold()):
        verdict = judge_reply(bare, text)
        reasons = [*verdict.reasons, f"does not end with: {check.ending}"]
        return Verdict(False, verdict.score / 2, tuple(reasons), verdict.content)
    rest = body[: -len(check.ending)].rstrip(" ,，")
    rest += "." * (rest[-1:] not in (*_ENDS, *_CLOSERS))  # after a comma the word ends the sentence itself
    verdict = judge_reply(bare, rest)
    reasons = list(verdict.reasons)
    ended = _ended(text, reasons)
    score = verdict.score * (1.0 if ended else 0.9)
    return Verdict(verdict.right and ended, score, tuple(reasons), verdict.content)


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
    if check.form in ("sentence", "word", "memory") and _denies(check, text):
        reasons.append("denies")
        return 0.0
    if check.cue and not any(cue in text.casefold() for cue in check.cue) and not _is_alone(check, text):
        reasons.append("not about it")
        return 0.0
    return (1 - len(missing) / max(1, len(check.keys))) * (0.5 if wrong else 1.0)


def _denies(check: Check, text: str) -> bool:
    """Whether there is a denial outside of what may be said; a fact that is told freely may itself be a denial."""
    own = not check.exact and any(_DENIAL.search(word) for word in check.allowed)
    return not own and bool(_DENIAL.search(_without(text, check)))


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
    """The last number is the result, and no other number appears but the operands, which alone are no result."""
    (result,) = check.keys[0][:1]
    said = [int(n) for n in re.findall(r"\d+", text)] or _spelled(text)
    operands = sorted(map(int, check.allowed))
    if not said or said[-1] != int(result) or (len(operands) > 1 and sorted(said) == operands):
        reasons.append(f"missing: {result}")
        return 0.0
    if _DENIAL.search(text.casefold()):
        reasons.append("denies")
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
    longer = found(check.rivals, text)  # 斑马 is not 马
    if hit is None or longer or not _bounded(check.keys[0], text):
        reasons.append(f"missing: {check.keys[0][0]}")
        return 0.0
    around = said.replace(hit, "", 1)
    for word in check.allowed:
        around = around.replace(_loose(word), "")
    if len(around) > 24 or (check.exact and not said.endswith(hit)):
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
    if not told:
        reasons.append("no words")
        return 0.0
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
    again = incoherent(told, check.language)
    if again:
        reasons.append(f"says again: {again}")
    return topic * (0.5 if strangers or thin or again else 1.0)


def _memory(check: Check, text: str, reasons: list[str]) -> float:
    """What the user told, in a sentence that says so of the user and says nothing else."""
    share = _by_keys(check, text, reasons)
    for part in sentences(text):
        if found(check.keys[0], part) and not _is_alone(check, part):
            left = _without(part, check)
            if re.search(r"\d", left) or not any(cue in part.casefold() for cue in check.cue):
                reasons.append("not about it")
                return 0.0
            if len(left.split() if check.language == "en" else plain(left)) > 12:
                reasons.append("more than was asked")
                share *= 0.5
    return share


def _claim(check: Check, text: str, reasons: list[str]) -> float:
    """Agrees with a true claim; denies a false one, names the truth, and does not uphold the false value."""
    said = _NEGATED.sub("not ", text.casefold())
    truths = [word for group in check.keys[1:] for word in group]
    if check.denied:
        false = LEAD.sub("", check.denied.casefold())
        if found((false,), said.replace(f"not {false}", "")):
            reasons.append(f"contradicts: {check.denied}")
        if text.casefold().startswith(check.cue):
            reasons.append("agrees")
        if any(f"not {word.casefold()}" in said for word in truths):
            reasons.append("denies")
    elif set(found((*check.cue, *check.keys[0]), text)) & set(check.cue) or _DENIAL.search(_without(text, check)):
        reasons.append("denies")
    return 0.0 if reasons else _by_keys(replace(check, cue=()), text, reasons)


def _refusal(check: Check, text: str, reasons: list[str]) -> float:
    """Declines in a few sentences, and does not tell how it is done."""
    steps = found(check.rivals, text)
    if steps:
        reasons.append(f"tells how: {steps[0]}")
    if len(sentences(text)) > check.high:
        reasons.append("too long")
    return 0.0 if steps else _by_keys(check, text, reasons)


def _copy(check: Check, text: str, reasons: list[str]) -> float:
    """The same letters, capitals too, with little around them."""
    wanted = check.keys[0][0].rstrip(_ENDS)
    if wanted not in text:
        reasons.append(f"missing: {wanted}")
        return 0.0
    if len(text.replace(wanted, "", 1)) > 24:
        reasons.append("more than the text")
        return 0.5
    return 1.0


_CONTENT = {
    "number": _number, "translation": _translation, "copy": _copy, "list": _list, "story": _story,
    "memory": _memory, "claim": _claim, "refusal": _refusal,
}  # fmt: skip


# ---------------------------------------------------------------- form


def _form(check: Check, text: str, reasons: list[str]) -> bool:
    """The asked form: one word, so many sentences, or a reply of a reasonable length."""
    if check.form == "word":
        return _must(_is_alone(check, text), "not the value alone", reasons)
    if check.form == "story":
        count = len(sentences(text))
        return _must(check.low <= count <= check.high, f"{count} sentences", reasons)
    return _must(len(text) <= (check.most or 600), "too long", reasons)


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
    if check.form == "word" or check.most:  # a bare name has no language of its own; the keys have decided
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
