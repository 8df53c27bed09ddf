"""nanoGPT's CPU recipe on Shakespeare: nanoGPT's code, our reference recipe and our own, one after the other.

    git clone https://github.com/karpathy/nanoGPT
    python apps/measure_shakespeare.py nanoGPT input.txt        writes data/results/shakespeare.json
"""

import sys
from pathlib import Path

from gptlineage.evaluation import shakespeare, write_results
from gptlineage.paths import data_dir

SEEDS = [0, 1, 2]


def main(nanogpt: str, text: str) -> None:
    rows = shakespeare.measure(Path(nanogpt), Path(text), SEEDS)
    command = "python apps/measure_shakespeare.py nanoGPT input.txt"
    write_results(data_dir() / "results" / "shakespeare.json", command, rows, seeds=SEEDS)
    for row in rows:
        print(row)


if __name__ == "__main__":
    main(*sys.argv[1:3])
