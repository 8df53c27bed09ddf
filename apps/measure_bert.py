"""Reading both ways or writing on: BERT beside GPT-1, with the same body, data and number of tokens read.

    python apps/measure_bert.py runs/bert     writes data/results/bert.json and bert.png

Gaps and spans with and without the right side, fine-tuning on few labels, and writing, judged by the released GPT-3.
Trainings, and seeds, that are there already are not run again.
"""

import json
import sys
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

import torch

import gptlineage as gl
from gptlineage.evaluation import reading_both_ways as both
from gptlineage.evaluation import write_results
from gptlineage.evaluation.reading_both_ways_chart import chart
from gptlineage.evaluation.transfer import Bench
from gptlineage.inference.checkpoint import write_json
from gptlineage.lineage.run import Options, open_tokenizer, train_generation
from gptlineage.paths import data_dir
from gptlineage.world import World
from gptlineage.world.labels import Labels

SEEDS = [0, 1, 2]
WINDOWS, OPENINGS = 300, 30  # of each language
NAMES = {"GPT-1": "gpt-1", "BERT": "bert"}


def bodies(folder: Path, seed: int) -> dict[str, Any]:
    return {
        title: gl.load(train_generation(gl.generation(name), folder / name, Options(seed=seed, resume=True))).model
        for title, name in NAMES.items()
    }


class Measurement:
    """The held-out text, the same for every seed, and the labelled examples."""

    def __init__(self) -> None:
        self.tokenizer, world = open_tokenizer(Options()), World()
        self.judge = gl.load("gpt-3").model
        self.bench = Bench({}, Labels(world), self.tokenizer)
        self.windows = {
            language: both.windows(world, self.tokenizer, language, WINDOWS) for language in both.LANGUAGES
        }
        self.settled = {language: both.settled(self.judge, seen) for language, seen in self.windows.items()}
        self.common = {language: both.commonest(world, self.tokenizer, language) for language in both.LANGUAGES}
        fewest = both.OPENING + both.WRITTEN + 1
        self.pages = {
            language: list(islice(both.pages(world, self.tokenizer, language, "held-out", fewest), OPENINGS))
            for language in both.LANGUAGES
        }

    def rates(self, bodies: dict[str, Any], seed: int) -> tuple[dict[str, float], both.Rows]:
        return both.chosen_rates(bodies, self.bench, seed)

    def rows(self, bodies: dict[str, Any], rates: dict[str, float], seed: int) -> both.Rows:
        gpt, bert = bodies.values()
        read = [
            {**row, "language": language}
            for language, seen in self.windows.items()
            for row in (
                *both.gap_rows(gpt, bert, self.tokenizer, seen, self.common[language]),
                *(
                    {**row, "task": "gaps that need the right side"}
                    for row in both.gap_rows(gpt, bert, self.tokenizer, self.settled[language], self.common[language])
                ),
                *both.span_rows(gpt, bert, self.tokenizer, seen),
                *both.writing_rows(gpt, bert, self.judge, self.tokenizer, self.pages[language], seed),
            )
        ]
        return [{**row, "seed": seed} for row in (*read, *both.label_rows(bodies, self.bench, rates, seed))]


def once(path: Path, measure: Any) -> Any:
    """What was measured before, or is now."""
    if not path.exists():
        write_json(path, measure())
    return json.loads(path.read_text(encoding="utf-8"))


def main(folder: Path, seeds: list[int]) -> None:
    """Seed by seed; the rates of fine-tuning are chosen with the first one's bodies."""
    torch.set_num_threads(1)
    measurement, results = Measurement(), data_dir() / "results"
    first = bodies(folder / f"seed-{seeds[0]}", seeds[0])
    rates, rows = once(folder / "rates.json", partial(measurement.rates, first, seeds[0]))
    for number, seed in enumerate(seeds, 1):
        place = folder / f"seed-{seed}"
        rows += once(place / "rows.json", partial(measurement.rows, bodies(place, seed), rates, seed))
        write_results(results / "bert.json", "python apps/measure_bert.py runs/bert", rows, seeds=seeds[:number])
        print(place, flush=True)
    chart(rows, results / "bert.png")
    for key, values in summary(rows).items():
        print(*key, f"{mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")


def summary(rows: both.Rows) -> dict[tuple[str, ...], list[float]]:
    """Every figure over the seeds."""
    found: dict[tuple[str, ...], list[float]] = {}
    for row in rows:
        arm = row.get("masks", row.get("window", row.get("lr", "")))
        key = (row["task"], row.get("language", ""), str(arm), row["metric"], row["model"])
        found.setdefault(key, []).append(row["value"])
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(seed) for seed in sys.argv[2:]] or SEEDS)
