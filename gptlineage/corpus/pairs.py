"""Where the texts of translators come from: the micro-world's sentence pairs, or the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ..errors import UserError
from ..paths import user_path
from ..world.bitext import Bitexts, bitext_fingerprint
from .sources import FileSource, read_text, reading

BITEXT = "bitext"  # the mixture of the generations that translate


class Pairs(Protocol):
    """Texts in two languages, split into "train" and "val". `pairs` yields `(English, Chinese)`."""

    name: str
    endless: bool

    def pairs(self, split: str) -> Iterator[tuple[str, str]]: ...

    def fingerprint(self) -> str: ...


class WorldPairs:
    """The micro-world's sentence pairs, without end; every clause of "val" is unknown to "train"."""

    name, endless = f"world:{BITEXT}", True

    def __init__(self, seed: int = 0):
        self.seed, self.bitexts = seed, Bitexts()

    def pairs(self, split: str) -> Iterator[tuple[str, str]]:
        for pair in self.bitexts.pairs(self.seed, "train" if split == "train" else "held-out"):
            yield pair.en, pair.zh

    def fingerprint(self) -> str:
        return f"{self.name}:seed={self.seed}:{bitext_fingerprint()[:16]}"


class FilePairs:
    """A UTF-8 file of lines "English<TAB>Chinese"; every tenth line is held out. Raises UserError for other lines."""

    endless = False

    def __init__(self, path: Path):
        self.file, self.name = FileSource(path), path.name

    def pairs(self, split: str) -> Iterator[tuple[str, str]]:
        for number, line in enumerate(self.lines(), 1):
            sides = [side.strip() for side in line.split("\t")]
            if len(sides) != 2 or not all(sides):
                raise UserError(
                    f"Line {number} of {self.name} is not 'English<TAB>Chinese'; mend it first.",
                    f"{self.name} 第 {number} 行不是“英文<制表符>中文”；请先改正。",
                )
            if (number % 10 == 0) == (split == "val"):
                yield sides[0], sides[1]

    def lines(self) -> Iterator[str]:
        for file in self.file.files:
            with reading(file):
                text = "".join(read_text(file, 0, file.stat().st_size))
            yield from (line for line in text.splitlines() if line.strip())

    def fingerprint(self) -> str:
        return self.file.fingerprint()

def open_pairs(name: str, seed: int = 0) -> Pairs:
    """`world`, or a path to lines "English<TAB>Chinese"."""
    return WorldPairs(seed) if name in ("world", f"world:{BITEXT}") else FilePairs(user_path(name))
