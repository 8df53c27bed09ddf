"""What preference training gains and costs: InstructGPT's Figure 1, its tax, and over-optimisation, in miniature.

    python apps/measure_preference.py runs/preference     writes data/results/preference.json and preference.png

Two base models have read the same number of tokens: the released GPT-3 miniature, and one with a tenth of its weights
in the blocks, trained here. Both are shown demonstrations of which 60 % are flawed (they leave off the final full
stop). A labeler who minds the flaw a little, and errs often, then ranks replies of both models, and one large and one
small reward model learn from that; as in the paper, the large one serves policies of either size. The seeds are those
of everything after pretraining. The world's judge decides, whose score the labeler reports with noise and a liking
for length. What is there already, trained or measured, is not made again.
"""

import json
import math
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

import gptlineage as gl
from gptlineage.corpus import Shard, open_source, prepare
from gptlineage.evaluation import write_results
from gptlineage.evaluation.preference import (
    Arm,
    against,
    agreement_with_judge,
    arm_rows,
    best_of,
    best_of_kl,
    fit_gold,
    labeler_agreement,
)
from gptlineage.evaluation.preference_chart import GOLD, PROXY, chart
from gptlineage.inference import LanguageModel, Sampling, load_scorer, reply_to_all
from gptlineage.inference.checkpoint import read_json, write_json
from gptlineage.lineage.gpt35 import COMPARISONS, DEMONSTRATIONS, GPT35, REINFORCEMENT
from gptlineage.lineage.records import MINI_PRETRAINING, Stage
from gptlineage.lineage.run import Options, train_generation
from gptlineage.lineage.stages import COMPARISONS as COMPARED
from gptlineage.lineage.stages import VAL_TOKENS, dialogues_of
from gptlineage.model import Config
from gptlineage.paths import data_dir
from gptlineage.training import Recipe, Settings, ask_several, compare_replies, score_replies, write_comparisons
from gptlineage.training.loop import LOG
from gptlineage.training.pretrain import held_out_loss
from gptlineage.world import Dialogue, World, judge
from gptlineage.world.demonstrator import with_stop
from gptlineage.world.labeler import Labeler

Rows = list[dict[str, Any]]
SEEDS = [0, 1, 2]
LARGE = gl.generation("gpt-3")
SMALL = LARGE.evolve(
    "gpt-3",
    mini=dict(n_layers=2, d_model=88, n_heads=4),
    stages=(replace(LARGE.stages[0], release=replace(LARGE.stages[0].release, **MINI_PRETRAINING)),),
)
LABELER = dict(noise=0.15, longer=0.05)
SETTINGS = dict(beta=0.05)
EXAM_SEED, QUESTIONS = 4242, 300
CONTROL = (0.3, 0.5, 0.7)  # plain fine-tuning, read more coolly
PAGES = 255  # windows of held-out pages: all of them
NEVER_ENDS = Settings().missing_end or 0.0
OFFERED, PROMPTS = 32, 100  # replies to each prompt that best of n chooses from


def stage(objective: str, recipe: dict[str, Any], steps: int, **options: Any) -> Stage:
    found = Recipe(steps=steps, **recipe)
    return Stage(objective=objective, quick=found, release=found, options=options)


def ppo(steps: int, **settings: Any) -> Stage:
    recipe = {**REINFORCEMENT, "lr": 3e-4, "eval_every": 16}
    return stage("ppo", recipe, steps, prompts=4096, page_rows=2, settings={**SETTINGS, **settings})


SFT = stage("sft", DEMONSTRATIONS, 400, page_rows=4, in_haste=0.6)
REWARD = stage("reward", COMPARISONS, 64, prompts=2048, replies=4, strangers=True, labeler=LABELER)
DPO = stage("dpo", {**REINFORCEMENT, "lr": 1e-4}, 60, **REWARD.options, beta=0.3)
AFTER = {"PPO": ppo(96), "PPO-ptx": ppo(96, ptx=0.3), "DPO": DPO}
TOO_LONG = ppo(128, beta=0.0, highest_kl=math.inf, lowest_entropy=0.0)  # it is meant to go too far


@dataclass(frozen=True)
class Line:
    """One base model under one seed, and the folder of all that grows out of it."""

    base: LanguageModel
    configs: Mapping[str, Config]
    place: Path
    seed: int

    def train(
        self, name: str, *stages: Stage, begun: Sequence[Path] = (), compared: Path | None = None
    ) -> LanguageModel:
        """The model of that name; stages that lie in `begun` are taken over, and so are comparisons."""
        folder = self.place / name
        for ready in begun:
            if not (folder / ready.name / "config.json").is_file():  # which a copy brings last
                unfinished = shutil.ignore_patterns("config.json")
                shutil.copytree(ready, folder / ready.name, dirs_exist_ok=True, ignore=unfinished)
                shutil.copy(ready / "config.json", folder / ready.name)
        if compared:
            place = folder / stages[-1].objective
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(compared, place / COMPARED)
        child = replace(GPT35, configs=self.configs, stages=stages)
        options = Options(seed=self.seed, resume=True)
        return gl.load(train_generation(child, folder, options, parent=self.base))


def compare(path: Path, models: Iterable[LanguageModel], seed: int) -> Path:
    """The labeler's ranking of the replies of all the models to the same prompts, up to nine to a prompt."""
    if not path.is_file():
        asked = list(islice(dialogues_of(GPT35, seed=seed + 2), REWARD.options["prompts"]))
        replies: list[list[str]] = [[] for _ in asked]
        for lm in models:
            own = ask_several(lm.model, lm.tokenizer, asked, REWARD.options["replies"], seed)
            replies = [[*before, *new] for before, new in zip(replies, own, strict=True)]
        write_comparisons(path, compare_replies(asked, replies, Labeler(**LABELER), stranger=True, seed=seed))
    return path


def figure_one(models: dict[str, dict[str, LanguageModel]], seed: int) -> Rows:
    """Every arm's replies to the same held-out instructions, by the judge; and who wins against whom."""
    asked = list(islice(dialogues_of(GPT35, seed=EXAM_SEED, split="held-out"), QUESTIONS))
    examples = few_shot()
    arms = []
    for size, own in models.items():
        for name, lm in own.items():
            temperatures = (0.0, *CONTROL, 1.0) if name == "SFT" else (0.0, 1.0)
            arms += [Arm(f"{size} {name}", lm, temperature) for temperature in temperatures]
        arms.append(Arm(f"{size} base, prompted", own["base"], 0.0, examples))
        arms.append(Arm(f"{size} SFT, stop added", own["SFT"], 0.0, mend=with_stop))
    verdicts = {(arm.name, arm.temperature): arm.verdicts(asked, seed) for arm in arms}
    rows = [row for arm in arms for row in arm_rows(arm, asked, verdicts[arm.name, arm.temperature], seed)]
    rivals = ("large base", "large base, prompted", "large SFT")
    return rows + against(verdicts, rivals, seed)


def few_shot() -> tuple[dict[str, str], ...]:
    """Four short instructions of different kinds with their replies, two in each language."""
    found: list[Dialogue] = []
    for language, kind in (("en", "fact"), ("zh", "unknown"), ("en", "translate"), ("zh", "correct")):
        stream = World().dialogues(seed=7, kinds=[kind], language=language)
        single = islice((d for d in stream if d.single), 20)
        found.append(min(single, key=lambda d: len((d.prompt[0]["content"] + d.reference).encode())))
    return tuple(message for dialogue in found for message in dialogue.messages)


def tax(models: dict[str, LanguageModel], size: str, pages: Shard, seed: int) -> Rows:
    """What alignment costs on the pages that the base was trained on: nats per held-out token, before and after."""
    return [
        {
            "model": f"{size} {name}", "task": "held-out pages", "metric": "nats per token",
            "value": held_out_loss(lm.model, pages, PAGES), "n": PAGES, "seed": seed,
        }
        for name, lm in models.items()
    ]  # fmt: skip


def reward_rows(scorers: dict[str, Path], models: dict[str, dict[str, LanguageModel]], seed: int) -> Rows:
    """How far each reward model agrees with the judge on new replies to held-out prompts, beside the labelers."""
    asked = list(islice(dialogues_of(GPT35, seed=EXAM_SEED + 1, split="held-out"), QUESTIONS))
    policy, labeler = models["large"]["SFT"], Labeler(**LABELER)
    replies = ask_several(policy.model, policy.tokenizer, asked, 4, seed=EXAM_SEED)
    agree = {"metric": "agreement with the judge", "task": "pairs that the judge tells apart", "seed": seed}
    alike, right = labeler_agreement(labeler, asked, replies, seed)
    rows: Rows = [
        {"model": "labeler", **agree, "value": right},
        {**agree, "model": "labeler", "metric": "agreement with another", "task": "all pairs", "value": alike},
    ]
    for size, place in scorers.items():
        scorer = load_scorer(place)
        value, n = agreement_with_judge(asked, replies, score_replies(scorer, policy.tokenizer, asked, replies))
        rows.append({"model": f"{size} reward model", **agree, "value": value, "n": n})
    return rows


def too_much(scorers: dict[str, Path], policy: LanguageModel, runs: dict[str, Path], seed: int) -> Rows:
    """The reward model's score and the judge's, the further the replies are from the policy: best of n, and PPO."""
    asked = list(islice(dialogues_of(GPT35, seed=EXAM_SEED + 2, split="held-out"), PROMPTS))
    prompts = [d.prompt for d in asked for _ in range(OFFERED)]
    said = reply_to_all(policy.model, policy.tokenizer, prompts, Sampling(temperature=1.0, top_k=0, seed=EXAM_SEED))
    groups = [said[i : i + OFFERED] for i in range(0, len(said), OFFERED)]
    gold = [[judge(d, reply).score for reply in group] for d, group in zip(asked, groups, strict=True)]
    rows: Rows = []
    for size, place in scorers.items():
        scores = score_replies(load_scorer(place), policy.tokenizer, asked, groups)
        # A reply that never ends gets what PPO gives it.
        proxy = [
            [score if reply else NEVER_ENDS for score, reply in zip(own, group, strict=True)]
            for own, group in zip(scores, groups, strict=True)
        ]
        for n in (2**power for power in range(OFFERED.bit_length())):
            chosen = [best_of(n, ours, truth) for ours, truth in zip(proxy, gold, strict=True)]
            far = {"model": f"best of n, {size} reward model", "task": f"n={n}", "kl": best_of_kl(n), "seed": seed}
            rows += scored(far, mean(p for p, _ in chosen), mean(g for _, g in chosen))
        for line in (runs[size] / "ppo" / LOG).read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if "sampled_score" in event:
                far = {"model": f"PPO, {size} reward model", "task": f"step {event['step']}", "kl": event["sampled_kl"]}
                rows += scored({**far, "seed": seed}, event["sampled_reward"], event["sampled_score"])
    return rows + fits(rows, seed)


def fits(rows: Rows, seed: int) -> Rows:
    """Gao's two curves through the judge's gain over the policy, for each way of going away from it."""
    found = []
    for way in dict.fromkeys(row["model"] for row in rows):
        points = [row for row in rows if row["model"] == way and row["metric"] == GOLD]
        kind = "best of n" if way.startswith("best of n") else "ppo"
        distances = [max(0.0, row["kl"]) ** 0.5 for row in points]
        alpha, beta = fit_gold(distances, [row["value"] - points[0]["value"] for row in points], kind)
        found += [
            {"model": way, "task": "fit", "metric": name, "value": value, "seed": seed}
            for name, value in (("alpha", alpha), ("beta", beta))
        ]
    return found


def scored(row: dict[str, Any], proxy: float, gold: float) -> Rows:
    """The same row twice: what the reward model says, and what the judge says."""
    return [{**row, "metric": PROXY, "value": proxy}, {**row, "metric": GOLD, "value": gold}]


def grown(place: Path, bases: Mapping[str, LanguageModel], pages: Shard, seed: int) -> Rows:
    """All that grows out of both base models under one seed, trained and measured."""
    configs = {"small": SMALL.configs, "large": LARGE.configs}
    lines = {size: Line(base, configs[size], place / size, seed) for size, base in bases.items()}
    models = {size: {"base": line.base, "SFT": line.train("SFT", SFT)} for size, line in lines.items()}
    compared = compare(place / COMPARED, [models[size]["SFT"] for size in lines], seed)
    rewards = {}
    for size, line in lines.items():
        sft = line.place / "SFT" / "sft"
        line.train("reward model", SFT, REWARD, begun=[sft], compared=compared)
        rewards[size] = line.place / "reward model" / "reward"
    rows = Rows()
    for size, line in lines.items():
        sft = line.place / "SFT" / "sft"
        for name in AFTER if size == "small" else ["PPO-ptx"]:
            begun = [sft, rewards["large"]]
            ranked = compared if name == "DPO" else None
            models[size][name] = line.train(name, SFT, REWARD, AFTER[name], begun=begun, compared=ranked)
        rows += tax(models[size], size, pages, seed)
    far = {}
    for size in lines:
        begun = [lines["small"].place / "SFT" / "sft", rewards[size]]
        lines["small"].train(f"PPO without a penalty, {size}", SFT, REWARD, TOO_LONG, begun=begun)
        far[size] = lines["small"].place / f"PPO without a penalty, {size}"
    rows += figure_one(models, seed)
    rows += reward_rows(rewards, models, seed)
    return rows + too_much(rewards, models["small"]["SFT"], far, seed)


def main(folder: str) -> None:
    root, rows = Path(folder), Rows()
    large = gl.load("gpt-3")
    small = gl.load(train_generation(SMALL, root / "gpt-3", Options(resume=True)))
    source = open_source("world", mixture=LARGE.mixture, seed=0)
    _, pages = prepare(source, large.tokenizer, root / "pages", train_tokens=1024, val_tokens=VAL_TOKENS, n_ctx=256)
    results, command = data_dir() / "results", "python apps/measure_preference.py runs/preference"
    for number, seed in enumerate(SEEDS, 1):
        kept = root / f"rows-{seed}.json"
        if not kept.is_file():
            write_json(kept, {"rows": grown(root / f"seed-{seed}", {"small": small, "large": large}, pages, seed)})
        rows += read_json(kept)["rows"]
        write_results(results / "preference.json", command, rows, seeds=SEEDS[:number])
        chart(rows, results / "preference.png")
        print(f"seed {seed} is done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
