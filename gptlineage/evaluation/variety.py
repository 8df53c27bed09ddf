"""How varied the world's text is: words, phrases, compression, n-gram losses, and a bound on its entropy.

Everything is measured on samples of a fixed size, so that kinds of text can be compared. A unit is an English word, a
number or a Chinese character; punctuation does not count. Rows are flat: kind, language, metric, value, n.
"""

from __future__ import annotations

import lzma
import math
import random
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np

from ..text import Tokenizer
from ..world import KINDS, MIXTURES, PAGE_KINDS, World
from ..world.chance import streams_of
from .ngrams import NGramModel

UNIT = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*|[0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]")
ORDERS = (1, 2, 3, 5)  # of the n-gram models
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
BATCH = 256
Texts = Iterator[tuple[str, str]]  # text, language
Source = Callable[[int, str], Texts]  # of a seed and a split, endless
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Sizes:
    """How much is looked at, per kind and language."""

    units: int = 50_000  # for words, phrases and compression
    documents: int = 1_000  # for lengths and duplicates
    train_tokens: int = 200_000  # for the n-gram model
    test_tokens: int = 30_000  # for its loss
    counted: int = 300  # documents whose choices are counted, over all languages


@dataclass
class Sample:
    """Documents, and their ids in one row with the end-of-text token behind each."""

    texts: list[str] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)

    @property
    def n_bytes(self) -> int:
        return sum(len(text.encode()) for text in self.texts)


def page_source(world: World, kind: str) -> Source:
    """Pages of one kind alone."""
    return lambda seed, split: ((page.text, page.language) for page in world.pages(kind, seed, split))


def dialogue_source(world: World, kind: str) -> Source:
    def dialogues(seed: int, split: str) -> Texts:
        for talk in world.dialogues(seed, split, kinds=[kind]):
            yield "\n".join(message["content"] for message in talk.messages), talk.language

    return dialogues


def mixture_source(world: World, mixture: str) -> Source:
    """A mixture as it is read in training, its languages not told apart."""
    return lambda seed, split: ((page.text, "all") for page in world.documents(mixture, seed, split))


def sources(world: World) -> dict[str, Source]:
    """Every kind of page, every mixture and every kind of dialogue, by the name that its rows bear."""
    return {
        **{kind: page_source(world, kind) for kind in PAGE_KINDS},
        **{f"mixture: {mixture}": mixture_source(world, mixture) for mixture in MIXTURES},
        **{f"dialogue: {kind}": dialogue_source(world, kind) for kind in KINDS},
    }


def gather(texts: Texts, tokenizer: Tokenizer, n_tokens: int) -> dict[str, Sample]:
    """The first documents of each language, at least `n_tokens` of each that the first batch shows."""
    samples: dict[str, Sample] = {}
    while not samples or any(len(sample.ids) < n_tokens for sample in samples.values()):
        batch = list(islice(texts, BATCH))
        rows = tokenizer.encode_batch([text for text, _ in batch], num_threads=1)
        for (text, language), ids in zip(batch, rows, strict=True):
            sample = samples.setdefault(language, Sample())
            if len(sample.ids) < n_tokens:
                sample.texts.append(text)
                sample.ids += [*ids, tokenizer.end_of_text]
    return samples


def units(text: str) -> list[str]:
    return UNIT.findall(text.lower())


@lru_cache(maxsize=1 << 16)
def code(unit: str) -> int:
    return zlib.crc32(unit.encode())


def gram_hashes(texts: Iterable[str], n: int) -> np.ndarray:
    """A 64-bit hash of every run of `n` units inside one text, in order; the same on every machine."""
    split = [units(text) for text in texts]
    codes = np.array([code(unit) for row in split for unit in row], dtype=np.uint64)
    owners = np.repeat(np.arange(len(split)), [len(row) for row in split])
    count = max(0, len(codes) - n + 1)
    hashes = np.zeros(count, dtype=np.uint64)
    for i in range(n):
        hashes = hashes * MULTIPLIER + codes[i : i + count]  # wraps around at 64 bits
    return hashes[owners[:count] == owners[n - 1 :][:count]]


def first_units(texts: Iterable[str], n_units: int) -> list[str]:
    """The first texts that have `n_units` units together (all of them if they have fewer)."""
    taken, total = [], 0
    for text in texts:
        if total >= n_units:
            break
        taken.append(text)
        total += len(units(text))
    return taken


def lexical(texts: Sequence[str], sizes: Sizes) -> dict[str, tuple[float, int]]:
    """metric -> value, n. "distinct-1" is the ratio of types to tokens; "types, 2-grams" in Chinese are pairs."""
    sample, found = first_units(texts, sizes.units), {}
    for n in (1, 2, 3, 4):
        hashes = gram_hashes(sample, n)
        types = len(np.unique(hashes))
        if n <= 2:
            found[f"types, {n}-grams"] = (float(types), len(hashes))
        found[f"distinct-{n}"] = (types / max(1, len(hashes)), len(hashes))
    raw = "\n\n".join(sample).encode()
    found["compression ratio"] = (len(raw) / len(lzma.compress(raw)), len(raw))
    documents = texts[: sizes.documents]
    found["mean length, characters"] = (sum(map(len, documents)) / len(documents), len(documents))
    found["exact duplicates, share"] = (1 - len(set(documents)) / len(documents), len(documents))
    return found


def overlap_rows(train_texts: Iterable[str], exams: Mapping[str, Sequence[str]], n: int = 8) -> Rows:
    """The share of each task's n-grams of units that stand in the training texts (GPT-2, table 6).

    A task whose texts are all shorter than `n` units has no row.
    """
    known, rows = np.unique(gram_hashes(train_texts, n)), []
    for task, texts in exams.items():
        hashes = gram_hashes(texts, n)
        if len(hashes):
            found = {f"{n}-grams also in training pages, share": (float(np.isin(hashes, known).mean()), len(hashes))}
            rows += flat(f"exam: {task}", "all", found)
    return rows


def ngram_losses(model: NGramModel, sample: Sample, end_of_text: int) -> dict[str, tuple[float, int]]:
    """metric -> value, n for every order, in nats per token and in bits per byte of text."""
    found, ids = {}, np.array([end_of_text, *sample.ids])
    for order in ORDERS:
        nats = -model.logprobs(ids, order)[1:]
        found[f"{order}-gram loss, nats per token"] = (float(nats.mean()), len(nats))
        found[f"{order}-gram loss, bits per byte"] = (float(nats.sum()) / math.log(2) / sample.n_bytes, len(nats))
    return found


class Draw:
    """A number from 0 to 1 that can only be asked questions, and charges for each answer.

    Rounding a multiple of it down and comparing it are all that the world does with chance; anything else is a
    TypeError, so that no choice goes uncounted. What is known of the number is an interval; an answer that narrows
    it to a share p costs -log2(p) bits, so what follows from earlier answers is free.
    """

    def __init__(self, rng: Choices, value: float, known: list[float], scale: float = 1.0):
        self.rng, self.value, self.known, self.scale = rng, value, known, scale

    def _learn(self, low: float, high: float) -> None:
        width = self.known[1] - self.known[0]
        self.known[:] = max(self.known[0], low / self.scale), min(self.known[1], high / self.scale)
        self.rng.bits += math.log2(width / (self.known[1] - self.known[0]))

    def __mul__(self, factor: float) -> Draw:
        return Draw(self.rng, self.value, self.known, self.scale * factor)

    __rmul__ = __mul__

    def __int__(self) -> int:
        whole = int(self.value * self.scale)
        self._learn(whole, whole + 1)
        return whole

    def __lt__(self, bound: float) -> bool:
        below = self.value * self.scale < bound
        self._learn(*((0, bound) if below else (bound, self.scale)))
        return below

    def __ge__(self, bound: float) -> bool:
        return not self < bound

    __gt__, __le__ = __ge__, __lt__  # a draw is as good as never exactly the bound


class Choices(random.Random):
    """The usual stream, with a count of the bits that were chosen by it."""

    bits = 0.0

    def random(self) -> Draw:  # type: ignore[override]
        return Draw(self, super().random(), [0.0, 1.0])


def choice_bits(source: Source, n: int, seed: int = 0) -> dict[str, tuple[float, int, int]]:
    """For each language the bits of choice, the bytes and the number of the first `n` training documents.

    Their mean estimates an upper bound on the generator's entropy per document. It is the entropy itself where every
    choice shows in the text; it lies above where different choices give the same text (the language of a page is
    chosen too), where a choice is not used, and where an unfit one is thrown away and made again.
    """
    made: list[Choices] = []

    def generator(seed: int) -> Choices:
        made.append(Choices(seed))
        return made[-1]

    spent: dict[str, tuple[float, int, int]] = {}
    with streams_of(generator):
        before = 0.0
        for text, language in islice(source(seed, "train"), n):
            after = sum(rng.bits for rng in made)
            bits, size, count = spent.get(language, (0.0, 0, 0))
            spent[language] = bits + after - before, size + len(text.encode()), count + 1
            before = after
    return spent


def bounds(choices: tuple[float, int, int], ngram: float, compressed: float) -> dict[str, tuple[float, int]]:
    """metric -> value, n: what the generator's entropy cannot exceed.

    `choices` is one language's of `choice_bits`, `ngram` the best n-gram loss on training pages that the model has
    not counted, `compressed` the compressor's size; both in bits per byte. The entropy lies below all three.
    """
    bits, size, n = choices
    return {
        "choices, bits per document": (bits / n, n),
        "choices, bits per byte": (bits / size, n),
        "entropy at most, bits per byte": (min(bits / size, ngram, compressed), n),
    }


def measure(kind: str, source: Source, tokenizer: Tokenizer, sizes: Sizes, seed: int = 0) -> Rows:
    """The rows of one kind of text, for each of its languages."""
    train = gather(source(seed, "train"), tokenizer, sizes.train_tokens)
    held_out = gather(source(seed, "held-out"), tokenizer, sizes.test_tokens)
    fresh = gather(source(seed + 1, "train"), tokenizer, sizes.test_tokens)
    spent, rows = choice_bits(source, sizes.counted, seed), []
    for language, sample in sorted(train.items()):
        end = tokenizer.end_of_text
        model = NGramModel.fit(np.array([end, *sample.ids]), max(ORDERS), tokenizer.vocab_size)
        found = lexical(sample.texts, sizes) | ngram_losses(model, held_out[language], end)
        again = ngram_losses(model, fresh[language], end)
        best = min(value for metric, (value, _) in again.items() if "bits" in metric)
        found["best n-gram loss, fresh training text, bits per byte"] = (best, len(fresh[language].ids))
        found["mean length, tokens"] = (len(sample.ids) / len(sample.texts) - 1, len(sample.texts))
        found |= bounds(spent[language], best, 8 / found["compression ratio"][0])
        rows += flat(kind, language, found)
    return rows


def flat(kind: str, language: str, found: Mapping[str, tuple[float, int]]) -> Rows:
    return [
        {"kind": kind, "language": language, "metric": metric, "value": round(value, 4), "n": n}
        for metric, (value, n) in found.items()
    ]
