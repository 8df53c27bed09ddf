"""Random mappings learned in context: models of one, two and four layers on pages that hold nothing else.

    python apps/measure_mappings.py runs/mappings       writes data/results/mappings.json

Every page maps arbitrary things to arbitrary things, so that only the page itself tells what follows. Looking an
answer up there takes two steps (find the same thing earlier, copy what stood behind it), which one layer cannot do.
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

import gptlineage as gl
from gptlineage.corpus import prepare
from gptlineage.evaluation import write_results
from gptlineage.evaluation.exam.baselines import trivial_rows
from gptlineage.evaluation.exam.grading import grade, rows_of
from gptlineage.evaluation.exam.tasks import TASKS, arrow, join_answer
from gptlineage.inference import LanguageModel
from gptlineage.lineage.records import resized
from gptlineage.lineage.run import Options, open_tokenizer
from gptlineage.paths import data_dir
from gptlineage.training import Pretraining, Recipe, train
from gptlineage.world import Item, World
from gptlineage.world.chance import between, pick, stream

SEEDS, DEPTHS, QUESTIONS, N_CTX = [0, 1, 2], (1, 2, 4), 200, 160
(MAPPING,) = (task for task in TASKS if task.listed == "mapping")
RECIPE: dict[str, Any] = dict(optimizer="muon", lr=3e-3, matrix_lr=0.02, schedule="flat", final_lr=0.0)
STEPS, BATCH_SIZE = 1200, 12


class Mappings:
    """Pages of one mapping each: every pair once, then pairs again in any order."""

    name, endless = "mappings", True

    def __init__(self, seed: int):
        self.seed, self.world = seed, World()

    def pieces(self, split: str) -> Iterator[tuple[str, bool]]:
        rng = stream(self.seed, "mappings", split)
        while True:
            yield self.page(rng), True

    def page(self, rng: random.Random) -> str:
        language = pick(rng, ("en", "zh"))
        n = between(rng, 2, 12)
        pairs, _ = self.world.lists.episode(rng, "mapping", language, n)
        shown = [*pairs, *(pick(rng, pairs) for _ in range(2 * len(pairs)))]
        return "\n".join(join_answer(arrow(Item(left, "", right, (), language)), right) for left, right in shown)

    def fingerprint(self) -> str:
        return f"{self.name}:seed={self.seed}"


def main(folder: str, steps: int = STEPS) -> None:
    tokenizer, world, rows = open_tokenizer(Options()), World(), list[dict[str, Any]]()
    sheet = {k: MAPPING.questions(world, QUESTIONS, k) for k in MAPPING.ks}
    for seed in SEEDS:
        for depth in DEPTHS:
            torch.manual_seed(seed)
            config = resized(
                gl.generation("gpt-2").config(), dict(n_layers=depth, n_ctx=N_CTX, vocab_size=tokenizer.vocab_size)
            )
            model, place = gl.build(config), Path(folder) / f"{depth}-layers-{seed}"
            recipe = Recipe(steps=steps, batch_size=BATCH_SIZE, seed=seed, **RECIPE)
            corpus = prepare(
                Mappings(seed), tokenizer, Path(folder) / f"corpus-{seed}",
                train_tokens=(steps * BATCH_SIZE + 2) * N_CTX, val_tokens=32_768, n_ctx=N_CTX,
            )  # fmt: skip
            state = train(
                model, Pretraining(*corpus, tokenizer, batch_size=BATCH_SIZE, n_ctx=N_CTX, seed=seed), recipe, place
            )
            lm = LanguageModel(f"{depth} layers", model.eval(), tokenizer, {})
            for k, questions in sheet.items():
                found = rows_of(lm.name, seed, MAPPING, k, grade(lm, MAPPING, questions))
                rows += [{**row, "tokens": state.tokens} for row in found]
                print(lm.name, seed, k, found[0]["value"], flush=True)
    for k, questions in sheet.items():
        rows += trivial_rows(MAPPING, k, questions)
    write_results(
        data_dir() / "results" / "mappings.json", "python apps/measure_mappings.py runs/mappings", rows, seeds=SEEDS
    )


if __name__ == "__main__":
    main(sys.argv[1])
