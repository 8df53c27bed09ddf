"""InstructGPT's Figure 1 once more, with clean demonstrations and more of them: is the small model preferred now?

    python apps/measure_figure_one.py runs/preference     writes data/results/figure_one.json

In preference.json most demonstrations are flawed, on purpose, and few. Here the base with a tenth of the weights in its
blocks is fine-tuned on clean ones, twice as long as the released GPT-3.5 was, and judged on the same held-out
instructions against the large base, raw and with four examples. Beside it stand the released GPT-3.5 and ChatGPT,
which are as large as the large base and grew out of it. Both bases have read the same number of tokens; the seeds are
those of the small model's fine-tuning and of sampling. The small base is the one of `measure_preference.py`, if it
lies there.
"""

import sys
from itertools import islice
from pathlib import Path

import gptlineage as gl
from apps.measure_preference import CONTROL, EXAM_SEED, LARGE, QUESTIONS, SEEDS, SMALL, Line, Rows, few_shot, stage
from gptlineage.evaluation import write_results
from gptlineage.evaluation.preference import Arm, against, arm_rows
from gptlineage.inference.checkpoint import read_json, write_json
from gptlineage.inference.engine import CHAT_SETTINGS
from gptlineage.lineage.gpt35 import DEMONSTRATIONS, GPT35
from gptlineage.lineage.run import Options, train_generation
from gptlineage.lineage.stages import dialogues_of
from gptlineage.paths import data_dir

STEPS = 2 * GPT35.stages[0].release.steps
RIVALS = ("large base", "large base, prompted")
RELEASED = {"large, GPT-3.5": "gpt-3.5", "large, ChatGPT": "chatgpt"}
STUDIO = CHAT_SETTINGS["temperature"]  # at which people meet them


def judged(arms: list[Arm], seed: int) -> Rows:
    """Every arm's marks, and how often it wins against the large base, raw and prompted."""
    asked = list(islice(dialogues_of(GPT35, seed=EXAM_SEED, split="held-out"), QUESTIONS))
    verdicts = {(arm.name, arm.temperature): arm.verdicts(asked, seed) for arm in arms}
    rows = [row for arm in arms for row in arm_rows(arm, asked, verdicts[arm.name, arm.temperature], seed)]
    return rows + against(verdicts, RIVALS, seed)


def main(folder: str) -> None:
    root, rows = Path(folder), Rows()
    large = gl.load("gpt-3")
    small = gl.load(train_generation(SMALL, root / "gpt-3", Options(resume=True)))
    bases = {"small": (small, SMALL), "large": (large, LARGE)}
    examples = few_shot()
    for number, seed in enumerate(SEEDS, 1):
        kept = root / f"figure-one-{seed}.json"
        if not kept.is_file():
            arms = []
            for size, (base, _) in bases.items():
                arms += [Arm(f"{size} base", base, 0.0), Arm(f"{size} base, prompted", base, 0.0, examples)]
            line = Line(small, SMALL.configs, root / f"seed-{seed}" / "small", seed)
            tuned = line.train(f"SFT {STEPS}", stage("sft", DEMONSTRATIONS, STEPS, page_rows=4))
            arms += [Arm("small SFT", tuned, temperature) for temperature in (0.0, *CONTROL, 1.0)]
            released = {name: gl.load(generation) for name, generation in RELEASED.items()}
            arms += [Arm(name, lm, temperature) for name, lm in released.items() for temperature in (0.0, STUDIO)]
            write_json(kept, {"rows": judged(arms, seed)})
        rows += read_json(kept)["rows"]
        command = "python apps/measure_figure_one.py runs/preference"
        write_results(data_dir() / "results" / "figure_one.json", command, rows, seeds=SEEDS[:number])
        print(f"seed {seed} is done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
