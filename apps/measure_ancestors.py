"""Why attention was invented and why recurrence was dropped, measured again: the claims of 2014 and 2017 in small.

    python apps/measure_ancestors.py runs/ancestors     writes data/results/ancestors.json and ancestors.png

BLEU against length with attention, without, and with the source reversed; the Transformer beside RNNsearch at equal
steps, equal work and equal time; its heads and positions taken away; attention scored against known alignments.
Trainings that are there already are not run again.
"""

import sys
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch

import gptlineage as gl
from gptlineage.corpus import open_pairs
from gptlineage.evaluation import write_results
from gptlineage.evaluation.alignment import alignment_errors
from gptlineage.evaluation.translating import score, seconds_per_step, sequential_steps, work
from gptlineage.evaluation.translating_chart import chart
from gptlineage.inference import Translator
from gptlineage.lineage.run import Options, open_tokenizer, train_generation
from gptlineage.model import build
from gptlineage.paths import data_dir
from gptlineage.training.translation import Translation
from gptlineage.world.bitext import Bitext, Bitexts

SEEDS, STEPS = [0, 1, 2], 400
EACH, EXAM_SEED = 50, 4242  # held-out pairs of each number of clauses
RNNSEARCH, TRANSFORMER = gl.generation("rnnsearch"), gl.generation("transformer")


@dataclass(frozen=True)
class Arm:
    """One network to be trained: a generation, its size or its changed fields, and for how many steps."""

    name: str
    generation: gl.Generation
    size: str = "mini"
    changed: dict[str, Any] = field(default_factory=dict)
    reverse: bool = False
    like: str = ""  # "work" or "time": as many steps as cost what RNNsearch's do

    def generation_of(self, steps: int) -> gl.Generation:
        stage = self.generation.stages[0]
        recipe = replace(stage.quick, steps=steps)
        stage = replace(stage, quick=recipe, release=recipe, options={**stage.options, "reverse": self.reverse})
        config = replace(self.generation.config(self.size), **self.changed)
        return replace(self.generation, configs={"mini": config}, stages=(stage,))


ARMS = (
    Arm("rnnsearch", RNNSEARCH),
    Arm("rnnencdec", RNNSEARCH, "fixed"),
    Arm("rnnencdec, source reversed", RNNSEARCH, "fixed", reverse=True),
    Arm("transformer", TRANSFORMER),
    Arm("transformer, equal work", TRANSFORMER, like="work"),
    Arm("transformer, equal time", TRANSFORMER, like="time"),
    Arm("transformer, 1 head", TRANSFORMER, changed={"n_heads": 1}),
    Arm("transformer, learned positions", TRANSFORMER, changed={"positions": "learned"}),
    Arm("transformer, no positions", TRANSFORMER, changed={"positions": "none"}),
)


def costs() -> dict[str, dict[str, float]]:
    """Work and time of a training step of the two families, on the same batches."""
    tokenizer, source = open_tokenizer(Options()), open_pairs("world", 0)
    held_out = list(islice(source.pairs("val"), 4))
    batches = Translation(source.pairs("train"), held_out, tokenizer, steps=10, batch_size=32, n_ctx=72)
    models = {generation.name: build(generation.config()) for generation in (RNNSEARCH, TRANSFORMER)}
    seconds = seconds_per_step(list(models.values()), batches)
    return {
        name: {
            "parameters": model.n_parameters,
            "GFLOP in a step": sum(work(model, batches, step) for step in range(8)) / 8e9,
            "seconds in a step": own,
            "steps in a row, 30 words": sequential_steps(model, 30),
        }
        for (name, model), own in zip(models.items(), seconds, strict=True)
    }


def exam() -> list[Bitext]:
    bitexts = Bitexts()
    return [pair for n in range(1, 5) for pair in islice(bitexts.pairs(EXAM_SEED, "held-out", n), EACH)]


def aligned(lm: Translator, pairs: list[Bitext]) -> dict[str, float]:
    """The alignment error rate of the network and of the control; of a Transformer's layers and heads, that one which
    was best on the first half is read on the second, as its mean over heads and layers would tell less."""
    half = len(pairs) // 2
    chosen, errors = (alignment_errors(lm, part) for part in (pairs[::2][:half], pairs[1::2][:half]))
    best = min((name for name in chosen if name != "diagonal"), key=lambda name: chosen[name])
    return {best: errors[best], "diagonal": errors["diagonal"]}


def main(folder: str, seeds: list[int]) -> None:
    torch.set_num_threads(1)
    cost, pairs, rows = costs(), exam(), list[dict[str, Any]]()
    for model, told in cost.items():
        for name, value in told.items():
            rows.append({"model": model, "task": "a training step", "metric": name, "value": value, "n": 8, "seed": 0})
    measure = {"work": "GFLOP in a step", "time": "seconds in a step"}
    for seed in seeds:
        for arm in ARMS:
            steps = STEPS
            if arm.like:
                ratio = cost["rnnsearch"][measure[arm.like]] / cost["transformer"][measure[arm.like]]
                steps = round(STEPS * ratio)
            place = Path(folder) / f"seed-{seed}" / arm.name.replace(", ", "-").replace(" ", "-")
            if arm.like and place.is_dir():  # measured anew, a ratio would be a little different
                steps = int((place / "steps").read_text())
            place.mkdir(parents=True, exist_ok=True)
            (place / "steps").write_text(str(steps))
            lm = gl.load(train_generation(arm.generation_of(steps), place, Options(seed=seed, resume=True)))
            trained = {"model": arm.name, "seed": seed, "steps": steps}
            rows += [{**trained, **row} for row in score(lm.model, lm.tokenizer, pairs, arm.reverse)]
            if arm.name in ("rnnsearch", "transformer"):
                rows += [
                    {
                        **trained, "model": "by position alone" if name == "diagonal" else f"{arm.name}, {name}",
                        "task": "linked words", "metric": "alignment error rate", "value": value, "n": len(pairs),
                    }
                    for name, value in aligned(lm, pairs).items()
                ]  # fmt: skip
            print(place, flush=True)
        results = data_dir() / "results"
        write_results(results / "ancestors.json", "python apps/measure_ancestors.py runs/ancestors", rows, seeds=seeds)
        chart(rows, results / "ancestors.png")


if __name__ == "__main__":
    main(sys.argv[1], [int(seed) for seed in sys.argv[2:]] or SEEDS)
