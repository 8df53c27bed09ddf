"""Token ids on disk: one flat array per split, mapped into memory, so that a corpus may be larger than RAM."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError
from ..text import Tokenizer
from .sources import Source

PIECES_PER_BATCH = 512
META = "corpus.json"


class ShardWriter:
    """Appends ids to a `.bin` file of 16-bit (or, for a large vocabulary, 32-bit) integers."""

    def __init__(self, path: Path, vocab_size: int):
        self.dtype = np.uint16 if vocab_size <= 1 << 16 else np.uint32
        self.stream = path.open("wb")
        self.n_tokens = 0

    def write(self, ids: list[int]) -> None:
        self.stream.write(np.asarray(ids, dtype=self.dtype).tobytes())
        self.n_tokens += len(ids)

    def close(self) -> None:
        self.stream.close()


class Shard:
    """A read-only array of ids, `len(shard)` tokens long."""

    def __init__(self, path: Path, vocab_size: int):
        dtype = np.uint16 if vocab_size <= 1 << 16 else np.uint32
        self.ids = np.memmap(path, dtype=dtype, mode="r")

    def __len__(self) -> int:
        return len(self.ids)

    def window(self, start: int, length: int) -> np.ndarray:
        return self.ids[start : start + length].astype(np.int64)


def prepare(
    source: Source, tokenizer: Tokenizer, folder: Path, *, train_tokens: int, val_tokens: int, n_ctx: int
) -> tuple[Shard, Shard]:
    """Write `train.bin` and `val.bin` into `folder` unless the same corpus is there already, and open them.

    An endless source gives `train_tokens`; a finite one gives all it has and is read several times in training.
    Documents are separated by the end-of-text token (GPT-3, appendix B).
    Raises UserError when a split is too short for one window of `n_ctx` tokens.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {
        "source": source.fingerprint(),
        "vocabulary": tokenizer.vocab_size,
        "train_tokens": train_tokens if source.endless else None,
        "val_tokens": val_tokens,
    }
    meta = folder / META
    if not holds(meta, wanted):
        meta.unlink(missing_ok=True)
        for split, limit in (("train", train_tokens), ("val", val_tokens)):
            take_all = not source.endless and split == "train"
            writer = ShardWriter(folder / f"{split}.bin", tokenizer.vocab_size)
            for ids in encoded(source, tokenizer, split):
                writer.write(ids)
                if not take_all and writer.n_tokens >= limit:
                    break
            writer.close()
            if writer.n_tokens <= n_ctx:
                raise UserError(
                    f"{source.name} is too short: {writer.n_tokens} {split} tokens, but one window needs {n_ctx + 1}. "
                    "Give more text or a smaller context.",
                    f"{source.name} 太短：{split} 部分只有 {writer.n_tokens} 个词元，一个窗口需要 {n_ctx + 1} 个。"
                    "请给出更多文本或更小的上下文。",
                )
        meta.write_text(json.dumps(wanted), encoding="utf-8")
    return Shard(folder / "train.bin", tokenizer.vocab_size), Shard(folder / "val.bin", tokenizer.vocab_size)


def holds(meta: Path, wanted: dict[str, Any]) -> bool:
    """Whether the corpus file says just this; one that is missing, or was cut off by a kill, does not."""
    try:
        return json.loads(meta.read_text(encoding="utf-8")) == wanted
    except (OSError, ValueError):
        return False


def encoded(source: Source, tokenizer: Tokenizer, split: str) -> Iterator[list[int]]:
    """The source as ids, batch by batch; each batch is one flat list."""
    pieces = source.pieces(split)
    while batch := list(islice(pieces, PIECES_PER_BATCH)):
        flat: list[int] = []
        for ids, (_, ends_document) in zip(tokenizer.encode_batch([text for text, _ in batch]), batch, strict=True):
            flat += ids
            if ends_document:
                flat.append(tokenizer.end_of_text)
        yield flat
