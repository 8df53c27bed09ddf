"""From a configuration to a network with fresh weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

from .config import ModelConfig
from .encoder_decoder import EncoderDecoder
from .recurrent import RecurrentConfig, RecurrentLM, RNNSearch
from .stack import Stack

Config = ModelConfig | RecurrentConfig
Network = Stack | EncoderDecoder | RNNSearch | RecurrentLM


@overload
def build(config: ModelConfig) -> Stack: ...
@overload
def build(config: RecurrentConfig) -> RNNSearch | RecurrentLM: ...


def build(config: Config) -> Any:
    """A freshly initialised network. Seed torch first for the same weights again.

    One stack, or an `EncoderDecoder` where the configuration has `encoder_layers`, or a recurrent one.
    """
    if isinstance(config, RecurrentConfig):
        return RecurrentLM(config) if config.kind == "lm" else RNNSearch(config)
    return EncoderDecoder(config) if config.encoder_layers else Stack(config)


def config_from_dict(values: Mapping[str, Any]) -> Config:
    """The configuration stored in a checkpoint, of whichever network. Raises ConfigError when it fits neither."""
    return RecurrentConfig.from_dict(values) if "kind" in values else ModelConfig.from_dict(values)
