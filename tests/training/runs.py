"""A training run so small that it ends in a second, for the tests here and for the processes that they kill."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np

from gptlineage.corpus import Shard
from gptlineage.training import Pretraining, Recipe, TrainingState, loop, train
from tests.tiny import BYTES, tiny_model

STEPS = 12


def shard(path: Path, length: int = 2000, seed: int = 0) -> Shard:
    """Bytes with something to learn: each follows from the one before, most of the time."""
    rng = np.random.default_rng(seed)
    ids = (np.cumsum(rng.choice([1, 2, 7], length, p=[0.8, 0.1, 0.1])) % 90 + 32).astype(np.uint16)
    path.parent.mkdir(parents=True, exist_ok=True)
    ids.tofile(path)
    return Shard(path, BYTES.vocab_size)


def recipe(**choices: Any) -> Recipe:
    return Recipe(**{**dict(steps=STEPS, batch_size=4, lr=3e-3, eval_every=5), **choices})


def objective(folder: Path, kind: type[Pretraining] = Pretraining, batch_size: int = 4, n_ctx: int = 24) -> Pretraining:
    train_shard, val = shard(folder / "data" / "train.bin"), shard(folder / "data" / "val.bin", 300, seed=1)
    return kind(train_shard, val, BYTES, batch_size=batch_size, n_ctx=n_ctx, prompts=("abc",))


def run(
    folder: Path, *, resume: bool = False, model_seed: int = 0, dropout: float = 0.0, watch: Any = None, **choices: Any
) -> TrainingState:
    model = tiny_model(model_seed, dropout=dropout)
    return train(model, objective(folder), recipe(**choices), folder, resume=resume, watch=watch)


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / loop.LOG).read_text(encoding="utf-8").splitlines()]


def losses(folder: Path) -> list[tuple[int, float]]:
    return [(event["step"], event["loss"]) for event in events(folder) if "loss" in event]


def stop_at(step: int, number: int = signal.SIGINT) -> Any:
    """A listener that sends this process a signal after a step."""

    def watch(event: dict[str, Any]) -> None:
        if event["step"] == step and "loss" in event:
            os.kill(os.getpid(), number)

    return watch


def die(folder: str, moment: str, **choices: Any) -> None:
    """Train with a checkpoint after every step, until this process kills itself: between steps, or while it saves."""
    loop.SAVE_EVERY_SECONDS = 0.0
    if moment == "between steps":
        run(Path(folder), watch=stop_at(6, signal.SIGKILL), **choices)
    saved, replace = [], os.replace

    def kill_at_the_fourth(*paths: Any) -> None:
        saved.append(paths)
        if len(saved) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(*paths)

    os.replace = kill_at_the_fourth
    run(Path(folder), **choices)
