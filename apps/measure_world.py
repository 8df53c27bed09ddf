"""How varied the world's text is: every kind of page, mixture and dialogue, and how much of the exam stands in it.

    python apps/measure_world.py            writes data/results/world.json
"""

import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import islice
from multiprocessing import get_context

from gptlineage.corpus import WorldSource
from gptlineage.corpus.shards import encoded
from gptlineage.evaluation import variety
from gptlineage.evaluation.exam.tasks import all_questions, join_answer
from gptlineage.evaluation.results import write_results
from gptlineage.paths import data_dir
from gptlineage.text import Tokenizer
from gptlineage.world import MIXTURES, World

PROCESSES = 2
SEED = 0
SPEED_TOKENS = 400_000
TRAINING_PAGES, HELD_OUT_PAGES, QUESTIONS = 20_000, 500, 100  # for the overlap with the exam


@cache
def everything() -> tuple[Tokenizer, dict[str, variety.Source]]:
    return Tokenizer.load(data_dir() / "tokenizer"), variety.sources(World())


def rows_of(kind: str) -> variety.Rows:
    tokenizer, sources = everything()
    return variety.measure(kind, sources[kind], tokenizer, variety.Sizes(), SEED)


def speed_rows(tokenizer: Tokenizer, n_tokens: int) -> variety.Rows:
    """How fast one process makes and encodes the training text of each mixture."""
    rows: variety.Rows = []
    for mixture in MIXTURES:
        source, made, start = WorldSource(mixture), 0, time.perf_counter()
        for ids in encoded(source, tokenizer, "train"):
            made += len(ids)
            if made >= n_tokens:
                break
        speed = made / (time.perf_counter() - start)
        rows += variety.flat(f"mixture: {mixture}", "all", {"tokens made and encoded per second": (speed, made)})
    return rows


def exam_rows() -> variety.Rows:
    """The overlap of each task's questions, without examples, with pages of the crawl; and of held-out pages."""
    world = World()
    pages = [page.text for page in islice(world.documents("crawl", SEED), TRAINING_PAGES)]
    held_out = islice(world.documents("crawl", SEED, "held-out"), HELD_OUT_PAGES)
    texts = {"held-out pages, for comparison": [page.text for page in held_out]}
    for task, _, questions in all_questions(world, QUESTIONS):
        texts.setdefault(task.name, [join_answer(question.prompt, question.answer) for question in questions])
    return variety.overlap_rows(pages, texts)


def main() -> None:
    tokenizer, sources = everything()
    rows = speed_rows(tokenizer, SPEED_TOKENS)  # first, while nothing else runs
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for kind, found in zip(sources, pool.map(rows_of, sources), strict=True):
            print(kind)
            rows += found
    rows += exam_rows()
    write_results(data_dir() / "results" / "world.json", "python apps/measure_world.py", rows, seeds=[SEED])


if __name__ == "__main__":
    main()
