"""Train the whole line from nothing, each generation in its turn: half an hour on two cores.

    python apps/train_all.py
"""

from pathlib import Path

import gptlineage as gl
from gptlineage.lineage.run import Options, train_generation
from gptlineage.training.progress import ProgressBar


def main() -> None:
    for generation in gl.generations():
        folder = Path("runs/all") / generation.name
        train_generation(generation, folder, Options(quick=True, resume=True), watch=ProgressBar)


if __name__ == "__main__":
    main()
