"""The one training loop: every objective (pretraining, fine-tuning, preferences) runs in it.

An objective only says what the loss of step number n is. The loop does the rest: learning rate, gradient clipping
and accumulation, precision, evaluation, the log, checkpoints, and stopping cleanly when asked to.
"""

from __future__ import annotations

import contextlib
import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import UserError
from ..inference.checkpoint import disk_errors, replace
from ..model import Config, RecurrentConfig
from .memory import keep_freed_memory
from .optimizer import lr_share, make_optimizers, set_lr
from .recipe import Recipe
from .resume import RESUME, TrainingState, load_resume, save_resume

LOG = "log.jsonl"
SAVE_EVERY_SECONDS = 60.0
Event = dict[str, Any]
Watch = Callable[[Event], None]


class Objective(Protocol):
    """What a stage of training wants.

    `loss` returns the mean loss of pass `part` of `parts` of step `step`, and how many tokens it read.
    `evaluate` returns figures on held-out data; `sample` returns what the model writes now, for the log. The model is
    whatever the objective trains: a `Stack`, a `Scorer`, or a policy with its value function.
    """

    def loss(self, model: Any, step: int, part: int, parts: int) -> tuple[Tensor, int]: ...

    def evaluate(self, model: Any) -> dict[str, float]: ...

    def sample(self, model: Any) -> list[dict[str, str]]: ...


class Interrupted(Exception):
    """The run was asked to stop; its state is saved in `folder`."""

    def __init__(self, folder: Path, step: int):
        super().__init__(f"stopped at step {step}")
        self.folder, self.step = folder, step


def choose_device(name: str) -> str:
    """"auto" takes a GPU if there is one. Raises UserError when a device is asked for that is not there."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda"):
        raise UserError(
            f"Unknown device {name!r}; use auto, cpu or cuda.", f"未知设备 {name!r}；请用 auto、cpu 或 cuda。"
        )
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "This machine shows no CUDA GPU; use --device cpu.", "本机没有可用的 CUDA GPU；请用 --device cpu。"
        )
    return name


def choose_precision(config: Config, rows: int, device: str) -> str:
    """"bfloat16" where this machine multiplies the model's matrices faster in it than in float32.

    Processors with matrix units for bfloat16 gain from about width 128 up; others emulate it ten times slower. So
    it is measured, on the largest map of a block, in a few milliseconds.
    """
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if isinstance(config, RecurrentConfig) or config.d_model < 128:
        return "float32"
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.randn(min(rows, 1024), config.d_model, dtype=dtype)
        weight = torch.randn(config.d_ff, config.d_model, dtype=dtype)
        times = []
        for _ in range(4):
            start = time.perf_counter()
            F.linear(x, weight)
            times.append(time.perf_counter() - start)
        seconds[dtype] = min(times[1:])
    # Autocast converts weights and activations back and forth, so a small gain in the product is none in the step.
    return "bfloat16" if seconds[torch.bfloat16] < 0.6 * seconds[torch.float32] else "float32"


def in_precision(precision: str, device: str) -> torch.autocast:
    return torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16")


@contextlib.contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C or SIGTERM into a flag that is read between steps; a second Ctrl-C stops at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    old = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    for number in old:
        signal.signal(number, ask)
    try:
        yield asked
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


class Log:
    """`log.jsonl`, one event a line; on resume, what lies behind the checkpoint is cut off and happens again."""

    def __init__(self, folder: Path, from_step: int):
        self.path = folder / LOG
        kept = []
        if from_step and self.path.exists():
            # Bytes, since a kill may have cut the last line inside a character.
            for line in self.path.read_bytes().split(b"\n"):
                with contextlib.suppress(ValueError):
                    if json.loads(line)["step"] <= from_step:
                        kept.append(line + b"\n")
        if kept:
            replace(self.path, lambda temporary: temporary.write_bytes(b"".join(kept)))
        else:
            with disk_errors(self.path):
                self.path.write_bytes(b"")

    def __call__(self, event: Event) -> None:
        with disk_errors(self.path), self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(event, ensure_ascii=False) + "\n")


def train(
    model: Any,
    objective: Objective,
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    device: str = "cpu",
    precision: str | None = None,
    watch: Watch | None = None,
) -> TrainingState:
    """Train `model` in place and return where it stands.

    `folder` receives the log and, once a minute and at the end, the resume file. `watch` is called with every
    event of the log. Raises Interrupted after a stop request (state saved), UserError when the loss is no longer
    a number (state of the last checkpoint kept).
    """
    folder.mkdir(parents=True, exist_ok=True)
    keep_freed_memory()
    model.to(device)
    optimizers = make_optimizers(model, recipe)
    state = TrainingState(recipe=recipe.to_dict())
    torch.manual_seed(recipe.seed)
    if resume and (folder / RESUME).exists():
        state = load_resume(folder, model, optimizers, device)
        if state.recipe != recipe.to_dict():
            raise UserError(
                f"{folder} was trained with another recipe; resume with the same options or start in a new folder.",
                f"{folder} 使用了不同的训练设置；请用相同选项继续，或换一个新文件夹。",
            )
    state.precision = state.precision or precision or choose_precision(
        model.config, recipe.batch_size * model.config.n_ctx, device
    )
    log = Log(folder, state.step)

    def tell(event: Event) -> None:
        log(event)
        if watch:
            watch(event)

    with stop_requests() as asked:
        if state.step == 0:
            tell({"step": 0, "steps": recipe.steps, **evaluate(model, objective)})
        began, saved_at = time.perf_counter() - state.seconds, time.perf_counter()
        while state.step < recipe.steps:
            step_began = time.perf_counter()
            set_lr(optimizers, lr_share(recipe, state.step))
            loss, tokens = backward(model, objective, recipe, state, device)
            grad_norm = nn.utils.clip_grad_norm_(model.parameters(), recipe.grad_clip or math.inf).item()
            if not math.isfinite(loss) or not math.isfinite(grad_norm):
                raise UserError(
                    f"The loss became {loss} at step {state.step}; lower the learning rate. "
                    f"The last checkpoint in {folder} is intact.",
                    f"第 {state.step} 步的损失变为 {loss}；请降低学习率。{folder} 中的上一个检查点完好无损。",
                )
            with in_precision(state.precision, device):  # Muon multiplies matrices too
                for optimizer in optimizers:
                    optimizer.step()
                    optimizer.zero_grad(set_to_none=True)
            state.step += 1
            state.tokens += tokens
            now = time.perf_counter()
            state.seconds = now - began
            tell(
                {
                    "step": state.step,
                    "steps": recipe.steps,
                    "tokens": state.tokens,
                    "loss": loss,
                    "lr": optimizers[0].param_groups[0]["lr"],
                    "grad_norm": round(grad_norm, 4),
                    "tokens_per_s": round(tokens / (now - step_began)),
                    "seconds": round(state.seconds, 2),
                }
            )
            last = state.step == recipe.steps
            if state.step % recipe.eval_every == 0 or last:
                tell({"step": state.step, "steps": recipe.steps, **evaluate(model, objective)})
            if last or asked.is_set() or now - saved_at > SAVE_EVERY_SECONDS:
                save_resume(folder, model, optimizers, state)
                saved_at = time.perf_counter()
            if asked.is_set() and not last:
                raise Interrupted(folder, state.step)
    model.eval()
    return state


def backward(
    model: nn.Module, objective: Objective, recipe: Recipe, state: TrainingState, device: str
) -> tuple[float, int]:
    """Gradients of one step, accumulated over its passes; returns the mean loss and the number of tokens."""
    model.train()
    total, tokens = 0.0, 0
    for part in range(recipe.accumulation):
        with in_precision(state.precision, device):
            loss, read = objective.loss(model, state.step, part, recipe.accumulation)
        (loss / recipe.accumulation).backward()
        total += loss.item() / recipe.accumulation
        tokens += read
    return total, tokens


def evaluate(model: nn.Module, objective: Objective) -> Event:
    """Held-out figures and samples, without disturbing the random numbers that training uses."""
    was = torch.get_rng_state()
    model.eval()
    with torch.inference_mode():
        event = {**objective.evaluate(model), "samples": objective.sample(model)}
    torch.set_rng_state(was)
    return event
