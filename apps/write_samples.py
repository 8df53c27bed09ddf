"""Ten unselected samples of every released model, one fixed seed each: data/results/samples.json and samples.md.

    python apps/write_samples.py
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import gptlineage as gl
from gptlineage.evaluation import write_results
from gptlineage.inference import Loaded, Translator, model_names
from gptlineage.paths import data_dir
from gptlineage.world.bitext import Bitexts

PROMPTS = (
    "Once upon a time", "The capital of France is", "Q: What does a bee make?\nA:", "Dear Anna,", "17 + 25 =",
    "从前", "中国的首都是", "问：猫喜欢吃什么？\n答：", "亲爱的小红：", "The cat is sleeping. =",
)  # fmt: skip
GAPS = (
    "Once upon a ___ there was a cat.", "\"Thank you,\" ___ Anna.", "Tom put the ball in the ___.",
    "Anna ___ a letter to her friend.", "They were happy and went ___.",
    "从前有一只___。", "“谢谢你，”小红___。", "小明把___放在桌子上。", "他们一起去了___。", "天黑了，___回家了。",
)  # fmt: skip
COMMAND = "python apps/write_samples.py"


def prompts_of(lm: Loaded) -> Sequence[str]:
    """Ten beginnings; gaps for a model that fills them; held-out sentences, in turn of each language, to translate."""
    if isinstance(lm, Translator):
        pairs = islice(Bitexts().pairs(seed=2023, split="held-out"), len(PROMPTS))
        return [pair.zh if number % 2 else pair.en for number, pair in enumerate(pairs)]
    return PROMPTS if lm.continues else GAPS


def main() -> None:
    rows: list[dict[str, Any]] = []
    for name in model_names():
        lm = gl.load(name)
        for seed, prompt in enumerate(prompts_of(lm)):
            text = lm.generate(prompt, max_new_tokens=60, seed=seed)
            row = {"model": name, "task": "sample", "metric": "text", "prompt": prompt, "value": text, "seed": seed}
            rows.append(row)
    results = data_dir() / "results"
    write_results(results / "samples.json", COMMAND, rows, seeds=list(range(len(PROMPTS))))
    parts = [f"# Ten samples of each released model, unselected\n\n`{COMMAND}` (the seed is the prompt's number)\n"]
    for name in model_names():
        parts.append(f"\n## {name}\n")
        for row in rows:
            if row["model"] == name:
                parts.append(f"\n```text\n{row['prompt']}⟶{row['value']}\n```\n")
    (results / "samples.md").write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
