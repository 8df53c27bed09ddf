"""Text that people or models wrote, put into Markdown so that it reads as it stands: nothing in it becomes markup."""

from __future__ import annotations

import re

# What CommonMark and its common extensions read as markup anywhere, and what only at the start of a line.
ANYWHERE = re.compile(r"[\\`*_{}\[\]<>#|~$&!]")
AT_START = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))", re.MULTILINE)


def literal(text: str) -> str:
    """The text with every mark escaped; a line break stays one (two spaces before it), indentation is dropped."""
    lines = (line.strip() for line in text.splitlines())
    escaped = AT_START.sub(mark, ANYWHERE.sub(r"\\\g<0>", "\n".join(lines)))
    return escaped.replace("\n", "  \n")


def mark(found: re.Match[str]) -> str:
    """A line's first sign, escaped; after a number it is the dot or bracket that makes a list."""
    space, sign = found.groups()
    return f"{space}{sign}\\" if sign.isdigit() else f"{space}\\{sign}"


def quoted(text: str) -> str:
    """The same as a block quote."""
    return "\n".join(f"> {line}" for line in literal(text).split("\n"))
