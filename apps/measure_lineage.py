"""The whole line at the quick setting under several seeds, and the exam of every model: does each generation gain?

    python apps/measure_lineage.py runs/lineage     writes data/results/lineage.json and lineage.png

Trainings that are there already are not run again, so a stopped measurement goes on where it was.
"""

import sys
from pathlib import Path
from typing import Any

import gptlineage as gl
from gptlineage.evaluation import report, write_results
from gptlineage.evaluation.exam import baselines, findings, take, write_sheet
from gptlineage.lineage.run import Options, open_tokenizer, train_generation
from gptlineage.paths import data_dir
from gptlineage.world import World

SEEDS, QUESTIONS = [0, 1, 2], 100


def training_rows(provenance: dict[str, Any]) -> list[dict[str, Any]]:
    """How long each stage took; a figure of speed only where the machine did nothing else."""
    return [
        {
            "model": provenance["generation"], "task": f"training, {stage}", "metric": "seconds",
            "value": history["seconds"], "tokens": history["tokens"], "n": 1, "seed": provenance["seed"],
        }
        for stage, history in provenance["history"].items()
    ]


def main(folder: str) -> None:
    world, tokenizer = World(), open_tokenizer(Options())
    sheet = write_sheet(world, QUESTIONS)
    rivals, rows = baselines(tokenizer, world, sheet), list[dict[str, Any]]()
    results, command = data_dir() / "results", "python apps/measure_lineage.py runs/lineage"
    for number, seed in enumerate(SEEDS, 1):
        for generation in (one for one in gl.generations() if one.continues_text):
            place = Path(folder) / f"seed-{seed}" / generation.name
            options = Options(quick=True, seed=seed, resume=True)
            lm = gl.load(train_generation(generation, place, options))
            rows += training_rows(lm.provenance)
            rows += take(lm, world, sheet, generation.name)
            print(place, flush=True)
        found = [*rows, *rivals, *findings(rows)]
        write_results(results / "lineage.json", command, found, seeds=SEEDS[:number])
    report.chart([*rows, *rivals], results / "lineage.png")


if __name__ == "__main__":
    main(sys.argv[1])
