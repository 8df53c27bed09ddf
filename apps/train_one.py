"""Train one generation, then let it write.

    python apps/train_one.py gpt-2
"""

import sys
from pathlib import Path

import gptlineage as gl
from gptlineage.lineage.run import Options, train_generation
from gptlineage.training.progress import ProgressBar


def main(name: str = "gpt-2") -> None:
    folder = train_generation(gl.generation(name), Path("runs") / name, Options(quick=True), watch=ProgressBar)
    print(gl.load(folder).generate("Once upon a time", max_new_tokens=60, seed=0))


if __name__ == "__main__":
    main(*sys.argv[1:2])
