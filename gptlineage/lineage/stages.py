"""What each stage of a generation trains, and on what: the objectives of `training`, fed from the world."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..corpus import Shard, open_pairs, open_source, prepare
from ..errors import UserError
from ..inference import load_scorer
from ..model import Network, Scorer, Stack
from ..paths import models_dir
from ..text import Tokenizer
from ..training import (
    ActorCritic,
    Comparison,
    DirectPreference,
    MaskedLanguageModeling,
    Pretraining,
    ProximalPolicy,
    Recipe,
    RewardModeling,
    Settings,
    SupervisedFineTuning,
    ask_several,
    compare_replies,
    encode_reply,
    normalize,
    read_comparisons,
    score_replies,
    write_comparisons,
)
from ..training.loop import Objective
from ..training.translation import Translation
from ..training.votes import comparisons_from, read_ballots
from ..world import Dialogue, World
from ..world.carelessness import typed_carelessly
from ..world.demonstrator import in_haste
from ..world.free_talk import FreeTalk
from ..world.labeler import Labeler
from ..world.newcomers import with_newcomers
from .records import Generation, Stage

VAL_TOKENS = 65_536
SAMPLE_PROMPTS = ("Once upon a time", "从前")
SAMPLE_GAPS = ("Once upon a ___, Tom found a ___ in the park.", "早上，小明在___里发现了一___帽子。")
COMPARISONS = "comparisons.jsonl"
FEWEST_VOTES, VOTES_KEPT = 8, 8  # of the clear votes every eighth is kept to see whether the reward model learnt
ROOM = 96  # tokens for a reply and the marks of the chat
FREE_TALK = "free talk"
ITSELF = re.compile(r"(?<=miniature of )ChatGPT|(?<=small copy of )ChatGPT|ChatGPT(?=的?微缩版)")
WATCHED = 77_000  # the seed of what is watched during training; the exam's questions have another
HELD_OUT_PAIRS = 200
Trained = Network | Scorer | ActorCritic


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a person may choose about a run; everything else is the generation's own."""

    size: str = "mini"
    data: str = "world"
    tokenizer: str = "world"
    quick: bool = False
    optimizer: str | None = None
    steps: int | None = None
    seed: int = 0
    device: str = "cpu"
    resume: bool = False
    votes: str = ""  # a file of ballots, for a run that learns from them


@dataclass(frozen=True)
class Job:
    """One stage to be run: the model as it came out of the stage before, and where things are kept."""

    model: Any  # the network that the generation's configuration describes
    tokenizer: Tokenizer
    stage: Stage
    recipe: Recipe
    generation: Generation
    options: Options
    place: Path

    @property
    def n_ctx(self) -> int:
        n_ctx: int = self.model.config.n_ctx
        return n_ctx

    def dialogues(self, n: int, *, seed: int, split: str = "train") -> list[Dialogue]:
        """Conversations of the kind that the generation learns: single instructions, or all."""
        return list(self.fitting(dialogues_of(self.generation, seed=seed, split=split), n))

    def fitting(self, dialogues: Iterable[Dialogue], n: int) -> Iterator[Dialogue]:
        """The first n of them that fit, one at a time: a release reads hundreds of thousands."""
        return islice((d for d in dialogues if self.fits(d)), n)

    def fits(self, dialogue: Dialogue) -> bool:
        """Whether its last question and a reply find room: in bytes, a few do not."""
        return len(self.tokenizer.encode(dialogue.prompt[-1]["content"])) <= self.n_ctx - ROOM

    def watched(self, n: int = 200) -> list[Dialogue]:
        """Dialogues to watch during training. They are not the exam's: nothing may be chosen on those."""
        return self.dialogues(n, seed=WATCHED, split="held-out")

    def corpus(self, tokens: int, seed: int) -> tuple[Shard, Shard]:
        """Training and held-out pages of the generation's mixture, or of the person's own text."""
        source = open_source(self.options.data, mixture=self.generation.mixture, seed=seed)
        return prepare(
            source, self.tokenizer, self.place / "corpus",
            train_tokens=tokens + 2 * self.n_ctx, val_tokens=VAL_TOKENS, n_ctx=self.n_ctx,
        )  # fmt: skip


def prepare_stage(job: Job) -> tuple[Trained, Objective]:
    """What the stage trains, and the objective. Raises UserError when there is nothing to learn from."""
    return OBJECTIVES[job.stage.objective](job)


def finish(job: Job, trained: Trained) -> tuple[Network, Network | Scorer]:
    """The model that the next stage begins with, and what this stage's folder keeps."""
    if isinstance(trained, ActorCritic):
        policy: Stack = trained.policy
        return policy, policy
    if isinstance(trained, Scorer) and trained.summed:
        return job.model, trained  # only compares replies to one prompt: the scale does not matter
    if isinstance(trained, Scorer):
        demonstrations = job.dialogues(512, seed=job.options.seed + 3)
        rows = [encode_reply(job.tokenizer, d.prompt, d.reference, job.n_ctx) for d in demonstrations]
        normalize(trained, rows)
        return job.model, trained
    return trained, trained


def pretraining(job: Job) -> tuple[Stack, Objective]:
    recipe, options = job.recipe, job.options
    train, val = job.corpus(recipe.steps * recipe.batch_size * job.n_ctx, options.seed)
    prompts = SAMPLE_PROMPTS if options.data.startswith("world") else ("\n",)
    return job.model, Pretraining(
        train, val, job.tokenizer,
        batch_size=recipe.batch_size, n_ctx=job.n_ctx, seed=recipe.seed, prompts=prompts,
    )  # fmt: skip


def masking(job: Job) -> tuple[Stack, Objective]:
    recipe, options = job.recipe, job.options
    train, val = job.corpus(recipe.steps * recipe.batch_size * job.n_ctx, options.seed)
    return job.model, MaskedLanguageModeling(
        train, val, job.tokenizer,
        steps=recipe.steps, batch_size=recipe.batch_size, n_ctx=job.n_ctx, seed=recipe.seed,
        prompts=SAMPLE_GAPS if options.data.startswith("world") else (),
    )  # fmt: skip


def translating(job: Job) -> tuple[Network, Objective]:
    recipe, options = job.recipe, job.options
    source = open_pairs(options.data, options.seed)
    held_out = list(islice(source.pairs("val"), HELD_OUT_PAIRS))
    objective = Translation(
        source.pairs("train"), held_out, job.tokenizer,
        steps=recipe.steps, batch_size=recipe.batch_size, n_ctx=job.n_ctx, seed=recipe.seed, **job.stage.options,
    )  # fmt: skip
    if not objective.examples or not held_out:
        raise UserError(
            f"{source.name} holds too few pairs of at most {job.n_ctx} tokens; give at least ten.",
            f"{source.name} 中不超过 {job.n_ctx} 个词元的句对太少；请至少给出十对。",
        )
    return job.model, objective


def fine_tuning(job: Job) -> tuple[Stack, Objective]:
    recipe, page_rows = job.recipe, job.stage.options["page_rows"]
    # Other pages than those of pretraining: the same world under another seed.
    pages, val = job.corpus(recipe.steps * max(1, page_rows) * job.n_ctx, job.options.seed + 1)
    seed, options = job.options.seed, job.stage.options
    demonstrations = dialogues_of(job.generation, seed=seed)
    if practice := options.get("practice"):
        demonstrations = practised(demonstrations, practice, seed)
    demonstrations = job.fitting(demonstrations, recipe.steps * recipe.batch_size)  # each is read once
    if strange := options.get("newcomers", 0.0):
        demonstrations = with_newcomers(demonstrations, strange, seed)
    if careless := options.get("careless", 0.0):
        demonstrations = typed_carelessly(demonstrations, careless, seed)
    if hurried := options.get("in_haste", 0.0):
        demonstrations = in_haste(demonstrations, hurried, seed)
    return job.model, SupervisedFineTuning(
        demonstrations, job.watched(), pages, val, job.tokenizer,
        batch_size=recipe.batch_size, page_rows=page_rows, n_ctx=job.n_ctx, seed=recipe.seed,
    )  # fmt: skip


def reward_modeling(job: Job) -> tuple[Scorer, Objective]:
    comparisons = comparisons_of(job)
    scorer = Scorer(copy.deepcopy(job.model), summed=bool(job.options.votes))
    if job.options.votes:
        # So few that only the head learns from them: the whole network would know each of them by heart instead.
        scorer.body.requires_grad_(False)
        held_out = comparisons[::VOTES_KEPT]
        comparisons = [one for number, one in enumerate(comparisons) if number % VOTES_KEPT]
    else:
        asked = job.watched()
        replies = ask_several(job.model, job.tokenizer, asked, job.stage.options["replies"])
        held_out = compare_replies(asked, replies, labeler_of(job.stage))
    return scorer, RewardModeling(
        comparisons, held_out, job.tokenizer,
        batch_size=min(job.recipe.batch_size, len(comparisons)), n_ctx=job.n_ctx, seed=job.recipe.seed,
    )  # fmt: skip


def proximal_policy(job: Job) -> tuple[ActorCritic, Objective]:
    settings = Settings(**job.stage.options["settings"])
    # The value function begins as the reward model, as InstructGPT's does.
    reward, critic = (load_scorer(job.place.parent / "reward", job.options.device) for _ in range(2))
    page_rows = job.stage.options["page_rows"]
    pages, val = job.corpus(job.recipe.steps * max(1, page_rows) * job.n_ctx, job.options.seed + 4)
    prompts = [d.prompt for d in job.dialogues(job.stage.options["prompts"], seed=job.options.seed + 5)]
    trained = ActorCritic(job.model, critic, settings.beta)
    return trained, ProximalPolicy(
        copy.deepcopy(job.model), reward, job.tokenizer, prompts, job.watched(), pages, val, settings,
        page_rows=page_rows, seed=job.recipe.seed,
    )  # fmt: skip


def preferences(job: Job) -> tuple[Stack, Objective]:
    return job.model, DirectPreference(
        job.model, job.tokenizer, comparisons_of(job), job.watched(),
        batch_size=job.recipe.batch_size, beta=job.stage.options["beta"], seed=job.recipe.seed,
    )  # fmt: skip


OBJECTIVES: dict[str, Callable[[Job], tuple[Trained, Objective]]] = {
    "translate": translating, "pretrain": pretraining, "mask": masking, "sft": fine_tuning,
    "reward": reward_modeling, "ppo": proximal_policy, "dpo": preferences,
}  # fmt: skip


def comparisons_of(job: Job) -> list[Comparison]:
    """What the stage learns from, written down once.

    A person's votes; or the model's own replies to training prompts, ranked by the simulated labeler or, where the
    stage says so, by the reward model of this run.
    """
    path, options = job.place / COMPARISONS, job.stage.options
    if not (path.is_file() and job.options.resume):
        if job.options.votes and job.stage.objective == "reward":
            found = clear_votes(Path(job.options.votes))
        else:
            once = job.recipe.steps * job.recipe.batch_size  # prompts, if each comparison is read once
            asked = job.dialogues(options.get("prompts", once), seed=job.options.seed + 2)
            replies = ask_several(job.model, job.tokenizer, asked, options["replies"], job.options.seed)
            if options.get("by_reward"):
                found = ranked_by(load_scorer(job.place.parent / "reward"), job.tokenizer, asked, replies)
                found += released_comparisons(job)  # lest what is right be forgotten over what is liked
            else:
                found = compare_replies(
                    asked, replies, labeler_of(job.stage), stranger=options["strangers"], seed=job.options.seed
                )
        if not found:
            raise UserError(
                "The judge found no reply better than another, so there is nothing to prefer; "
                "fine-tune for longer first.",
                "评判者没有发现更好或更差的回答，因此没有偏好可学；请先微调更久。",
            )
        write_comparisons(path, found)
    return read_comparisons(path)


def released_comparisons(job: Job) -> list[Comparison]:
    """Comparisons that the released model of this generation learnt from, if any come with it (GPT-3.5: a quarter)."""
    path = models_dir() / job.generation.name / COMPARISONS
    return read_comparisons(path) if path.is_file() else []


def clear_votes(path: Path) -> list[Comparison]:
    """The clear preferences of a file of ballots. Raises UserError when there are too few of them."""
    found = comparisons_from(read_ballots(path))
    if len(found) < FEWEST_VOTES:
        raise UserError(
            f"{path} holds {len(found)} clear votes (left or right); {FEWEST_VOTES} are needed to learn from.",
            f"{path} 中只有 {len(found)} 张明确的票（左或右）；至少需要 {FEWEST_VOTES} 张才能学习。",
        )
    return found


def ranked_by(
    scorer: Scorer, tokenizer: Tokenizer, dialogues: Sequence[Dialogue], replies: Sequence[Sequence[str]]
) -> list[Comparison]:
    """Each prompt's replies in the order of their scores."""
    found = []
    for dialogue, group, own in zip(
        dialogues, replies, score_replies(scorer, tokenizer, dialogues, replies), strict=True
    ):
        order = sorted(range(len(group)), key=lambda i: -own[i])
        if len(order) > 1:
            found.append(Comparison(dialogue.prompt, tuple(group[i] for i in order)))
    return found


def labeler_of(stage: Stage) -> Labeler:
    return Labeler(**stage.options["labeler"])


def dialogues_of(generation: Generation, *, seed: int, split: str = "train") -> Iterator[Dialogue]:
    """Endless conversations of the kind that the generation learns; another stream for every seed and split."""
    found = (introduced(one, generation.title) for one in World().dialogues(seed=seed, split=split))
    return (d for d in found if d.single) if generation.single_turn else found


def introduced(dialogue: Dialogue, title: str) -> Dialogue:
    """The dialogue with an assistant that calls itself by this title; the world's is a miniature of ChatGPT."""
    messages = tuple(
        {**message, "content": ITSELF.sub(title, message["content"])} if message["role"] == "assistant" else message
        for message in dialogue.messages
    )
    return replace(dialogue, messages=messages)


def practised(dialogues: Iterator[Dialogue], practice: Mapping[str, float], seed: int) -> Iterator[Dialogue]:
    """The same stream, in which a share of each named kind takes the place of what would have come.

    Under the name FREE_TALK comes what is none of the world's kinds.
    """
    rng = random.Random(f"practice/{seed}")
    more = {
        kind: FreeTalk().stream(seed) if kind == FREE_TALK else World().dialogues(seed=seed, kinds=[kind])
        for kind in practice
    }
    streams, shares = [dialogues, *more.values()], [1 - sum(practice.values()), *practice.values()]
    while True:
        yield next(rng.choices(streams, shares)[0])
