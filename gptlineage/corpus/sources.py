"""Where training text comes from: the micro-world, or the user's own UTF-8 files.

A source yields pieces of documents; it knows nothing of tokens. What it yields for "val" it never yields for "train".
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import UserError
from ..paths import user_path
from ..world import MIXTURES, World, fingerprint

BLOCK_BYTES = 1 << 20
TEXT_SUFFIXES = (".txt", ".md", ".text", ".rst", ".py", ".csv", ".json", ".jsonl", ".html", ".tex")


class Source(Protocol):
    """Text, split into "train" and "val". `pieces` yields `(text, ends_document)`."""

    name: str
    endless: bool

    def pieces(self, split: str) -> Iterator[tuple[str, bool]]: ...

    def fingerprint(self) -> str: ...


class WorldSource:
    """One of the micro-world's mixtures of pages ("books", "web", "crawl"): fresh text without end."""

    endless = True

    def __init__(self, mixture: str, seed: int = 0):
        self.name, self.seed = f"world:{mixture}", seed
        self.mixture, self.world = mixture, World()

    def pieces(self, split: str) -> Iterator[tuple[str, bool]]:
        world_split = "train" if split == "train" else "held-out"
        for document in self.world.documents(self.mixture, seed=self.seed, split=world_split):
            yield document.text, True

    def fingerprint(self) -> str:
        return f"{self.name}:seed={self.seed}:{fingerprint()[:16]}"


class FileSource:
    """A UTF-8 text file, or every text file of a folder; the last tenth of each file is held out.

    Raises UserError when there is no text to read, or it is not UTF-8.
    """

    endless = False

    def __init__(self, path: Path):
        self.name = path.name
        if path.is_dir():
            self.files = sorted(f for f in path.rglob("*") if f.is_file() and f.suffix.lower() in TEXT_SUFFIXES)
        elif path.is_file():
            self.files = [path]
        else:
            raise UserError(
                f"There is no file or folder {path}; give a UTF-8 text file, a folder, or 'world'.",
                f"没有名为 {path} 的文件或文件夹；请给出 UTF-8 文本文件、文件夹，或 'world'。",
            )
        self.files = [f for f in self.files if f.stat().st_size > 0]
        if not self.files:
            raise UserError(
                f"{path} holds no text; give a UTF-8 text file or a folder with some ({', '.join(TEXT_SUFFIXES)}).",
                f"{path} 中没有文本；请给出 UTF-8 文本文件或含有文本文件的文件夹（{'、'.join(TEXT_SUFFIXES)}）。",
            )

    def pieces(self, split: str) -> Iterator[tuple[str, bool]]:
        for number, file in enumerate(self.files):
            with reading(file):
                size = file.stat().st_size
            border = size - size // 10
            if number:
                yield "", True
            for text in read_text(file, 0, border) if split == "train" else read_text(file, border, size):
                yield text, False

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for file in self.files:
            with reading(file), file.open("rb") as stream:
                while block := stream.read(BLOCK_BYTES):
                    digest.update(block)
        return f"{self.name}:sha256={digest.hexdigest()[:16]}"


@contextlib.contextmanager
def reading(file: Path) -> Iterator[None]:
    """Turn what the operating system says about `file` into a line for a person."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", f"无法读取 {file}：{error.strerror}。") from error


def read_text(file: Path, start: int, end: int) -> Iterator[str]:
    """The text of the bytes `start` to `end`, block by block; the character on a border is dropped."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if start == 0 else "utf-8")()
    try:
        with reading(file), file.open("rb") as stream:
            stream.seek(start)
            if start:
                _skip_broken_character(stream)
            position = stream.tell()
            while position < end:
                block = stream.read(min(BLOCK_BYTES, end - position))
                position += len(block)
                text = decoder.decode(block)
                if "\0" in text:
                    raise UserError(
                        f"{file} looks like a binary file; give UTF-8 text.",
                        f"{file} 像是二进制文件；请给出 UTF-8 文本。",
                    )
                if text:
                    yield text
    except UnicodeDecodeError as error:
        raise UserError(
            f"{file} is not UTF-8 text (byte {error.object[error.start]:#04x}); convert it first, "
            f"for example: iconv -f GB18030 -t UTF-8 {file.name} > new.txt",
            f"{file} 不是 UTF-8 文本（字节 {error.object[error.start]:#04x}）；请先转换，"
            f"例如：iconv -f GB18030 -t UTF-8 {file.name} > new.txt",
        ) from error
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", f"无法读取 {file}：{error.strerror}。") from error


def _skip_broken_character(stream: BinaryIO) -> None:
    """Step over the continuation bytes of a character that began before the border."""
    while (byte := stream.read(1)) and 0x80 <= byte[0] < 0xC0:
        pass
    if byte:
        stream.seek(-1, 1)


def open_source(name: str, *, mixture: str, seed: int = 0) -> Source:
    """`world` (this generation's mixture), `world:web` (another one), or a path to text."""
    if name == "world":
        return WorldSource(mixture, seed)
    if name.startswith("world:"):
        wanted = name.removeprefix("world:")
        if wanted not in MIXTURES:
            raise UserError(
                f"The world has no mixture {wanted!r}; choose one of {', '.join(MIXTURES)}.",
                f"微世界没有 {wanted!r} 这种混合；请从 {'、'.join(MIXTURES)} 中选择。",
            )
        return WorldSource(wanted, seed)
    return FileSource(user_path(name))
