"""One word changed, and everything written again: the prompt word by word, and what of each text is new.

The buttons become fields by changing.js.
"""

from __future__ import annotations

import html
import re
from difflib import SequenceMatcher

from .strings import escaped

# A Chinese character, a word with its accents, or any other sign; in Python no character has two halves.
CHINESE, ACCENTS = "\u3400-\u9fff", "\u0300-\u036f"
UNITS = re.compile(rf"[{CHINESE}]|[^\W{CHINESE}](?:(?![{CHINESE}])[\w{ACCENTS}])*(?:['’]\w+)?|\s+|[^\w\s]")


def words_to_change(prompt: str, lang: str) -> str:
    """The prompt as buttons, one for each word or Chinese character."""
    parts = []
    for found in UNITS.finditer(prompt):
        shown = html.escape(found[0])
        if found[0].isspace() or not found[0][0].isalnum():
            parts.append(shown)
            continue
        label = escaped("compare.change", lang, word=found[0])
        parts.append(
            f'<button type="button" data-start="{found.start()}" data-end="{found.end()}" aria-label="{label}">'
            f"{shown}</button>"
        )
    hint = escaped("compare.change_hint", lang)
    return f'<p>{hint}</p><div class="changing" data-prompt="{html.escape(prompt)}">{"".join(parts)}</div>'


def one_word_changed(before: str, after: str) -> bool:
    """Whether no more than one word or character of the former prompt is missing in the new one."""
    old, new = UNITS.findall(before), UNITS.findall(after)
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    gone = [unit for kind, start, end, *_ in changes if kind != "equal" for unit in old[start:end]]
    return sum(not unit.isspace() for unit in gone) <= 1


def marked(before: str, after: str, lang: str) -> tuple[str, str]:
    """The new text with what the former one had not in marks, and a line that counts what stayed; both are HTML."""
    old, new = UNITS.findall(before), UNITS.findall(after)
    parts, same = [], 0
    for kind, _, _, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        piece = "".join(new[start:end])
        if kind == "equal":
            same += sum(not unit.isspace() for unit in new[start:end])
            parts.append(html.escape(piece))
        elif piece:
            parts.append(f"<mark>{html.escape(piece)}</mark>" if piece.strip() else html.escape(piece))
    total = sum(not unit.isspace() for unit in new)
    key = "compare.unchanged" if old == new else "compare.same"
    return "".join(parts), f'<p class="same">{escaped(key, lang, same=same, n=total)}</p>'
