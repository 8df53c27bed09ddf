"""Where the package's own files lie, in a clone and in an installed wheel alike.

In a clone `data/` and `apps/` stand beside the package; the wheel carries the same folders inside it.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).resolve().parent
HOME = PACKAGE if (PACKAGE / "data").is_dir() else PACKAGE.parent


def data_dir() -> Path:
    """The folder with the lexicon, the tokenizer, the released miniatures and the results."""
    return HOME / "data"


def models_dir() -> Path:
    """The folder with the released miniatures, one checkpoint directory per generation."""
    return data_dir() / "models"


def user_path(name: str | Path) -> Path:
    """The path that a person typed, with `~` for their home; one of an unknown user is an ordinary name."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def import_app(name: str) -> ModuleType:
    """Import `apps.<name>` of a clone, or `gptlineage.apps.<name>` of a wheel."""
    if HOME == PACKAGE:
        return importlib.import_module(f"gptlineage.apps.{name}")
    if str(HOME) not in sys.path:
        sys.path.insert(0, str(HOME))
    return importlib.import_module(f"apps.{name}")
