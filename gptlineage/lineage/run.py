"""Train one generation from nothing, or from its parent: corpus, model, stages, checkpoint.

A run directory holds one folder per stage (log, resume file, the stage's model) and, once all stages are through,
the finished model itself. A stage whose folder holds a model is not run again.
"""

from __future__ import annotations

import copy
import platform
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..corpus import BITEXT, open_pairs, open_source
from ..errors import UserError, unknown
from ..inference import LanguageModel, load_language_model, load_model, save_model
from ..inference.checkpoint import disk_errors, read_json, write_json
from ..model import Network, Scorer, build
from ..paths import data_dir
from ..text import Tokenizer
from ..training import Recipe, train
from ..training.loop import Watch
from ..training.resume import RESUME, TrainingState
from .card import model_card
from .records import Generation
from .stages import Job, Options, finish, prepare_stage

RUN = "run.json"  # who the run in a folder is, so that --resume never continues another
OPTIMIZERS = ("muon", "adamw")
IN_FULL = ("ppo", "dpo")  # stages that compare log-probabilities of two moments, which bfloat16 would blur


def train_generation(
    generation: Generation,
    folder: Path,
    options: Options,
    *,
    watch: Callable[[str], Watch] | None = None,
    parent: LanguageModel | None = None,
) -> Path:
    """Run the stages of `generation` into `folder` and return it. `watch` makes a listener for each stage's events.

    A generation that starts from another one begins with `parent`; without it, with the sibling run or release.

    Raises UserError when the folder holds another run, the data cannot be read, or the parent is missing.
    """
    with disk_errors(folder):
        return run_stages(generation, folder, options, watch, parent)


def run_stages(
    generation: Generation,
    folder: Path,
    options: Options,
    watch: Callable[[str], Watch] | None,
    parent: LanguageModel | None,
) -> Path:
    wanted = identity(generation, options)
    check_place(folder, wanted, resume=options.resume)
    if (folder / "config.json").is_file():
        return folder
    if generation.starts_from and parent is None:
        parent = load_parent(generation, folder)
    tokenizer = parent.tokenizer if parent else open_tokenizer(options)
    torch.manual_seed(options.seed)
    config = replace(generation.config(options.size), vocab_size=tokenizer.vocab_size)
    model = copy.deepcopy(parent.model) if parent else build(config)  # training works in place
    history: dict[str, Any] = {}
    for stage in generation.stages:
        place = folder / stage.objective
        recipe = adapt(stage.recipe(options.quick), options)
        if (place / "config.json").is_file():
            done = read_json(place / "provenance.json")["history"]
            history = {**history, stage.objective: done[stage.objective]}
            model = model if stage.objective == "reward" else load_model(place, options.device)
            continue
        with disk_errors(place):
            place.mkdir(parents=True, exist_ok=True)
        job = Job(model, tokenizer, stage, recipe, generation, options, place)
        trained, objective = prepare_stage(job)
        write_json(folder / RUN, wanted)
        state = train(
            trained,
            objective,
            recipe,
            place,
            resume=options.resume,
            device=options.device,
            precision="float32" if stage.objective in IN_FULL else None,
            watch=watch(f"{generation.name} {stage.objective}") if watch else None,
        )
        trained.eval()
        with torch.inference_mode():
            figures = objective.evaluate(trained)
        history = {**history, stage.objective: stage_history(recipe, state, figures)}
        model, kept = finish(job, trained)
        save(place, kept, tokenizer, generation, options, history, parent)
        (place / RESUME).unlink(missing_ok=True)
    save(folder, model, tokenizer, generation, options, history, parent)
    return folder


def identity(generation: Generation, options: Options) -> dict[str, Any]:
    """What must stay the same when a run is resumed."""
    free = ("device", "resume")
    chosen = {name: value for name, value in asdict(options).items() if name not in free}
    text = text_of(generation, options)
    recipes = [{**adapt(s.recipe(options.quick), options).to_dict(), **s.options} for s in generation.stages]
    begun = {"generation": generation.name, "starts_from": generation.starts_from}
    return {**begun, **chosen, "text": text, "recipes": recipes}


def text_of(generation: Generation, options: Options) -> str:
    """The fingerprint of what the run reads."""
    if generation.mixture == BITEXT:
        return open_pairs(options.data, options.seed).fingerprint()
    return open_source(options.data, mixture=generation.mixture, seed=options.seed).fingerprint()


def check_place(folder: Path, wanted: dict[str, Any], *, resume: bool) -> None:
    """Raise UserError when `folder` holds a run and this is not the same one, resumed."""
    run = folder / RUN
    used = run.is_file() or (folder / "config.json").is_file() or any(folder.glob(f"*/{RESUME}"))
    if used and not resume:
        raise UserError(
            f"{folder} already holds a run; go on with --resume, or choose another folder with --out.",
            f"{folder} 中已有训练；请用 --resume 继续，或用 --out 选择其他文件夹。",
        )
    if run.is_file():
        before = read_json(run)
        for name, value in wanted.items():
            if before.get(name) != value and name in ("text", "recipes"):
                raise UserError(
                    f"{folder} holds a run on other text or with other settings of training than this version's; "
                    "choose another folder with --out.",
                    f"{folder} 中的训练所用的文本或训练设置与当前版本不同；请用 --out 选择其他文件夹。",
                )
            if before.get(name) != value:
                raise UserError(
                    f"{folder} holds a run whose {name} is {before.get(name)!r}, not {value!r}; resume it with the "
                    "same options, or choose another folder with --out.",
                    f"{folder} 中的训练的 {name} 是 {before.get(name)!r}，而不是 {value!r}；"
                    "请用相同选项继续，或用 --out 选择其他文件夹。",
                )


def adapt(recipe: Recipe, options: Options) -> Recipe:
    """The stage's recipe under the person's choices; "adamw" is the papers' reference recipe."""
    if options.optimizer not in (None, *OPTIMIZERS):
        raise unknown("optimizer", "优化器", options.optimizer, OPTIMIZERS)
    if options.optimizer == "adamw" and recipe.optimizer != "adamw":
        recipe = replace(recipe, optimizer="adamw", lr=1e-3, schedule="cosine", final_lr=0.1, warmup=0.05)
    return replace(recipe, seed=options.seed, steps=options.steps or recipe.steps)


def load_parent(generation: Generation, folder: Path) -> LanguageModel:
    """The parent from the same place if it was trained there, else the released one."""
    assert generation.starts_from
    sibling = folder.parent / generation.starts_from
    return load_language_model(sibling if (sibling / "config.json").is_file() else generation.starts_from)


def starting_from(generation: Generation, model: str) -> tuple[Generation, LanguageModel]:
    """The generation as one that begins with `model` (a name or a run directory), and that model.

    Raises UserError when the generation begins with nothing, or with another one's model.
    """
    if generation.starts_from is None:
        raise UserError(
            f"{generation.name} starts from nothing; leave --parent out.",
            f"{generation.name} 从零开始训练；请去掉 --parent。",
        )
    parent = load_language_model(model)
    found = parent.provenance.get("generation")
    if found != generation.starts_from:
        raise UserError(
            f"{generation.name} starts from a {generation.starts_from}, and {model} is {found or 'something else'}; "
            "give another --parent.",
            f"{generation.name} 须从 {generation.starts_from} 开始，而 {model} 是 {found or '其他模型'}；"
            "请用 --parent 给出另一个模型。",
        )
    return replace(generation, starts_from=model), parent


def open_tokenizer(options: Options) -> Tokenizer:
    """The shared vocabulary ("world"), single bytes ("bytes"), or a new one of that many entries from the data."""
    if options.tokenizer == "world":
        return Tokenizer.load(data_dir() / "tokenizer")
    if options.tokenizer == "bytes":
        return Tokenizer()
    if not options.tokenizer.isdecimal():
        raise UserError(
            f"Unknown tokenizer {options.tokenizer!r}; use world, bytes, or a vocabulary size such as 2048.",
            f"未知的分词器 {options.tokenizer!r}；请用 world、bytes，或词表大小（如 2048）。",
        )
    source = open_source(options.data, mixture="web", seed=options.seed)
    pieces = (text for text, _ in islice(source.pieces("train"), 20_000))
    return Tokenizer.train(pieces, int(options.tokenizer))


def stage_history(recipe: Recipe, state: TrainingState, figures: dict[str, float]) -> dict[str, Any]:
    return {
        "recipe": recipe.to_dict(),
        "tokens": state.tokens,
        "seconds": round(state.seconds, 1),
        "precision": state.precision,
        **{name: round(value, 4) for name, value in figures.items()},
    }


def save(
    folder: Path,
    model: Network | Scorer,
    tokenizer: Tokenizer,
    generation: Generation,
    options: Options,
    history: dict[str, Any],
    parent: LanguageModel | None,
) -> None:
    before = parent.provenance["stages"] if parent else []
    provenance = {
        "generation": generation.name,
        "title": generation.title,
        "year": generation.year,
        "size": options.size,
        "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
        "parent": parent.provenance["generation"] if parent else None,
        "stages": [*before, *history],
        "recipe": "quick" if options.quick else "release",
        "seed": options.seed,
        "data": text_of(generation, options),
        "tokens_seen": sum(stage["tokens"] for stage in history.values())
        + (parent.provenance["tokens_seen"] if parent else 0),
        "history": history,
        "versions": {
            "gptlineage": version("gptlineage"),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "date": datetime.now(UTC).date().isoformat(),
    }
    save_model(folder, model, tokenizer, provenance, model_card(generation, provenance, model.config))
