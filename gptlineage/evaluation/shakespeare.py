"""nanoGPT's CPU recipe on Shakespeare, three times: by nanoGPT's code, by our reference recipe, and by ours.

4 layers, 4 heads, width 128, windows of 64 characters, batch 12, no dropout. All three are judged by the same rule:
the mean loss over every window of the last tenth of the text. Evaluation during training is switched off, so that the
times are those of training alone.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..corpus import FileSource, Shard, prepare
from ..errors import UserError
from ..model import ModelConfig, build
from ..text import Tokenizer
from ..training import Pretraining, Recipe, train
from .speed import load_nanogpt

CONFIG = ModelConfig(n_layers=4, d_model=128, n_heads=4, n_ctx=64, vocab_size=1, bias=False)
REFERENCE = Recipe(
    steps=2000, batch_size=12, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, warmup=0.05, eval_every=10**9
)
OURS = Recipe(
    steps=540, batch_size=12, optimizer="muon", lr=5e-3, matrix_lr=0.03, schedule="flat", final_lr=0.0, eval_every=10**9
)


def full_loss(logits_of: Callable[[Tensor], Tensor], ids: Tensor, n_ctx: int) -> float:
    """Mean loss over all non-overlapping windows of `ids`, in nats per character."""
    n_windows = (len(ids) - 1) // n_ctx
    inputs = ids[: n_windows * n_ctx].view(n_windows, n_ctx)
    targets = ids[1 : n_windows * n_ctx + 1].view(n_windows, n_ctx)
    total = 0.0
    with torch.inference_mode():
        for x, y in zip(inputs.split(128), targets.split(128), strict=True):
            total += F.cross_entropy(logits_of(x).flatten(0, 1), y.flatten(), reduction="sum").item()
    return total / (n_windows * n_ctx)


def run_nanogpt(folder: Path, text: Path, seed: int) -> tuple[float, float]:
    """Train with nanoGPT's own script; returns the final held-out loss and the seconds of its training steps."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "nanogpt"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".git"))
        data = copy / "data" / "shakespeare_char"
        shutil.copy(text, data / "input.txt")
        run(copy, str(data / "prepare.py"))
        if seed:  # train.py fixes its seed; other seeds change that one number in the copy
            script = copy / "train.py"
            script.write_text(script.read_text().replace("manual_seed(1337", f"manual_seed({1337 + seed}"))
        options = (
            "--device=cpu --compile=False --eval_iters=1 --eval_interval=2000 --log_interval=1 --block_size=64 "
            "--batch_size=12 --n_layer=4 --n_head=4 --n_embd=128 --max_iters=2000 --lr_decay_iters=2000 --dropout=0.0"
        )
        printed = run(copy, "train.py", "config/train_shakespeare_char.py", *options.split())
        times = [float(ms) / 1000 for ms in re.findall(r"iter \d+: loss [\d.]+, time ([\d.]+)ms", printed)]
        times = times[1:-1]  # the first and the last include an evaluation
        seconds = sum(times) / len(times) * 2000
        checkpoint = torch.load(copy / "out-shakespeare-char" / "ckpt.pt", weights_only=True)
        module = load_nanogpt(copy)
        model = module.GPT(module.GPTConfig(**checkpoint["model_args"]))
        model.load_state_dict(checkpoint["model"])
        val = Shard(data / "val.bin", 65)
        ids = torch.from_numpy(val.window(0, len(val)))
        # Given targets, nanoGPT's model returns the logits of every position.
        return full_loss(lambda x: model.eval()(x, x)[0], ids, 64), seconds


def run(folder: Path, *command: str) -> str:
    """What a Python script of nanoGPT's prints; UserError when it fails."""
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise UserError(f"nanoGPT's {command[0]} failed: {reason}", f"nanoGPT 的 {command[0]} 运行失败：{reason}")
    return done.stdout


def run_ours(recipe: Recipe, text: Path) -> tuple[float, float]:
    """Train with our loop on single bytes (the text is ASCII, so bytes are its characters)."""
    tokenizer = Tokenizer()
    config = replace(CONFIG, vocab_size=tokenizer.vocab_size)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = FileSource(text)
        train_shard, val = prepare(source, tokenizer, folder, train_tokens=0, val_tokens=10**9, n_ctx=config.n_ctx)
        torch.manual_seed(recipe.seed)
        model = build(config)
        objective = Pretraining(
            train_shard, val, tokenizer, batch_size=recipe.batch_size, n_ctx=config.n_ctx, seed=recipe.seed, prompts=()
        )
        times: list[float] = []
        start = time.perf_counter()
        train(model, objective, recipe, folder, watch=lambda event: times.append(time.perf_counter()))
        seconds = times[recipe.steps - 1] - start
        return full_loss(model.eval(), torch.from_numpy(val.window(0, len(val))), config.n_ctx), seconds


def measure(nanogpt: Path, text: Path, seeds: list[int]) -> list[dict[str, Any]]:
    """Loss and seconds of the three, for each seed, taking turns."""
    rows = []
    for seed in seeds:
        results = {
            "nanoGPT": run_nanogpt(nanogpt, text, seed),
            "reference recipe (AdamW, 2,000 steps)": run_ours(replace(REFERENCE, seed=seed), text),
            f"our recipe (Muon, {OURS.steps} steps)": run_ours(replace(OURS, seed=seed), text),
        }
        for contender, (loss, seconds) in results.items():
            for metric, value in (("held-out loss", loss), ("seconds of training", seconds)):
                rows.append(
                    {
                        "model": contender,
                        "task": "Shakespeare, characters",
                        "metric": metric,
                        "value": round(value, 4),
                        "n": 1,
                        "seed": seed,
                    }
                )
    return rows
