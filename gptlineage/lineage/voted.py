"""A model that learns from a person's votes: their taste first, then DPO on replies which that taste ranks.

A handful of votes is too little to move a model by itself. A reward model learnt from them can judge any number of the
model's own replies, and these teach it, together with the comparisons that come with the released model, by which it
keeps what is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..errors import UserError
from ..inference import load_language_model
from ..training import Recipe
from ..training.loop import Watch
from . import generation
from .records import Generation, Stage
from .run import train_generation
from .stages import Options, clear_votes

STAGES = (
    Stage(
        objective="reward",
        release=Recipe(steps=100, batch_size=16, lr=5e-3, weight_decay=0.1),
        quick=Recipe(steps=100, batch_size=16, lr=5e-3, weight_decay=0.1),
    ),
    Stage(
        objective="dpo",
        release=Recipe(steps=120, batch_size=32, lr=1e-4, weight_decay=0.0),
        quick=Recipe(steps=60, batch_size=32, lr=1e-4, weight_decay=0.0),
        options=dict(prompts=384, replies=4, beta=0.1, by_reward=True),
    ),
)


def learn_from_votes(
    model: str, votes: Path, folder: Path, *, seed: int = 0, quick: bool = False, resume: bool = False,
    watch: Callable[[str], Watch] | None = None,
) -> Path:  # fmt: skip
    """Train a child of `model` (a released name or a run directory) on ballots into `folder`, and return that.

    Raises UserError when the model does not chat, or the votes are unreadable or too few.
    """
    parent = load_language_model(model)
    if not parent.speaks_chat:
        raise UserError(
            f"{model} was never taught to chat; choose one that was, such as chatgpt.",
            f"{model} 没有学过对话；请选择学过的模型，例如 chatgpt。",
        )
    clear_votes(votes)
    options = Options(votes=str(votes), seed=seed, quick=quick, resume=resume)
    child = child_of(model, parent.provenance["generation"])
    return train_generation(child, folder, options, watch=watch, parent=parent)


def child_of(model: str, name: str) -> Generation:
    """The generation of the model, as one that begins with the model itself."""
    return replace(generation(name), starts_from=model, stages=STAGES)
