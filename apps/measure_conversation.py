"""Held-out questions to the released ChatGPT miniature and to its ancestors: data/results/conversation.json.

The two that converse also meet users with names that no page and no demonstration tells of. ChatGPT is asked for
everything else too, more often than in the exam and apart by language, in conversations longer than what it is
shown of them, typed carelessly, and in ways that are none of the exam's kinds.

    python apps/measure_conversation.py
"""

import gptlineage as gl
from gptlineage.evaluation import ask_all, write_results
from gptlineage.evaluation.exam.conversation import (
    ask_at_length,
    ask_carelessly,
    ask_freely,
    ask_instructions,
    ask_newcomers,
)
from gptlineage.paths import data_dir

QUESTIONS, NEWCOMERS, OF_EACH_KIND, LONG, TYPED, SEEDS = 400, 200, 200, 300, 400, 3


def main() -> None:
    rows = [row for name in ("chatgpt", "gpt-3.5", "gpt-3") for row in ask_all(gl.load(name), n=QUESTIONS, seeds=SEEDS)]
    for name in ("chatgpt", "gpt-3.5"):
        rows += ask_newcomers(gl.load(name), n=NEWCOMERS, seeds=SEEDS)
    chatgpt = gl.load("chatgpt")
    rows += ask_instructions(chatgpt, n=OF_EACH_KIND, seeds=SEEDS) + ask_at_length(chatgpt, n=LONG, seeds=SEEDS)
    rows += ask_carelessly(chatgpt, n=TYPED, seeds=SEEDS) + ask_freely(chatgpt, n=OF_EACH_KIND, seeds=SEEDS)
    path = data_dir() / "results" / "conversation.json"
    write_results(path, "python apps/measure_conversation.py", rows, seeds=list(range(SEEDS)))
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
