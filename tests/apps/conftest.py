"""A family of throw-away models, so small that every test here runs in a moment."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import gptlineage as gl
from gptlineage.inference import save_model
from gptlineage.text import Tokenizer

BASE = ["pretrain"]
FAMILY = {
    "gpt-1": BASE, "gpt-2": BASE, "gpt-3": BASE,
    "gpt-3.5": [*BASE, "sft", "reward", "ppo"], "chatgpt": [*BASE, "sft", "reward", "ppo", "sft", "dpo"],
}  # fmt: skip
SHORT_SIGHTED = "gpt-1"  # this one's window is too small for LONG_PROMPT
LONG_PROMPT = "The cat is on the mat. " * 12


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Checkpoint folders, oldest generation first. The models are untrained, and never end a text by themselves."""
    root = tmp_path_factory.mktemp("models")
    tokenizer = Tokenizer.train(["The cat is on the mat. 猫在垫子上。 One two three."] * 50, 300)
    torch.manual_seed(0)
    folders = []
    for name, stages in FAMILY.items():
        model = gl.build(
            gl.ModelConfig(
                n_layers=1,
                d_model=32,
                n_heads=2,
                n_ctx=32 if name == SHORT_SIGHTED else 256,
                vocab_size=tokenizer.vocab_size,
            )
        )
        with torch.no_grad():
            # Their logits are 0 ever after, which top-k leaves out among so many larger ones.
            model.tokens.weight[sorted(tokenizer.special_ids)] = 0.0
        folder: Path = root / name
        provenance = {
            "generation": name,
            "year": gl.generation(name).year,
            "stages": stages,
            "size": "mini",
            "n_parameters": model.n_parameters,
        }
        save_model(folder, model, tokenizer, provenance, "# A throw-away model\n")
        folders.append(str(folder))
    return folders
