"""The learning rate of each miniature, chosen by short runs: held-out loss after as many tokens at three rates.

    python apps/sweep.py runs/sweep                 writes data/results/sweep.json

The loss is on pages to watch during training, never on the exam's.
"""

import sys
from dataclasses import replace
from pathlib import Path

import gptlineage as gl
from gptlineage.evaluation import write_results
from gptlineage.lineage.run import Options, train_generation
from gptlineage.paths import data_dir

STEPS, FACTORS = 300, (0.5, 1.0, 2.0, 4.0)


def main(folder: str) -> None:
    rows = []
    for generation in gl.generations():
        if generation.starts_from:
            continue
        (stage,) = generation.stages
        for factor in FACTORS:
            recipe = replace(stage.quick, lr=stage.quick.lr * factor, matrix_lr=stage.quick.matrix_lr * factor)
            changed = replace(generation, stages=(replace(stage, quick=recipe),))
            place = Path(folder) / f"{generation.name}-{factor}"
            lm = gl.load(train_generation(changed, place, Options(quick=True, steps=STEPS, resume=True)))
            history = lm.provenance["history"]["pretrain"]
            rows.append(
                {
                    "model": generation.name, "task": "pretraining", "lr": recipe.lr, "matrix_lr": recipe.matrix_lr,
                    "tokens": history["tokens"], "metric": "nats per token", "value": history["val_loss"],
                    "n": 1, "seed": 0,
                }
            )
            print(rows[-1], flush=True)
    write_results(data_dir() / "results" / "sweep.json", "python apps/sweep.py runs/sweep", rows, seeds=[0])


if __name__ == "__main__":
    main(*sys.argv[1:2])
