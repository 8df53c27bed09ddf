"""What many tests share: models that are made in a moment, and the check that an error speaks both languages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from gptlineage.errors import UserError
from gptlineage.inference import LanguageModel, load, save_model
from gptlineage.model import ModelConfig, Stack, build
from gptlineage.text import Tokenizer

BYTES = Tokenizer()  # no merges: one id for each byte


def tiny_model(seed: int = 0, spread: float = 0.0, **changes) -> Stack:
    """A random model over bytes; `spread` widens its weights, and its positions more, so that its texts vary."""
    torch.manual_seed(seed)
    sizes = dict(n_layers=2, d_model=16, n_heads=2, n_ctx=24, vocab_size=BYTES.vocab_size)
    model = build(ModelConfig(**{**sizes, **changes}))
    if spread:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(0.0, spread)
            if model.config.positions == "learned":
                model.positions.weight.mul_(8)
    return model.eval()


def save_tiny(folder: Path, stages: tuple[str, ...] = ("pretrain",), **choices) -> Path:
    provenance = {"generation": "gpt-2", "year": 2019, "stages": list(stages), "tokens_seen": 0}
    save_model(folder, tiny_model(**choices), BYTES, provenance, "# A throw-away model\n")
    return folder


def load_tiny(folder: Path, stages: tuple[str, ...] = ("pretrain",), **choices) -> LanguageModel:
    return load(save_tiny(folder, stages, **choices))


@contextlib.contextmanager
def complaint(match: str) -> Iterator[None]:
    """The block must raise a UserError whose English matches; the Chinese must be there, and be Chinese."""
    with pytest.raises(UserError, match=match) as caught:
        yield
    assert caught.value.en == str(caught.value)
    assert any("\u4e00" <= character <= "\u9fff" for character in caught.value.zh)
    assert "\n" not in caught.value.en + caught.value.zh
