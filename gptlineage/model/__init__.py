"""The core: one attention, one block, one stack, from which every generation since 2017 is configured.

What came before it, recurrent networks, stands in a file of its own. Nothing here knows a generation's name, and
nothing here imports anything of ours but this folder.
"""

from .build import Config, Network, build, config_from_dict
from .cache import KVCache
from .config import ConfigError, ModelConfig
from .encoder_decoder import EncoderDecoder
from .heads import Classifier, Scorer
from .recurrent import RecurrentConfig, RecurrentLM, RNNSearch
from .stack import Stack

__all__ = [
    "Classifier",
    "Config",
    "ConfigError",
    "EncoderDecoder",
    "KVCache",
    "ModelConfig",
    "Network",
    "RNNSearch",
    "RecurrentConfig",
    "RecurrentLM",
    "Scorer",
    "Stack",
    "build",
    "config_from_dict",
]
