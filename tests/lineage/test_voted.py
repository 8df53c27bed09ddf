"""A model learns from a person's votes: what it is given, and that the votes reach it."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import mean

import pytest

from gptlineage.inference import Sampling, load, load_model, load_scorer, reply_to_all
from gptlineage.lineage import stages, voted
from gptlineage.training import Comparison, Recipe, ask_several, encode_reply, read_comparisons, write_comparisons
from gptlineage.training.reward import scores_of
from gptlineage.training.votes import Ballot, add_ballot
from gptlineage.world import World
from tests.tiny import complaint, save_tiny


def vote(path: Path, number: int, choice: int | str = 1) -> Path:
    for n in range(number):
        messages = ({"role": "user", "content": f"Question {n}?"},)
        add_ballot(path, Ballot(messages, ("chatgpt", "chatgpt"), ("A long and winding reply.", "Yes."), choice))
    return path


@pytest.fixture
def pupil(tmp_path, monkeypatch) -> str:
    """A chat model, and stages that end in a moment; its replies are given, since untrained ones never end."""
    small = {"prompts": 6, "replies": 2}
    recipe = Recipe(steps=4, batch_size=4)
    short = [replace(stage, quick=recipe, options={**stage.options, **small}) for stage in voted.STAGES]
    monkeypatch.setattr(voted, "STAGES", tuple(short))
    monkeypatch.setattr(stages, "ask_several", lambda m, t, asked, k, seed: [["Yes.", "No, no."]] * len(asked))
    watched = stages.Job.watched
    monkeypatch.setattr(stages.Job, "watched", lambda job, n=2: watched(job, n))
    released = tmp_path / "models" / "gpt-2" / "comparisons.jsonl"  # whose generation a tiny model says it is
    released.parent.mkdir(parents=True)
    write_comparisons(released, [Comparison(({"role": "user", "content": "Hello"},), ("Hello!", "Paris."))] * 2)
    monkeypatch.setattr(stages, "models_dir", lambda: tmp_path / "models")
    return str(save_tiny(tmp_path / "parent", ("pretrain", "sft"), n_ctx=700))


def test_votes_become_a_reward_model_and_a_child(pupil, tmp_path):
    votes = vote(vote(tmp_path / "votes.jsonl", 3, "tie"), 9)
    folder = voted.learn_from_votes(pupil, votes, tmp_path / "runs" / "mine", quick=True)
    learnt = read_comparisons(folder / "reward" / "comparisons.jsonl")
    assert len(learnt) == 9 and {one.replies for one in learnt} == {("Yes.", "A long and winding reply.")}
    ranked = read_comparisons(folder / "dpo" / "comparisons.jsonl")
    assert len(ranked) == 8 and all(set(one.replies) == {"Yes.", "No, no."} for one in ranked[:6])
    assert all(one.replies == ("Hello!", "Paris.") for one in ranked[6:])  # what is right stays in sight
    child = load(folder)
    assert child.speaks_chat and child.provenance["stages"] == ["pretrain", "sft", "reward", "dpo"]
    taste = load_scorer(folder / "reward")
    assert taste.summed and taste.config == child.config
    before = load(pupil).model.state_dict()
    assert all(p.equal(before[name]) for name, p in taste.body.state_dict().items())  # only the head learnt
    assert taste.score.weight.abs().sum() > 0
    with complaint("holds a reward model"):
        load_model(folder / "reward")
    with complaint("holds no reward model"):
        load_scorer(folder)


def test_the_reward_model_decides_the_order(pupil, tmp_path):
    """Of two replies, DPO is told to prefer the one that scores higher."""
    folder = voted.learn_from_votes(pupil, vote(tmp_path / "votes.jsonl", 9), tmp_path / "mine", quick=True)
    scorer, tokenizer = load_scorer(folder / "reward"), load(folder).tokenizer
    for one in read_comparisons(folder / "dpo" / "comparisons.jsonl")[:6]:
        rows = [encode_reply(tokenizer, one.messages, reply, 700) for reply in one.replies]
        best, worst = scores_of(scorer, rows).tolist()
        assert best >= worst


def test_twenty_votes_for_the_shorter_reply_make_the_released_model_briefer(tmp_path):
    """A scripted voter who always takes the shorter of two replies; new prompts, temperature 1, and nothing else said.

    `data/results` holds no figure of this. By the seed of sampling it is 2 to 7 % here, so that one seed says little.
    """
    asked = [d for d in islice(World().dialogues(seed=31), 200) if d.kind != "system"]
    before, path, cast = load("chatgpt"), tmp_path / "votes.jsonl", 0
    for dialogue, replies in zip(asked, ask_several(before.model, before.tokenizer, asked[:90], 2, 5), strict=False):
        lengths = [len(reply.encode()) for reply in replies]
        if len(set(lengths)) == 2 and cast < 20:
            cast += 1
            shorter = lengths.index(min(lengths))
            add_ballot(path, Ballot(dialogue.prompt, ("chatgpt", "chatgpt"), (replies[0], replies[1]), shorter))
    assert cast == 20
    after = load(voted.learn_from_votes("chatgpt", path, tmp_path / "mine", quick=True))
    prompts = [d.prompt for d in islice(World().dialogues(seed=77, split="held-out"), 150)]
    bold = [Sampling(temperature=1.0, top_k=0, seed=seed) for seed in (3, 4, 5)]
    sizes = [
        mean(
            len(reply.encode())
            for one in bold for reply in reply_to_all(lm.model, lm.tokenizer, prompts, one) if reply
        )
        for lm in (before, after)
    ]
    assert sizes[1] < 0.985 * sizes[0]


def test_too_few_votes_and_models_that_do_not_chat_are_refused(pupil, tmp_path):
    with complaint("7 clear votes"):
        voted.learn_from_votes(pupil, vote(vote(tmp_path / "votes.jsonl", 7), 20, "bad"), tmp_path / "mine")
    with complaint("cannot be read"):
        voted.learn_from_votes(pupil, tmp_path / "nothing.jsonl", tmp_path / "mine")
    base = str(save_tiny(tmp_path / "base"))
    with complaint("never taught to chat"):
        voted.learn_from_votes(base, tmp_path / "votes.jsonl", tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
