"""The catalogue: every word of the interface, once in English and once in Chinese, one file for each tab."""

from . import arena, chat, compare, inside, lineage, page, results, train
from .chat import CHAT_EXAMPLES, SYSTEM_EXAMPLES
from .compare import COMPARE_EXAMPLES
from .inside import GAP_EXAMPLES, INSIDE_EXAMPLES, TRANSLATION_EXAMPLES

PARTS = (page, chat, compare, arena, inside, train, lineage, results)
STRINGS: dict[str, tuple[str, str]] = {key: pair for part in PARTS for key, pair in part.STRINGS.items()}

__all__ = [
    "CHAT_EXAMPLES",
    "COMPARE_EXAMPLES",
    "GAP_EXAMPLES",
    "INSIDE_EXAMPLES",
    "PARTS",
    "STRINGS",
    "SYSTEM_EXAMPLES",
    "TRANSLATION_EXAMPLES",
]
