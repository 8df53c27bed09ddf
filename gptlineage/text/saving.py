"""A text written to the file that a person named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import UserError


def save_as(path: Path, forms: Mapping[str, Callable[[], str]]) -> None:
    """Write the text in the form that the ending of the file's name asks for; folders on the way are made.

    Raises UserError for another ending, or when the file cannot be written.
    """
    if path.suffix not in forms:
        endings, zh = ", ".join(forms), "、".join(forms)
        raise UserError(f"Give {path.name} one of these endings: {endings}.", f"请让 {path.name} 以 {zh} 之一结尾。")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(forms[path.suffix](), encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror}); choose another place.",
            f"无法写入 {path}（{error.strerror}）；请换一个位置。",
        ) from error
