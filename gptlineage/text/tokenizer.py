"""A byte-level byte-pair encoding (GPT-2, section 2.2): any string is a sequence of known tokens.

rustbpe learns the merges, tiktoken applies them. Ids 0 to 255 are the raw bytes, then come the merges, then the
special tokens. A special token is an id that only our own code appends: text that happens to spell
`<|endoftext|>` is encoded as the ordinary characters it consists of.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import rustbpe
import tiktoken

from ..errors import UserError

# Digits stand alone, so that a sum has one token per digit. A run of Han characters never joins with Latin
# letters, so that "GPT-2是" splits where a reader would split it. The rest follows GPT-4's pattern.
PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|\p{Han}+|[^\r\n\p{L}\p{N}]?[\p{L}&&[^\p{Han}]]+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)

END_OF_TEXT = "<|endoftext|>"
# The last four wait for the objectives of the encoder road: BERT's mask and GPT-1's task delimiters.
SPECIALS = (
    END_OF_TEXT,
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
    "<|mask|>",
    "<|start|>",
    "<|delimiter|>",
    "<|extract|>",
)
FILE_NAME = "tokenizer.json"
LARGEST_VOCABULARY = 1_000_000


class Tokenizer:
    """Encodes any Unicode text to ids and back, exactly.

    `merges` are the byte strings learned beyond the 256 single bytes, in the order of their ids.
    """

    def __init__(self, merges: Sequence[bytes] = (), pattern: str = PATTERN):
        self.pattern = pattern
        self.vocabulary: list[bytes] = [bytes([byte]) for byte in range(256)] + list(merges)
        self.special = {name: len(self.vocabulary) + i for i, name in enumerate(SPECIALS)}
        # Specials are kept from tiktoken on purpose: no text that passes through it can produce their ids.
        ranks = {token: i for i, token in enumerate(self.vocabulary)}
        self._encoding = tiktoken.Encoding("gptlineage", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int) -> Tokenizer:
        """Learn merges until the vocabulary, specials included, has `vocab_size` entries (or the text is used up).

        Raises UserError when `vocab_size` leaves no room for the bytes and specials, or is beyond a million.
        """
        smallest = 256 + len(SPECIALS)
        if not smallest <= vocab_size <= LARGEST_VOCABULARY:
            raise UserError(
                f"A vocabulary of {vocab_size} is out of range; ask for {smallest} to {LARGEST_VOCABULARY} entries.",
                f"词表大小 {vocab_size} 超出范围；请取 {smallest} 到 {LARGEST_VOCABULARY}。",
            )
        learner = rustbpe.Tokenizer()
        learner.train_from_iterator(iter(texts), vocab_size - len(SPECIALS), pattern=PATTERN)
        ranks = sorted(learner.get_mergeable_ranks(), key=lambda pair: pair[1])
        return cls([bytes(token) for token, rank in ranks if rank >= 256])

    @property
    def vocab_size(self) -> int:
        return len(self.vocabulary) + len(self.special)

    @property
    def end_of_text(self) -> int:
        return self.special[END_OF_TEXT]

    @cached_property
    def special_ids(self) -> frozenset[int]:
        return frozenset(self.special.values())

    def encode(self, text: str) -> list[int]:
        """Ids of ordinary tokens only, whatever the text spells.

        A lone surrogate, which no UTF-8 text contains, becomes the replacement character.
        """
        return self._encoding.encode_ordinary(text)

    def encode_batch(self, texts: list[str], num_threads: int = 2) -> list[list[int]]:
        return self._encoding.encode_ordinary_batch(texts, num_threads=num_threads)

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token; specials have none, since they are not text."""
        return self.vocabulary[token] if token < len(self.vocabulary) else b""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; specials vanish, and a character cut in half shows as the replacement character."""
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", errors="replace")

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json`: the pattern and the learned byte strings, plain data that any program can read."""
        merges = [base64.b64encode(token).decode() for token in self.vocabulary[256:]]
        content = {"type": "byte-bpe", "pattern": self.pattern, "merges": merges, "specials": list(SPECIALS)}
        (folder / FILE_NAME).write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """Read `tokenizer.json` from a folder. Raises UserError when it is missing, damaged or from elsewhere."""
        path = folder / FILE_NAME
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["type"] != "byte-bpe" or tuple(content["specials"]) != SPECIALS:
                raise ValueError("another version's tokenizer")
            return cls([base64.b64decode(token, validate=True) for token in content["merges"]], content["pattern"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"The tokenizer {path} cannot be read ({error}); copy or train it again.",
                f"无法读取分词器 {path}（{error}）；请重新复制或训练。",
            ) from error
