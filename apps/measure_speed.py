"""Training beside nanoGPT's code and decoding beside transformers, at the miniatures' shapes.

    git clone https://github.com/karpathy/nanoGPT
    python apps/measure_speed.py nanoGPT            writes data/results/speed.json
"""

import sys
from pathlib import Path

import gptlineage as gl
from gptlineage.evaluation import speed, write_results
from gptlineage.paths import data_dir


def main(nanogpt: str) -> None:
    bases = [one for one in gl.generations() if one.continues_text and not one.starts_from]
    shapes = {g.name: (g.config(), g.stages[0].release.batch_size) for g in bases}
    rows = speed.measure(shapes, Path(nanogpt))
    write_results(data_dir() / "results" / "speed.json", "python apps/measure_speed.py nanoGPT", rows, seeds=[])
    for row in rows:
        print(row)


if __name__ == "__main__":
    main(*sys.argv[1:2])
