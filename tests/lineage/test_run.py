"""A run from nothing to a finished model: its stages, its records, and going on after an end at any moment."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from gptlineage.inference import load
from gptlineage.lineage import generation, stages
from gptlineage.lineage.run import Options, train_generation
from gptlineage.training import Comparison, Interrupted, Recipe, write_comparisons
from gptlineage.training.resume import RESUME
from tests.tiny import complaint
from tests.training.runs import losses, stop_at

SIZE = dict(n_layers=1, d_model=16, n_heads=2, d_ff=0)
SHORT = dict(steps=4, batch_size=4)


def tiny(name: str, n_ctx: int = 32, **choices):
    """A generation as it is, but small and short."""
    one = generation(name)
    stages = tuple(
        replace(
            stage,
            quick=Recipe(**SHORT),
            release=replace(stage.release, **SHORT),
            options={**stage.options, **choices} if stage.options else {},
        )
        for stage in one.stages
    )
    return replace(one, configs={"mini": replace(one.config(), **SIZE, n_ctx=n_ctx)}, sizes=("mini",), stages=stages)


@pytest.fixture
def story(tmp_path):
    file = tmp_path / "story.txt"
    lines = (f"On day {i} the fox met {i * 7} crows. 狐狸说你好。\n" for i in range(80))
    file.write_text("".join(lines), encoding="utf-8")
    return str(file)


def options(story: str, **choices) -> Options:
    return Options(**{**dict(data=story, tokenizer="bytes"), **choices})


def test_a_run_ends_in_a_model_with_its_history(story, tmp_path):
    folder = train_generation(tiny("gpt-2"), tmp_path / "run", options(story, seed=3))
    lm = load(folder)
    assert lm.generate("The fox", max_new_tokens=5, seed=0) is not None
    told = lm.provenance
    assert (told["generation"], told["year"], told["parent"], told["seed"]) == ("gpt-2", 2019, None, 3)
    assert told["stages"] == ["pretrain"]
    assert told["tokens_seen"] == 4 * 4 * 32
    assert told["n_parameters"] == lm.model.n_parameters
    assert told["data"].startswith("story.txt:sha256=")
    assert told["history"]["pretrain"]["recipe"]["steps"] == 4
    assert told["history"]["pretrain"]["val_loss"] > 0
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "GPT-2 (2019)" in card
    assert not (folder / "pretrain" / RESUME).exists()


def test_the_same_seed_gives_the_same_model(story, tmp_path):
    weights = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        folder = train_generation(tiny("gpt-2"), tmp_path / name, options(story, seed=seed))
        weights[name] = (folder / "model.safetensors").read_bytes()
    assert weights["a"] == weights["b"] != weights["c"]


def test_choices_of_a_person(story, tmp_path):
    chosen = options(story, optimizer="adamw", steps=2, quick=True, tokenizer="280")
    lm = load(train_generation(tiny("gpt-1"), tmp_path / "run", chosen))
    recipe = lm.provenance["history"]["pretrain"]["recipe"]
    assert (recipe["optimizer"], recipe["steps"]) == ("adamw", 2)
    assert lm.tokenizer.vocab_size == lm.config.vocab_size == 280
    with complaint("There is no optimizer 'adam'. Did you mean 'adamw'"):
        train_generation(tiny("gpt-1"), tmp_path / "wrong", options(story, optimizer="adam"))
    with complaint("Unknown tokenizer 'words'"):
        train_generation(tiny("gpt-1"), tmp_path / "other", options(story, tokenizer="words"))
    with complaint("out of range"):
        train_generation(tiny("gpt-1"), tmp_path / "another", options(story, tokenizer="100"))
    with complaint("no size of gpt-1 'huge'"):
        train_generation(tiny("gpt-1"), tmp_path / "more", options(story, size="huge"))


def test_a_folder_with_a_run_is_not_overwritten(story, tmp_path):
    place = tmp_path / "run"
    with pytest.raises(Interrupted):
        train_generation(tiny("gpt-2"), place, options(story), watch=lambda title: stop_at(2))
    with complaint("already holds a run; go on with --resume"):
        train_generation(tiny("gpt-2"), place, options(story))
    train_generation(tiny("gpt-2"), place, options(story, resume=True))
    weights = (place / "model.safetensors").read_bytes()
    with complaint("already holds a run"):
        train_generation(tiny("gpt-2"), place, options(story))
    train_generation(tiny("gpt-2"), place, options(story, resume=True))
    assert (place / "model.safetensors").read_bytes() == weights


def test_a_run_is_not_taken_for_one_of_another_recipe_or_text(story, tmp_path):
    place, generation = tmp_path / "run", tiny("gpt-2")
    train_generation(generation, place, options(story))
    (stage,) = generation.stages
    faster = replace(stage, release=replace(stage.release, lr=2 * stage.release.lr))
    with complaint("other settings of training"):
        train_generation(replace(generation, stages=(faster,)), place, options(story, resume=True))
    Path(story).write_text(Path(story).read_text(encoding="utf-8") + "One more line.\n", encoding="utf-8")
    with complaint("on other text"):
        train_generation(generation, place, options(story, resume=True))


def test_a_stopped_run_ends_in_the_same_model(story, tmp_path):
    whole = train_generation(tiny("gpt-2"), tmp_path / "whole", options(story))
    with pytest.raises(Interrupted):
        train_generation(tiny("gpt-2"), tmp_path / "b", options(story), watch=lambda title: stop_at(2, signal.SIGTERM))
    again = train_generation(tiny("gpt-2"), tmp_path / "b", options(story, resume=True))
    assert losses(whole / "pretrain") == losses(again / "pretrain")
    assert (whole / "model.safetensors").read_bytes() == (again / "model.safetensors").read_bytes()


@pytest.mark.parametrize("fatal", range(1, 9))
def test_an_end_at_any_file_of_the_final_saves_is_no_harm(fatal, story, tmp_path, monkeypatch):
    """Killed after the last step, while the stage's and the run's models are being written: --resume finishes."""
    from gptlineage.inference import checkpoint

    whole = train_generation(tiny("gpt-2"), tmp_path / "whole", options(story))
    replaced, calls = checkpoint.os.replace, []

    def cut(source, target):
        if target.name != RESUME:
            calls.append(target)
        if len(calls) == fatal:
            raise KeyboardInterrupt
        replaced(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint.os, "replace", cut)
        with pytest.raises(KeyboardInterrupt):
            train_generation(tiny("gpt-2"), tmp_path / "cut", options(story))
    again = train_generation(tiny("gpt-2"), tmp_path / "cut", options(story, resume=True))
    assert (whole / "model.safetensors").read_bytes() == (again / "model.safetensors").read_bytes()
    assert load(again).provenance["tokens_seen"] == load(whole).provenance["tokens_seen"]


def test_bad_data_and_folders_are_refused(story, tmp_path):
    with complaint("There is no file or folder"):
        train_generation(tiny("gpt-2"), tmp_path / "a", options(str(tmp_path / "none.txt")))
    with complaint("cannot be written.*--out"):
        train_generation(tiny("gpt-2"), tmp_path / "story.txt" / "run", options(story))
    with complaint("too short"):
        train_generation(tiny("gpt-2", n_ctx=4000), tmp_path / "b", options(story))


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    """A GPT-3 of bytes and the folder that it lies in, beside which its child will look for it."""
    root = tmp_path_factory.mktemp("family")
    file = root / "story.txt"
    file.write_text("The fox met seven crows and said hello. 你好。\n" * 200, encoding="utf-8")
    train_generation(tiny("gpt-3", n_ctx=512), root / "gpt-3", options(str(file), steps=2))
    return root


@pytest.fixture
def few_dialogues(monkeypatch):
    watched = stages.Job.watched
    monkeypatch.setattr(stages.Job, "watched", lambda job, n=4: watched(job, n))


def test_single_instructions_are_what_gpt35_learns_from():
    asked = list(islice(stages.dialogues_of(generation("gpt-3.5"), seed=3), 300))
    assert all(len(d.prompt) == 1 for d in asked)
    assert not {"system", "memory", "mixed", "follow_up", "harmful"} & {d.kind for d in asked}
    talked = list(islice(stages.dialogues_of(generation("chatgpt"), seed=3), 300))
    assert {"system", "memory", "harmful"} <= {d.kind for d in talked} and max(len(d.prompt) for d in talked) > 5


@pytest.mark.parametrize(("name", "title"), [("gpt-3.5", "GPT-3.5"), ("chatgpt", "ChatGPT")])
def test_each_generation_is_shown_how_to_call_itself(name, title):
    talked = islice((d for d in stages.dialogues_of(generation(name), seed=3) if d.kind == "talk"), 300)
    replies = [m["content"] for d in talked for m in d.messages if m["role"] == "assistant"]
    called = {one: [r for r in replies if f"miniature of {one}" in r or f"{one}微缩版" in r or f"{one}的微缩版" in r]
              for one in ("GPT-3.5", "ChatGPT")}  # fmt: skip
    assert len(called.pop(title)) > 10 and not any(called.values())


def test_what_is_practised_comes_as_often_as_said():
    talks = stages.dialogues_of(generation("chatgpt"), seed=3)
    found = [d.kind for d in islice(stages.practised(talks, {"sum": 0.3, "rewrite": 0.2}, seed=3), 2000)]
    usual = [d.kind for d in islice(stages.dialogues_of(generation("chatgpt"), seed=3), 2000)]
    for kind, share in (("sum", 0.3), ("rewrite", 0.2), ("fact", 0.0)):
        assert abs(found.count(kind) / 2000 - share - 0.5 * usual.count(kind) / 2000) < 0.03
    again = stages.practised(stages.dialogues_of(generation("chatgpt"), seed=3), {"sum": 0.3, "rewrite": 0.2}, seed=3)
    assert [d.kind for d in islice(again, 2000)] == found


def test_chatgpt_grows_out_of_its_parent(parent, few_dialogues, tmp_path):
    place, chosen = parent / "chatgpt", options(str(parent / "story.txt"), steps=2)
    child = replace(tiny("chatgpt", prompts=8, replies=2), starts_from="gpt-3")
    with complaint("nothing to prefer"):  # so short a training gives no reply that is better than another
        train_generation(child, place, chosen)
    pair = Comparison(({"role": "user", "content": "Hello"},), ("Hello!", "No."))
    write_comparisons(place / "dpo" / "comparisons.jsonl", [pair] * 8)
    train_generation(child, place, replace(chosen, resume=True))
    lm = load(place)
    assert lm.speaks_chat
    assert lm.provenance["stages"] == ["pretrain", "sft", "dpo"]
    assert lm.provenance["parent"] == "gpt-3"
    assert list(lm.provenance["history"]) == ["sft", "dpo"]
    assert lm.provenance["tokens_seen"] > load(parent / "gpt-3").provenance["tokens_seen"]
    assert json.loads((place / "sft" / "provenance.json").read_text(encoding="utf-8"))["stages"] == ["pretrain", "sft"]
    assert isinstance(lm.chat([dict(role="user", content="Hello")], max_new_tokens=5, seed=0), str)


def test_a_child_without_its_parent_is_refused(tmp_path, monkeypatch):
    from gptlineage.inference import engine

    monkeypatch.setattr(engine, "models_dir", lambda: tmp_path)
    with complaint("There is no model 'gpt-3'"):
        train_generation(tiny("gpt-3.5"), tmp_path / "gpt-3.5", Options())


def test_gpt35_is_fine_tuned_rewarded_and_reinforced(parent, few_dialogues, monkeypatch):
    """The stages of InstructGPT in a row; replies are given, since so short a training writes none that end."""
    child = tiny("gpt-3.5", prompts=4, replies=2)
    settings = dict(rollouts=4, minibatches=2, max_new_tokens=4, missing_end=None, ptx=0.1)
    sft, reward, ppo = child.stages
    ppo = replace(ppo, options={**ppo.options, "settings": settings})
    monkeypatch.setattr(stages, "ask_several", lambda m, t, asked, k, seed=0: [["Yes.", "No, no."]] * len(asked))
    place = parent / "gpt-3.5"
    train_generation(replace(child, stages=(sft, reward, ppo)), place, options(str(parent / "story.txt"), steps=2))
    lm, before = load(place), load(place / "sft")
    assert lm.provenance["stages"] == ["pretrain", "sft", "reward", "ppo"]
    assert {"reward", "kl", "entropy"} <= set(lm.provenance["history"]["ppo"])
    assert any(not a.equal(b) for a, b in zip(lm.model.parameters(), before.model.parameters(), strict=True))


def test_a_parent_stays_as_it_was(parent, few_dialogues):
    """Whoever holds the parent in memory goes on with the parent, not with its child."""
    lm = load(parent / "gpt-3")
    before = {name: p.clone() for name, p in lm.model.state_dict().items()}
    child = tiny("gpt-3.5")
    place = parent / "other"
    train_generation(replace(child, stages=child.stages[:1]), place, options(str(parent / "story.txt")), parent=lm)
    assert all(p.equal(before[name]) for name, p in lm.model.state_dict().items())
    assert any(not p.equal(before[name]) for name, p in load(place).model.state_dict().items())


def test_the_log_begins_before_the_first_step(story, tmp_path):
    train_generation(tiny("gpt-2"), tmp_path / "run", options(story))
    first, *rest = (json.loads(line) for line in (tmp_path / "run" / "pretrain" / "log.jsonl").open(encoding="utf-8"))
    assert first["step"] == 0 and first["val_loss"] > 0 and first["samples"] and rest[0]["step"] == 1
