"""Held-out questions to the released ChatGPT miniature and to its ancestors: data/results/conversation.json.

    python apps/measure_conversation.py
"""

import gptlineage as gl
from gptlineage.evaluation import ask_all, write_results
from gptlineage.paths import data_dir

QUESTIONS, SEEDS = 400, 3


def main() -> None:
    rows = [row for name in ("chatgpt", "gpt-3.5", "gpt-3") for row in ask_all(gl.load(name), n=QUESTIONS, seeds=SEEDS)]
    path = data_dir() / "results" / "conversation.json"
    write_results(path, "python apps/measure_conversation.py", rows, seeds=list(range(SEEDS)))
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
