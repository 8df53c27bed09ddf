"""Is PPO stable? The three stages of GPT-3.5 at the quick setting, from the released GPT-3, under five seeds.

    python apps/measure_stability.py runs/stability     writes data/results/stability.json

For each seed: how well the reward model agrees with the labeler and how well it is calibrated, how far PPO went from
where it began, and what the judge said of the sampled replies before and after. A run that breaks stops with an error.
"""

import json
import sys
from pathlib import Path
from typing import Any

import gptlineage as gl
from gptlineage.evaluation import write_results
from gptlineage.inference.checkpoint import read_json
from gptlineage.lineage.run import Options, train_generation
from gptlineage.paths import data_dir

SEEDS = [0, 1, 2, 3, 4]
TOLD = {
    "reward": ("pairs_right", "calibration_error"),
    "ppo": ("kl", "entropy", "sampled_right", "sampled_score", "sampled_reward", "held_out_right"),
}


def main(folder: str) -> None:
    rows, parent = list[dict[str, Any]](), gl.load("gpt-3")
    for number, seed in enumerate(SEEDS, 1):
        place = Path(folder) / f"seed-{seed}"
        options = Options(quick=True, seed=seed, resume=True)
        train_generation(gl.generation("gpt-3.5"), place, options, parent=parent)
        history = read_json(place / "provenance.json")["history"]
        before = json.loads((place / "ppo" / "log.jsonl").read_text(encoding="utf-8").splitlines()[0])
        for stage, names in TOLD.items():
            for name in names:
                rows.append({"model": stage, "task": "after", "metric": name, "value": history[stage][name]})
                if name in before and stage == "ppo":
                    rows.append({"model": stage, "task": "before", "metric": name, "value": before[name]})
        rows.append({"model": "all", "task": "training", "metric": "seconds", "value": seconds(history)})
        for row in rows:
            row.setdefault("seed", seed)
        command = "python apps/measure_stability.py runs/stability"
        write_results(data_dir() / "results" / "stability.json", command, rows, seeds=SEEDS[:number])
        print(place, flush=True)


def seconds(history: dict[str, Any]) -> float:
    return float(sum(stage["seconds"] for stage in history.values()))


if __name__ == "__main__":
    main(sys.argv[1])
