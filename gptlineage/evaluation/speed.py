"""How fast training and decoding are, beside nanoGPT's code and `transformers`, within one run on one machine.

Only ratios mean anything: every contender gets the same shape, batch and threads, takes turns with the others, and
the median of the rounds counts. Each lives in a process of its own, so that what one sets (our training asks the C
library to keep freed memory) does not help another. nanoGPT is run from a folder that the user names; none of its code
is ours.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import math
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import numpy as np
import torch

from ..corpus import Batches, Shard
from ..errors import UserError
from ..inference import Sampling, generate_ids
from ..model import ModelConfig, Stack, build
from ..training import Recipe, train
from ..training.muon import Muon
from ..training.pretrain import next_token_loss

TRAIN_STEPS, WARM_UP, DECODE_TOKENS, ROUNDS = 16, 4, 120, 5
PAGES = "random.bin"


class RandomPages:
    """The pretraining objective on random ids: speed does not depend on what they say."""

    def __init__(self, batches: Batches):
        self.batches = batches

    def loss(self, model: Stack, step: int, part: int, parts: int) -> tuple[torch.Tensor, int]:
        ids = self.batches.batch(step)
        return next_token_loss(model, ids), ids.shape[0] * (ids.shape[1] - 1)

    def evaluate(self, model: Stack) -> dict[str, float]:
        return {}

    def sample(self, model: Stack) -> list[dict[str, str]]:
        return []


def load_nanogpt(folder: Path) -> ModuleType:
    """nanoGPT's `model.py` from a checkout. Raises UserError when there is none."""
    path = folder / "model.py"
    if not path.is_file():
        raise UserError(
            f"{folder} is not a checkout of nanoGPT (no model.py); clone it and name its folder.",
            f"{folder} 不是 nanoGPT 的代码目录（缺少 model.py）；请先克隆并给出其路径。",
        )
    spec = importlib.util.spec_from_file_location("nanogpt_model", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def ours_training(config: ModelConfig, batch_size: int, folder: Path, optimizer: str) -> float:
    recipe = Recipe(steps=TRAIN_STEPS, batch_size=batch_size, optimizer=optimizer, eval_every=10**9)
    times: list[float] = []
    objective = RandomPages(Batches(Shard(folder / PAGES, config.vocab_size), batch_size, config.n_ctx))
    place = folder / optimizer
    train(build(config), objective, recipe, place, watch=lambda event: times.append(time.perf_counter()))
    # The events of the last step are two (training and evaluation); the first steps warm up.
    return batch_size * config.n_ctx * (TRAIN_STEPS - WARM_UP) / (times[TRAIN_STEPS - 1] - times[WARM_UP - 1])


def nanogpt_training(nanogpt: Path, config: ModelConfig, batch_size: int, folder: Path, bfloat16: bool) -> float:
    """The steps of nanoGPT's train.py on a CPU: its model, its optimizer, its batches, clipping at 1."""
    module, shard = load_nanogpt(nanogpt), Shard(folder / PAGES, config.vocab_size)

    def batch() -> tuple[torch.Tensor, torch.Tensor]:
        starts = torch.randint(len(shard) - config.n_ctx - 1, (batch_size,))
        windows = [torch.from_numpy(shard.window(int(i), config.n_ctx + 1)) for i in starts]
        ids = torch.stack(windows)
        return ids[:, :-1].contiguous(), ids[:, 1:].contiguous()

    with contextlib.redirect_stdout(io.StringIO()):
        model = module.GPT(
            module.GPTConfig(
                block_size=config.n_ctx,
                vocab_size=config.vocab_size,
                n_layer=config.n_layers,
                n_head=config.n_heads,
                n_embd=config.d_model,
                dropout=0.0,
                bias=config.bias,
            )
        )
        optimizer = model.configure_optimizers(0.1, 1e-3, (0.9, 0.95), "cpu")
    context = torch.autocast("cpu", torch.bfloat16) if bfloat16 else contextlib.nullcontext()
    x, y = batch()
    start = 0.0
    for step in range(TRAIN_STEPS):
        if step == WARM_UP:
            start = time.perf_counter()
        with context:
            _, loss = model(x, y)
        x, y = batch()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()
    return batch_size * config.n_ctx * (TRAIN_STEPS - WARM_UP) / (time.perf_counter() - start)


def ours_decoding(config: ModelConfig, prompt: list[int], n_tokens: int) -> float:
    model = build(config).eval()
    start = time.perf_counter()
    tokens = list(generate_ids(model, prompt, max_new_tokens=n_tokens, sampling=Sampling(temperature=0.0)))
    return len(tokens) / (time.perf_counter() - start)


def transformers_decoding(config: ModelConfig, prompt: list[int], n_tokens: int) -> float:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.n_ctx,
            n_embd=config.d_model,
            n_layer=config.n_layers,
            n_head=config.n_heads,
            bos_token_id=None,
            eos_token_id=None,
        )
    ).eval()
    ids = torch.tensor([prompt])
    start = time.perf_counter()
    with torch.inference_mode():
        out = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=n_tokens, do_sample=False, use_cache=True
        )
    return (out.shape[1] - len(prompt)) / (time.perf_counter() - start)


def muon_steps(config: ModelConfig, optimizer: type[torch.optim.Muon] | type[Muon], bfloat16: bool = False) -> float:
    """Updates per second of the blocks' matrices alone."""
    matrices = [p for p in build(config).blocks.parameters() if p.dim() == 2]
    updater, times = optimizer(matrices), []
    for _ in range(WARM_UP + 5):
        for matrix in matrices:
            matrix.grad = torch.randn_like(matrix)
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            updater.step()
        times.append(time.perf_counter() - start)
    return 1 / median(times[WARM_UP:])


def take_turns(contenders: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Every contender once per round, each in its own process, so that a busy moment of the machine hits all alike."""
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    with contextlib.ExitStack() as stack:
        places = {
            name: stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn"))) for name in contenders
        }
        for turn in range(ROUNDS + 1):
            for name, run in contenders.items():
                figure = places[name].submit(run).result()
                if turn:  # the first round warms up
                    figures[name].append(figure)
    return figures


def rows_of(
    task: str, shape: str, figures: dict[str, list[float]], baseline: str, metric: str = "tokens per second"
) -> list[dict[str, Any]]:
    base = median(figures[baseline])
    return [
        {
            "model": shape,
            "task": task,
            "contender": name,
            "metric": metric,
            "value": round(median(values), 2),
            "low": round(min(values), 2),
            "high": round(max(values), 2),
            "n": len(values),
            f"ratio to {baseline}": round(median(values) / base, 3),
        }
        for name, values in figures.items()
    ]


def measure(shapes: dict[str, tuple[ModelConfig, int]], nanogpt_folder: Path) -> list[dict[str, Any]]:
    """Rows for every shape `{name: (config, batch_size)}`: training, then decoding."""
    rows: list[dict[str, Any]] = []
    load_nanogpt(nanogpt_folder)  # complain before anything is measured
    for shape, (config, batch_size) in shapes.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            ids = np.random.default_rng(0).integers(0, config.vocab_size, 200_000).astype(np.uint16)
            ids.tofile(folder / PAGES)
            training: dict[str, Callable[[], float]] = {
                "nanoGPT": partial(nanogpt_training, nanogpt_folder, config, batch_size, folder, False),
                "nanoGPT, bfloat16 autocast": partial(
                    nanogpt_training, nanogpt_folder, config, batch_size, folder, True
                ),
                "gptlineage, AdamW": partial(ours_training, config, batch_size, folder, "adamw"),
                "gptlineage, Muon": partial(ours_training, config, batch_size, folder, "muon"),
            }
            rows += rows_of("training", shape, take_turns(training), "nanoGPT")
        prompt = list(range(8))
        n_tokens = min(DECODE_TOKENS, config.n_ctx - len(prompt))
        decoding: dict[str, Callable[[], float]] = {
            "transformers": partial(transformers_decoding, config, prompt, n_tokens),
            "gptlineage": partial(ours_decoding, config, prompt, n_tokens),
        }
        rows += rows_of("decoding", shape, take_turns(decoding), "transformers")
        muons: dict[str, Callable[[], float]] = {
            "torch.optim.Muon": partial(muon_steps, config, torch.optim.Muon),
            "gptlineage, float32": partial(muon_steps, config, Muon),
            "gptlineage, bfloat16": partial(muon_steps, config, Muon, True),
        }
        rows += rows_of("Muon", shape, take_turns(muons), "torch.optim.Muon", "updates per second")
    assert all(math.isfinite(row["value"]) for row in rows)
    return rows
