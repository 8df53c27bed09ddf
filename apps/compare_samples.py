"""One prompt through every released generation, under the same seed.

    python apps/compare_samples.py "The capital of France is"
"""

import sys

import gptlineage as gl


def main(prompt: str = "Once upon a time, a cat") -> None:
    for name in gl.model_names():
        lm = gl.load(name)
        if not lm.continues:
            continue
        print(f"\n{name} ({lm.provenance['year']}, {lm.model.n_parameters:,} parameters)")
        print(prompt + lm.generate(prompt, max_new_tokens=48, temperature=0.7, seed=0))


if __name__ == "__main__":
    main(*sys.argv[1:2])
