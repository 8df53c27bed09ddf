"""Errors that a person meets: one clear line in English and in Chinese that says what to do.

The ground floor: everything of ours may import this module, and it imports nothing of ours.
"""

from __future__ import annotations

import difflib
import locale
import os
from collections.abc import Iterable


class UserError(Exception):
    """Something the user can put right. `str(error)` is English; `error.zh` is the same line in Chinese."""

    def __init__(self, en: str, zh: str):
        super().__init__(en)
        self.en, self.zh = en, zh


def language() -> str:
    """The language to speak, "zh" or "en": GPTLINEAGE_LANG if set, else the locale of the terminal."""
    wanted = os.environ.get("GPTLINEAGE_LANG")
    if not wanted:
        names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
        wanted = next((name for name in names if name), None) or locale.getlocale()[0] or "en"
    return "zh" if wanted.lower().startswith(("zh", "chinese")) else "en"


def explain(error: BaseException, lang: str | None = None) -> str:
    """The error's line in `lang`; every error of ours carries `en` and `zh`, others speak for themselves."""
    return str(getattr(error, lang or language(), None) or error)


def unknown(what_en: str, what_zh: str, name: str, choices: Iterable[str]) -> UserError:
    """An error for a name that does not exist, with the nearest one that does."""
    choices = list(choices)
    near = difflib.get_close_matches(name.lower(), choices, n=1, cutoff=0.4)
    hint_en = f" Did you mean {near[0]!r}?" if near else ""
    hint_zh = f"你是不是想用 {near[0]!r}？" if near else ""
    listed = ", ".join(choices)
    return UserError(
        f"There is no {what_en} {name!r}.{hint_en} Choose one of: {listed}.",
        f"没有名为 {name!r} 的{what_zh}。{hint_zh}可选：{listed}。",
    )
