"""Translating: read a source text, then write the target word by word, keeping several beginnings alive (beam search).

The recurrent networks and the Transformer of 2017 share this: both `begin` with a source and `step` through a target.
A model reads either language and writes the other; which one it reads, the letters tell.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import Parameter

from ..errors import UserError
from ..model import EncoderDecoder, RNNSearch
from ..text import Tokenizer
from .generate import check_length, pieces
from .loaded import Loaded
from .padding import pad
from .sampling import Sampling, choose

BEAM, ALPHA = 4, 0.6  # Transformer, section 6.1


class Translating(Protocol):
    """What `EncoderDecoder` and `RNNSearch` have in common."""

    config: Any

    def begin(self, source: Tensor, lengths: Tensor) -> Any: ...

    def step(self, tokens: Tensor, writing: Any) -> Tensor: ...

    def parameters(self) -> Iterator[Parameter]: ...


def source_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """A source as the models read it: closed by an end, so that an empty place is never the last word."""
    return [*tokenizer.encode(text), tokenizer.special["<|end|>"]]


def device_of(model: Translating) -> torch.device:
    return next(model.parameters()).device


@dataclass
class Hypotheses:
    """The finished translations of one source: (score under the length penalty, ids)."""

    size: int
    finished: list[tuple[float, list[int]]] = field(default_factory=list)

    def add(self, logprob: float, ids: list[int], alpha: float) -> None:
        self.finished.append((logprob / length_penalty(len(ids) + 1, alpha), ids))

    @property
    def complete(self) -> bool:
        return len(self.finished) >= self.size


def length_penalty(length: int, alpha: float) -> float:
    """What a log-probability is divided by, so that long translations stand a chance (Wu et al. 2016, equation 14)."""
    return float(((5 + length) / 6) ** alpha)


@torch.inference_mode()
def beam_search(
    model: Translating,
    sources: Sequence[Sequence[int]],
    tokenizer: Tokenizer,
    *,
    beam: int = BEAM,
    alpha: float = ALPHA,
) -> list[list[int]]:
    """The best translation found of each source, without its end; `beam` 1 is greedy.

    A translation that does not end within the context window is returned as far as it came.
    """
    start, end = tokenizer.special["<|start|>"], tokenizer.special["<|end|>"]
    banned = torch.tensor(sorted(tokenizer.special_ids - {end}), device=device_of(model))
    n = len(sources)
    block, lengths = pad(sources, device_of(model))
    writing = model.begin(block, lengths)
    writing.keep(torch.arange(n, device=block.device).repeat_interleave(beam))
    scores = torch.full((n, beam), -torch.inf, device=block.device)
    scores[:, 0] = 0.0  # all beams begin alike; only one of them counts
    texts: list[list[int]] = [[] for _ in range(n * beam)]
    tokens = torch.full((n * beam,), start, device=block.device)
    found = [Hypotheses(beam) for _ in sources]
    for _ in range(model.config.n_ctx - 1):
        logits = model.step(tokens, writing)
        logits[:, banned] = -torch.inf
        total = scores[..., None] + logits.log_softmax(-1).view(n, beam, -1)
        best, place = total.flatten(1).topk(2 * beam)  # twice as many: at most half of them end
        rows, values = place // logits.shape[-1], place % logits.shape[-1]
        going: list[tuple[int, int, float]] = []  # (row, token, score) of each beam of each source
        for number in range(n):
            live: list[tuple[int, int, float]] = []
            for rank in range(2 * beam):
                row, token = number * beam + int(rows[number, rank]), int(values[number, rank])
                score = float(best[number, rank])
                if token == end:
                    if rank < beam and not found[number].complete:
                        found[number].add(score, texts[row], alpha)
                elif len(live) < beam:
                    live.append((row, token, score))
            going += live
        texts = [[*texts[row], token] for row, token, _ in going]
        if all(one.complete for one in found):
            break
        writing.keep(torch.tensor([row for row, _, _ in going], device=block.device))
        tokens = torch.tensor([token for _, token, _ in going], device=block.device)
        scores = torch.tensor([score for _, _, score in going], device=block.device).view(n, beam)
    return [
        max(one.finished)[1] if one.finished else texts[number * beam] for number, one in enumerate(found)
    ]


def translate_all(
    model: Translating,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    *,
    beam: int = 1,
    reverse: bool = False,
    batch_size: int = 64,
) -> list[str]:
    """The translation of each text, greedy unless told otherwise; `reverse` for a model that reads backwards."""
    sources = [source_ids(tokenizer, text)[:: -1 if reverse else 1] for text in texts]
    order = sorted(range(len(texts)), key=lambda i: len(sources[i]))
    found = [""] * len(texts)
    for first in range(0, len(order), batch_size):
        chosen = order[first : first + batch_size]
        written = beam_search(model, [sources[i] for i in chosen], tokenizer, beam=beam)
        for i, ids in zip(chosen, written, strict=True):
            found[i] = tokenizer.decode(ids)
    return found


@torch.inference_mode()
def sampled(
    model: Translating, ids: Sequence[int], tokenizer: Tokenizer, sampling: Sampling, most: int
) -> Iterator[int]:
    """A translation drawn token by token instead of searched for."""
    start, end = tokenizer.special["<|start|>"], tokenizer.special["<|end|>"]
    banned = torch.tensor(sorted(tokenizer.special_ids - {end}), device=device_of(model))
    writing, generator = model.begin(*pad([ids], device_of(model))), sampling.generator()
    token = torch.tensor([start], device=device_of(model))
    for _ in range(most):
        logits = model.step(token, writing)
        logits[:, banned] = -torch.inf
        token = choose(logits, sampling, generator)
        if int(token) == end:
            return
        yield int(token)


@dataclass(frozen=True)
class Translator(Loaded):
    """A model that turns English into Chinese and Chinese into English."""

    model: EncoderDecoder | RNNSearch

    def stream(
        self,
        prompt: str,
        *,
        max_new_tokens: int = 64,
        temperature: float | None = None,
        top_k: int = 50,
        top_p: float = 1.0,
        seed: int | None = None,
    ) -> Iterator[str]:
        """The translation of `prompt`, piece by piece: by beam search, or drawn when a `temperature` is given.

        Raises UserError for a text that is empty, too short, too long, or in a language that the model does not know.
        """
        ids = self.read(prompt)
        most = min(check_length(max_new_tokens), self.config.n_ctx - 1)
        if temperature is None:
            return pieces(self.tokenizer, beam_search(self.model, [ids], self.tokenizer)[0][:most])
        sampling = Sampling(temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)
        return pieces(self.tokenizer, sampled(self.model, ids, self.tokenizer, sampling, most))

    def translate(self, text: str, *, beam: int = BEAM, alpha: float = ALPHA) -> str:
        """The best translation that a search with `beam` hypotheses finds; errors as for `stream`."""
        return self.tokenizer.decode(
            beam_search(self.model, [self.read(text)], self.tokenizer, beam=beam, alpha=alpha)[0]
        )

    def read(self, text: str) -> list[int]:
        """The ids of a source text. Raises UserError when the model cannot read it."""
        check_language(text, self.name)
        ids = source_ids(self.tokenizer, text.strip())
        if len(ids) > self.config.n_ctx:
            raise UserError(
                f"The text has {len(ids) - 1} tokens, but {self.name} reads at most {self.config.n_ctx - 1}; "
                "translate it sentence by sentence.",
                f"文本有 {len(ids) - 1} 个词元，而 {self.name} 最多读取 {self.config.n_ctx - 1} 个；请逐句翻译。",
            )
        return ids


def check_language(text: str, name: str) -> None:
    """Raise UserError unless the text is a few words of English or Chinese."""
    letters = [c for c in text if c.isalpha()]
    if len(letters) < 2:
        raise UserError(
            "There is too little to translate; give a sentence in English or Chinese, such as 'Tom likes pears.'",
            "可翻译的内容太少；请给出一句英文或中文，例如“汤姆喜欢梨。”",
        )
    strange = next((c for c in letters if script(c) not in ("LATIN", "CJK")), None)
    if strange:
        raise UserError(
            f"{name} translates between English and Chinese; it cannot read {strange!r}.",
            f"{name} 只在英文和中文之间翻译；它读不懂“{strange}”。",
        )


def script(letter: str) -> str:
    """The first word of a letter's Unicode name: LATIN, CJK, CYRILLIC ..."""
    return unicodedata.name(letter, "UNKNOWN").replace("FULLWIDTH ", "").split()[0]


def bleu(hypotheses: Iterable[str], references: Iterable[str], language: str) -> float:
    """Corpus BLEU (Papineni et al. 2002) as sacrebleu computes it, Chinese by its own tokenizer; 0 to 100."""
    from sacrebleu.metrics.bleu import BLEU

    tokenize = "zh" if language == "zh" else "13a"
    return float(BLEU(tokenize=tokenize).corpus_score(list(hypotheses), [list(references)]).score)
