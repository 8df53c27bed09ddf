"""Before a run: how long it will take on this machine, how much memory it needs, and which loss is normal.

The first stage is measured (`training.estimate`). A later one cannot be without the stages before it; its time is what
the released model's record says, at the ratio of the two machines in the first stage, and the time to write the
replies that it compares is measured on a few.
"""

from __future__ import annotations

import copy
import math
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ..inference import LanguageModel
from ..inference.checkpoint import read_json
from ..model import build
from ..paths import models_dir
from ..training import Recipe, ask_several
from ..training.estimate import (
    BYTES_PER_WEIGHT,
    MOST_STEPS,
    PROGRAM,
    Measured,
    free_memory,
    measure,
    peak_memory,
)
from .describe import count_parameters
from .records import Bilingual, Generation, Stage
from .run import IN_FULL, adapt, load_parent, open_tokenizer
from .stages import Job, Options, prepare_stage

# Other programs at work only ever make a run longer; a stage that was not measured may be off either way.
BUSY, UNSURE = 1.4, 1.8
ASKED = 24  # prompts whose replies are timed


@dataclass(frozen=True)
class Plan:
    """What is known before a run. `seconds` is (least, most), None where there is too little memory to try.

    `memory` and `free` are bytes, `first_loss` that of the first step, `usual_loss` the released model's on held-out
    text after `usual_steps`, where this run reads the same. `stages` is (objective, steps, seconds or None).
    """

    generation: str
    size: str
    n_parameters: int
    vocabulary: int
    memory: int
    free: int | None
    stages: tuple[tuple[str, int, tuple[float, float] | None], ...]
    first_loss: float | None = None
    usual_loss: float | None = None
    usual_steps: int | None = None
    from_nothing: bool = True

    @property
    def fits(self) -> bool:
        return self.free is None or self.memory < self.free

    @property
    def seconds(self) -> tuple[float, float] | None:
        known = [seconds for _, _, seconds in self.stages if seconds]
        return (sum(low for low, _ in known), sum(high for _, high in known)) if known else None

    def to_dict(self) -> dict[str, Any]:
        """The record for other programs, with the sentence in both languages."""
        told = self.sentence()
        return {**self.__dict__, "fits": self.fits, "seconds": self.seconds, "en": told.en, "zh": told.zh}

    def sentence(self) -> Bilingual:
        """The same for a person."""
        memory, free = size_of(self.memory), size_of(self.free or 0)
        if not self.fits:
            return Bilingual(
                f"It needs at least {memory} of memory; this machine has {free} free. Choose a smaller size.",
                f"至少需要 {memory} 内存，而本机空闲 {free}。请选择较小的规格。",
            )
        known, of_en = self.seconds, f" of the {free} that are free" if self.free else ""
        of_zh = f"（本机空闲 {free}）" if self.free else ""
        assert known, "what fits was measured"
        en, zh = f"On this machine it takes {span(*known, 'en')}", f"在本机上需要{span(*known, 'zh')}"
        if untold := [name for name, _, seconds in self.stages if seconds is None]:
            en += f", and longer for {', '.join(untold)}"
            zh += f"，另加 {'、'.join(untold)} 阶段的时间"
        more_en, more_zh = (", more in later stages", "，后面的阶段更多") if len(self.stages) > 1 else ("", "")
        en += f"; it needs about {memory} of memory{of_en}{more_en}."
        zh += f"；大约需要 {memory} 内存{of_zh}{more_zh}。"
        loss = self.loss_sentence()
        return Bilingual(f"{en} {loss.en}".strip(), zh + loss.zh)

    def loss_sentence(self) -> Bilingual:
        """Which loss is normal, as far as it can be told."""
        if not self.from_nothing:
            if self.usual_loss is None:
                return Bilingual("", "")
            return Bilingual(
                f"On held-out text the loss should stay near {self.usual_loss:.2f}, as the released model's did.",
                f"留出文本上的损失应保持在 {self.usual_loss:.2f} 附近，与随附的模型相同。",
            )
        en, zh = f"The loss begins near {self.first_loss:.1f}", f"损失从 {self.first_loss:.1f} 左右开始"
        if abs((self.first_loss or 0.0) - (blind := math.log(self.vocabulary))) < 0.1 * blind:
            en += f", which is blind guessing among {self.vocabulary:,} tokens"
            zh += f"，相当于在 {self.vocabulary:,} 个词元中瞎猜"
        if self.usual_loss is None:
            return Bilingual(f"{en}; how far it falls depends on the text.", f"{zh}；能降到多少取决于文本。")
        usual, steps = f"{self.usual_loss:.2f}", f"{self.usual_steps:,}"
        return Bilingual(
            f"{en}; the released model ended at {usual} on held-out text after {steps} steps.",
            f"{zh}；随附的模型训练 {steps} 步后，在留出文本上为 {usual}。",
        )


def make_plan(
    generation: Generation, folder: Path, options: Options, *, parent: LanguageModel | None = None
) -> Plan:
    """Measure the run that `train_generation` would make of the same arguments; nothing is left in `folder`.

    Raises UserError for data that cannot be read or is too short, and when the parent is missing.
    """
    if generation.starts_from and parent is None:
        parent = load_parent(generation, folder)
    tokenizer = parent.tokenizer if parent else open_tokenizer(options)
    config = replace(generation.config(options.size), vocab_size=tokenizer.vocab_size)
    n_parameters, free = count_parameters(config), free_memory()
    recipes = [adapt(stage.recipe(options.quick), options) for stage in generation.stages]
    named = [(stage.objective, recipe.steps) for stage, recipe in zip(generation.stages, recipes, strict=True)]
    least = Plan(
        generation.name, options.size, n_parameters, tokenizer.vocab_size, least_memory(n_parameters), free,
        tuple((*name, None) for name in named), from_nothing=parent is None,
    )  # fmt: skip
    if not least.fits:
        return least
    torch.manual_seed(options.seed)
    model = copy.deepcopy(parent.model) if parent else build(config)
    first = generation.stages[0]
    with tempfile.TemporaryDirectory() as place:
        short = replace(recipes[0], steps=MOST_STEPS)
        job = Job(model, tokenizer, first, short, generation, options, Path(place) / first.objective)
        job.place.mkdir()
        trained, objective = prepare_stage(job)
        precision = "float32" if first.objective in IN_FULL else None
        measured = measure(trained, objective, short, device=options.device, precision=precision)
    released = history_of(generation, options)
    ratio = pace(measured, recipes[0]) / pace_of(released[first.objective]) if first.objective in released else None
    spans: list[tuple[float, float] | None] = [run_of(measured, recipes[0])]
    for stage, recipe in zip(generation.stages[1:], recipes[1:], strict=True):
        if ratio is None or stage.objective not in released:
            spans.append(None)
            continue
        usual = recipe.steps * pace_of(released[stage.objective]) * ratio + replies_of(job, stage, recipe)
        spans.append((usual / UNSURE, usual * UNSURE))
    known = released.get(first.objective, {}) if options.data == "world" else {}
    return replace(
        least,
        # An evaluation writes texts, and may hold more than a step; this process has made one.
        memory=max(least.memory, measured.memory, peak_memory()),
        stages=tuple((*name, seconds) for name, seconds in zip(named, spans, strict=True)),
        first_loss=measured.loss,
        usual_loss=known.get("val_loss"),
        usual_steps=known["recipe"]["steps"] if known else None,
    )


def least_memory(n_parameters: int) -> int:
    """Bytes without which no training of that many weights can begin."""
    return PROGRAM + BYTES_PER_WEIGHT * n_parameters


def history_of(generation: Generation, options: Options) -> dict[str, Any]:
    """What the released model of this size tells of each of its stages."""
    record = models_dir() / generation.name / "provenance.json"
    if options.size != "mini" or not record.is_file():
        return {}
    history: dict[str, Any] = read_json(record).get("history", {})
    return history


def pace_of(record: dict[str, Any]) -> float:
    """Seconds of a step in a released model's record, its evaluations included."""
    return max(1e-3, float(record["seconds"]) / int(record["recipe"]["steps"]))


def pace(measured: Measured, recipe: Recipe) -> float:
    """The same, measured here."""
    return measured.fastest + measured.evaluation / recipe.eval_every


def run_of(measured: Measured, recipe: Recipe) -> tuple[float, float]:
    """Least and most seconds of a stage that was measured: its steps, and an evaluation before, between and after."""
    evaluations = (2 + recipe.steps // recipe.eval_every) * measured.evaluation
    return (
        recipe.steps * measured.fastest * (1.0 if measured.whole else 0.5) + evaluations,
        (recipe.steps * measured.slowest + evaluations) * BUSY,
    )


def replies_of(job: Job, stage: Stage, recipe: Recipe) -> float:
    """Seconds in which the model writes the replies that a stage compares."""
    if "replies" not in stage.options:
        return 0.0
    prompts = stage.options.get("prompts", recipe.steps * recipe.batch_size)
    began = time.perf_counter()
    ask_several(job.model, job.tokenizer, job.dialogues(ASKED, seed=0), stage.options["replies"])
    return (time.perf_counter() - began) * prompts / ASKED


def span(low: float, high: float, lang: str) -> str:
    """A range of seconds as people say it."""
    unit, words = next(
        (size, words) for size, words in ((3600, ("hours", "小时")), (60, ("minutes", "分钟")), (1, ("seconds", "秒")))
        if high >= 2 * size or size == 1
    )  # fmt: skip
    numbers = max(low / unit, 0.5), max(high / unit, 1.0)
    ends = [f"{number:.2g}" if number < 10 else f"{number:,.0f}" for number in numbers]
    if lang == "zh":
        return f" {ends[0]} 到 {ends[1]} {words[1]}" if ends[0] != ends[1] else f"约 {ends[0]} {words[1]}"
    return f"{ends[0]} to {ends[1]} {words[0]}" if ends[0] != ends[1] else f"about {ends[0]} {words[0]}"


def size_of(n_bytes: int) -> str:
    """Bytes as people say them: 36 kB, 640 MB, 2.4 GB, 2,800 GB."""
    if n_bytes < 1e6:
        return f"{n_bytes / 1e3:.0f} kB"
    giga = n_bytes / 1e9
    return f"{giga * 1e3:.0f} MB" if giga < 1 else f"{giga:.1f} GB" if giga < 10 else f"{giga:,.0f} GB"

