"""One skill at a time: can a network of GPT-2's miniature's width learn it at all when nothing else is on the pages?

    python apps/measure_alone.py runs/alone              every skill; writes data/results/alone.json
    python apps/measure_alone.py runs/alone mappings     this one only

Where a skill stays at chance in the released line, this tells a lack of room in the diet from a lack of size. Random
mappings are learnt with one, two and four layers: to look an answer up in the page takes two steps (find the same
thing earlier, copy what stood behind it), and one layer of attention takes only one. Trainings that are there already
are not run again.
"""

import itertools
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import gptlineage as gl
from gptlineage.corpus import prepare
from gptlineage.evaluation import write_results
from gptlineage.evaluation.exam.baselines import trivial_rows
from gptlineage.evaluation.exam.grading import grade, rows_of
from gptlineage.evaluation.exam.tasks import TASKS, Task, join_answer, plain
from gptlineage.evaluation.lookback import look_back_rows
from gptlineage.inference import LanguageModel
from gptlineage.lineage.records import resized
from gptlineage.lineage.run import Options, open_tokenizer
from gptlineage.paths import data_dir
from gptlineage.training import Pretraining, Recipe, train
from gptlineage.world import World, fingerprint
from gptlineage.world.chance import between, pick, stream

SEEDS, QUESTIONS = [0, 1], 200
# The mappings of the exam without its arrow, so that a key stands right before its value.
SIDE_BY_SIDE = Task(
    "random mapping, side by side", "mappings", None, (2, 4, 8, 16), plain, listed="mapping", languages=("en",)
)
ASKED = {task.name: task for task in (*TASKS, SIDE_BY_SIDE)}
SKILLS = {  # what the pages hold -> the tasks that ask for it, and the depths to try
    "mappings": (("random mapping, side by side",), (1, 2, 4)),
    "sum": (("sums, 1 digit", "sums, 2 digits", "differences, 2 digits"), (3,)),
    "reading": (("last word", "reading"), (3,)),
    "entailment": (("entailment",), (3,)),
    "translation": (("translation, sentences",), (3,)),
}
RECIPE: dict[str, Any] = dict(batch_size=12, optimizer="muon", lr=3e-3, matrix_lr=0.02, schedule="flat", final_lr=0.0)
STEPS = 2000


@dataclass
class OneKind:
    """A source of training text: pages of one kind, or pages of one random mapping each."""

    name: str
    seed: int
    world: World
    endless = True

    def pieces(self, split: str) -> Iterator[tuple[str, bool]]:
        if self.name == "mappings":
            rng = stream(self.seed, "mappings", split)
            while True:
                yield self.mapping(rng), True
        for page in self.world.pages(self.name, self.seed, "train" if split == "train" else "held-out"):
            yield page.text, True

    def mapping(self, rng: random.Random) -> str:
        """Every pair once, then pairs again in any order."""
        pairs, _ = self.world.lists.episode(rng, "mapping", "en", between(rng, 2, 12))
        shown = [*pairs, *(pick(rng, pairs) for _ in range(2 * len(pairs)))]
        return "\n".join(join_answer(left, right) for left, right in shown)

    def fingerprint(self) -> str:
        return f"{self.name}:seed={self.seed}:{fingerprint()[:16]}"


def learn(source: OneKind, n_layers: int, steps: int, folder: Path) -> tuple[LanguageModel, int]:
    """A new model trained on the source, and how many tokens it read."""
    tokenizer = open_tokenizer(Options())
    torch.manual_seed(source.seed)
    config = resized(gl.generation("gpt-2").config(), dict(n_layers=n_layers, vocab_size=tokenizer.vocab_size))
    model, recipe = gl.build(config), Recipe(steps=steps, seed=source.seed, **RECIPE)
    tokens = (steps * recipe.batch_size + 2) * config.n_ctx
    corpus = prepare(
        source, tokenizer, folder / "corpus", train_tokens=tokens, val_tokens=32_768, n_ctx=config.n_ctx
    )
    objective = Pretraining(
        *corpus, tokenizer, batch_size=recipe.batch_size, n_ctx=config.n_ctx, seed=source.seed
    )
    state = train(model, objective, recipe, folder, resume=True)
    name = f"{source.name}, {n_layers} layer{'s' * (n_layers > 1)}"
    return LanguageModel(name, model.eval(), tokenizer, {}), state.tokens


def main(folder: str, skills: Sequence[str]) -> None:
    """Train and ask, skill by skill; the results so far are written after every training."""
    world, rows, seen = World(), list[dict[str, Any]](), set[int]()
    for skill in skills:
        names, depths = SKILLS[skill]
        sheet = [
            (task, k, task.questions(world, QUESTIONS, k)) for task in map(ASKED.__getitem__, names) for k in task.ks
        ]
        for task, k, questions in sheet:
            rows += trivial_rows(task, k, questions)
        for seed, depth in itertools.product(SEEDS, depths):
            lm, tokens = learn(OneKind(skill, seed, world), depth, STEPS, Path(folder) / f"{skill}-{depth}-{seed}")
            rows += look_back_rows(lm, world, lm.name, seed)
            for task, k, questions in sheet:
                found = rows_of(lm.name, seed, task, k, grade(lm, task, questions))
                rows += [{**row, "tokens": tokens} for row in found]
                print(lm.name, "seed", seed, task.name, f"K={k}", found[0]["value"], flush=True)
            seen.add(seed)
            command = f"python apps/measure_alone.py runs/alone {' '.join(skills)}"
            write_results(data_dir() / "results" / "alone.json", command, rows, seeds=sorted(seen))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] or list(SKILLS))
