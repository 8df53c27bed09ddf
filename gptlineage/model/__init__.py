"""The core: one attention, one block, one stack, from which every generation is configured.

Nothing here knows a generation's name, and nothing here imports anything of ours but this folder.
"""

from .cache import KVCache
from .config import ConfigError, ModelConfig
from .heads import Scorer
from .stack import Stack, build

__all__ = ["ConfigError", "KVCache", "ModelConfig", "Scorer", "Stack", "build"]
