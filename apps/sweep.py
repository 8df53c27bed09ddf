"""The learning rates of each miniature, compared by short runs: held-out loss after as many tokens at three rates.

    python apps/sweep.py runs/sweep                 writes data/results/sweep.json

The loss is on pages to watch during training, never on the exam's. Trainings that are there already are not run again.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import gptlineage as gl
from gptlineage.evaluation import write_results
from gptlineage.lineage import Generation
from gptlineage.lineage.run import Options, train_generation
from gptlineage.paths import data_dir

STEPS, FACTORS, SEEDS = 300, (0.5, 1.0, 2.0), [0, 1]


def short_run(generation: Generation, factor: float, seed: int, place: Path) -> dict[str, Any]:
    (stage,) = generation.stages
    recipe = replace(stage.quick, lr=stage.quick.lr * factor, matrix_lr=stage.quick.matrix_lr * factor)
    changed = replace(generation, stages=(replace(stage, quick=recipe),))
    lm = gl.load(train_generation(changed, place, Options(quick=True, steps=STEPS, seed=seed, resume=True)))
    history = lm.provenance["history"]["pretrain"]
    used = history["recipe"]
    return {
        "model": generation.name, "task": "pretraining", "lr": used["lr"], "matrix_lr": used["matrix_lr"],
        "tokens": history["tokens"], "metric": "nats per token", "value": history["val_loss"], "n": 1, "seed": seed,
    }  # fmt: skip


def main(folder: str) -> None:
    """Run after run; the table so far is written after each."""
    rows, seen = [], set[int]()
    for seed in SEEDS:
        for generation in (one for one in gl.generations() if one.continues_text):
            for factor in FACTORS if not generation.starts_from else ():
                place = Path(folder) / f"{generation.name}-{factor}-{seed}"
                rows.append(short_run(generation, factor, seed, place))
                seen.add(seed)
                print(rows[-1], flush=True)
                results = data_dir() / "results" / "sweep.json"
                write_results(results, "python apps/sweep.py runs/sweep", rows, seeds=sorted(seen))


if __name__ == "__main__":
    main(sys.argv[1])
