"""Do the released models look back at all? data/results/lookback.json, in a few seconds.

    python apps/measure_lookback.py
"""

import gptlineage as gl
from gptlineage.evaluation import write_results
from gptlineage.evaluation.lookback import look_back_rows
from gptlineage.paths import data_dir
from gptlineage.world import World


def main() -> None:
    world, rows = World(), []
    for name in gl.model_names():
        lm = gl.load(name)
        if not lm.continues:
            continue
        rows += look_back_rows(lm, world, name, lm.provenance["seed"])
    write_results(data_dir() / "results" / "lookback.json", "python apps/measure_lookback.py", rows, seeds=[0])
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
