"""What a training run will cost on this machine, found out by running a few of its real steps.

Time depends on the processor, on the number of threads and on what else is running, so no table can tell it; a step of
the objective itself, forward, backward and update, can. Memory is counted: weights, gradients, what the optimizer
keeps, and what the forward pass saves for the backward pass.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .loop import Objective, choose_precision, evaluate, in_precision
from .memory import keep_freed_memory
from .optimizer import make_optimizers
from .recipe import Recipe

PROGRAM = 450 << 20  # bytes that Python and torch take before there is a model; measured on Linux
BYTES_PER_WEIGHT = 16  # float32 weight, its gradient, and two averages of AdamW
MOST_STEPS = 6


@dataclass(frozen=True)
class Measured:
    """Seconds of a step (`fastest`, `slowest`) and of an evaluation; bytes of memory; the loss of the first step.

    `whole` says that whole steps were run. Otherwise a step is too long to wait for: a few rows of its batch were, and
    the rest is arithmetic, which is on the slow side since a batch is quicker than its rows one by one.
    """

    fastest: float
    slowest: float
    evaluation: float
    memory: int
    loss: float
    precision: str
    whole: bool


def measure(
    model: Any,
    objective: Objective,
    recipe: Recipe,
    *,
    device: str = "cpu",
    precision: str | None = None,
    patience: float = 4.0,
) -> Measured:
    """Run steps for about `patience` seconds. The model is changed by them: give one that nobody needs."""
    keep_freed_memory()
    model.to(device)
    optimizers = make_optimizers(model, recipe)
    precision = precision or choose_precision(model.config, recipe.batch_size * model.config.n_ctx, device)

    def step(number: int, parts: int) -> tuple[float, float, int]:
        """Loss, seconds and bytes of a step, from the first of its `parts`."""
        with clock() as spent, kept_for_backward(model) as kept:
            with in_precision(precision, device):
                loss = objective.loss(model, number, 0, parts)[0]
            loss.backward()
        seconds = spent() * parts
        with clock() as spent, in_precision(precision, device):
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        return loss.item(), seconds + spent(), kept() * parts // recipe.accumulation

    # From one row to the whole batch, as far as patience reaches.
    parts = recipe.batch_size
    model.train()
    found = [step(0, parts)]
    first_loss = found[0][0]
    while parts > recipe.accumulation and 4 * found[-1][1] / parts < patience:
        parts = max(recipe.accumulation, parts // 4)
        found = [step(0, parts)]
    with clock() as waited:
        while len(found) < MOST_STEPS and waited() + found[-1][1] / parts < patience:
            found.append(step(len(found), parts))
    _, times, kept_bytes = zip(*found, strict=True)
    times = times[1:] or times  # the first warms up
    whole = parts == recipe.accumulation
    evaluation = max(times)  # where a step is long, an evaluation is no shorter
    if whole:
        with clock() as spent:
            evaluate(model, objective)
        evaluation = spent()
    memory = PROGRAM + held(model, optimizers) + max(kept_bytes)
    return Measured(min(times), max(times), evaluation, memory, first_loss, precision, whole)


@contextlib.contextmanager
def clock() -> Iterator[Callable[[], float]]:
    """A function that tells the seconds since the block began, or, after it, those it took."""
    began, ended = time.perf_counter(), 0.0
    try:
        yield lambda: (ended or time.perf_counter()) - began
    finally:
        ended = time.perf_counter()


@contextlib.contextmanager
def kept_for_backward(model: nn.Module) -> Iterator[Callable[[], int]]:
    """Count the bytes that autograd keeps during the block, weights left out; yields a function that tells them."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        yield lambda: sum(sizes.values())


def held(model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> int:
    """Bytes of weights, gradients and optimizer state."""
    weights = sum(p.numel() * p.element_size() * (2 if p.requires_grad else 1) for p in model.parameters())
    states = [value for o in optimizers for values in o.state.values() for value in values.values()]
    return weights + sum(value.numel() * value.element_size() for value in states if isinstance(value, Tensor))


def peak_memory() -> int:
    """The most bytes that this process has held so far; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def free_memory() -> int | None:
    """Bytes that a new program can have on this machine; None where the system does not say."""
    with contextlib.suppress(OSError, StopIteration, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) << 10
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return None
