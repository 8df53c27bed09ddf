"""What a run needs in order to go on: weights, optimizer state, random numbers and the next step, in one file.

One file, replaced in one step, so that a kill at any moment leaves either the old state or the new one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from torch.optim import Optimizer

from ..errors import UserError
from ..inference.checkpoint import read_tensors, replace

RESUME = "resume.safetensors"


@dataclass
class TrainingState:
    """Where a run stands: the next step, tokens and seconds spent, and whatever else must not change on resume."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    precision: str = ""
    recipe: dict[str, Any] | None = None


def save_resume(folder: Path, model: nn.Module, optimizers: list[Optimizer], state: TrainingState) -> None:
    tensors = {f"model.{name}": p.detach().cpu().clone() for name, p in model.state_dict().items()}
    for number, optimizer in enumerate(optimizers):
        for index, values in optimizer.state_dict()["state"].items():
            for name, value in values.items():
                tensors[f"optimizer.{number}.{index}.{name}"] = torch.as_tensor(value).cpu().clone()
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    metadata = {"state": json.dumps(state.__dict__)}
    replace(folder / RESUME, lambda temporary: save_file(tensors, temporary, metadata=metadata))


def load_resume(folder: Path, model: nn.Module, optimizers: list[Optimizer], device: str) -> TrainingState:
    """Bring model, optimizers and random numbers back to where `save_resume` left them.

    Raises UserError when the file is damaged or belongs to another configuration.
    """
    path = folder / RESUME
    tensors = read_tensors(path)
    try:
        with safe_open(path, framework="pt") as file:
            state = TrainingState(**json.loads(file.metadata()["state"]))
        model.load_state_dict({n.removeprefix("model."): t for n, t in tensors.items() if n.startswith("model.")})
        for number, optimizer in enumerate(optimizers):
            content = optimizer.state_dict()
            for name, tensor in tensors.items():
                if name.startswith(f"optimizer.{number}."):
                    index, key = name.split(".", 2)[2].split(".", 1)
                    # A copy: the optimizer must not go on holding the file open.
                    content["state"].setdefault(int(index), {})[key] = tensor.clone()
            optimizer.load_state_dict(content)
        torch.set_rng_state(tensors["random.cpu"])
        if device == "cuda" and "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"{path} does not belong to this run ({str(error).splitlines()[0]}); start afresh without --resume.",
            f"{path} 与本次训练不符（{str(error).splitlines()[0]}）；请去掉 --resume 重新开始。",
        ) from error
    return state
