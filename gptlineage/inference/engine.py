"""The engine that every front end shares: text in, text out, whatever the model.

`load` opens a released miniature or a run directory; `LanguageModel` completes prompts and answers conversations
(its siblings: `translate.Translator` for the models of 2014 and 2017, `fill.Filler` for BERT).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError, unknown
from ..model import EncoderDecoder, ModelConfig, Network, RNNSearch, Stack
from ..paths import models_dir, user_path
from ..text import Tokenizer, check_messages, encode_prompt
from .checkpoint import load_model, read_json
from .fill import Filler
from .generate import check_length, generate_ids, pieces
from .loaded import Loaded
from .sampling import Sampling
from .spelling import Spelling
from .translate import Translator

PAGE_TEMPERATURE = 0.8  # for continuing a page
CHAT_TOKENS = 120
# How the studio and the terminal converse unless told otherwise; the exam samples at the same settings.
CHAT_SETTINGS: dict[str, Any] = dict(temperature=0.5, top_k=50, top_p=1.0)


@dataclass(frozen=True)
class LanguageModel(Loaded):
    """A model that continues text, and answers conversations if it was taught to."""

    model: Stack

    continues = True

    @property
    def config(self) -> ModelConfig:
        return self.model.config

    @property
    def speaks_chat(self) -> bool:  # type: ignore[override]
        """Whether it was tuned on conversations; a base model only continues text."""
        return "sft" in self.provenance.get("stages", ())

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
        """Continue `prompt`, piece by piece; a piece never holds half a character. The usual temperature is 0.8.

        Raises UserError for an empty prompt, one longer than the context window, or settings out of range.
        """
        temperature = PAGE_TEMPERATURE if temperature is None else temperature
        sampling = Sampling(temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)
        ids = self.read(prompt)
        return self._pieces(ids, check_length(max_new_tokens), sampling, self.tokenizer.end_of_text)

    def read(self, text: str) -> list[int]:
        """The ids of `text` as the beginning of a page. Raises UserError when it is empty or too long."""
        if not text.strip():
            raise UserError("The prompt is empty; give the beginning of a text.", "提示为空；请给出一段文字的开头。")
        ids = [self.tokenizer.end_of_text, *self.tokenizer.encode(text)]
        if len(ids) > self.config.n_ctx:
            raise UserError(
                f"The prompt has {len(ids) - 1} tokens, but {self.name} reads at most {self.config.n_ctx - 1}; "
                "shorten it.",
                f"提示有 {len(ids) - 1} 个词元，而 {self.name} 最多读取 {self.config.n_ctx - 1} 个；请缩短。",
            )
        return ids

    def stream_chat(
        self,
        messages: Sequence[dict[str, str]],
        *,
        max_new_tokens: int = CHAT_TOKENS,
        temperature: float = 0.5,
        top_k: int = 50,
        top_p: float = 1.0,
        seed: int | None = None,
    ) -> Iterator[str]:
        """The assistant's next reply to `messages` (`role` and `content`), piece by piece.

        The oldest turns are forgotten when the conversation grows long (see `encode_prompt`). A base model is shown a
        transcript instead ("Q: ... A:"), since it knows no turns. Raises UserError as `stream` does.
        """
        check_messages(messages)
        if not self.speaks_chat:
            page = self.stream(
                self.transcript(messages),
                max_new_tokens=max_new_tokens,
                temperature=temperature,
                top_k=top_k,
                top_p=top_p,
                seed=seed,
            )
            return first_line(page)
        sampling = Sampling(temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)
        max_new_tokens = check_length(max_new_tokens)
        n_ctx = self.config.n_ctx
        ids = encode_prompt(self.tokenizer, messages, n_ctx, min(max_new_tokens, n_ctx // 4))
        return self._pieces(ids, max_new_tokens, sampling, self.tokenizer.special["<|end|>"])

    def chat(self, messages: Sequence[dict[str, str]], **settings: Any) -> str:
        """The assistant's next reply as one string; settings and errors as for `stream_chat`."""
        return "".join(self.stream_chat(messages, **settings)).strip()

    def _pieces(self, ids: list[int], max_new_tokens: int, sampling: Sampling, stop: int) -> Iterator[str]:
        tokens = generate_ids(
            self.model,
            ids,
            max_new_tokens=max_new_tokens,
            sampling=sampling,
            stop=[stop],
            banned=self.tokenizer.special_ids,
            spelling=Spelling(self.tokenizer, ids),
        )
        return pieces(self.tokenizer, tokens)

    def transcript(self, messages: Sequence[dict[str, str]]) -> str:
        """A conversation as a page of questions and answers, which a base model can go on with.

        A system message stands above them. The oldest questions are left out, with their answers, when they would fill
        more than three quarters of the context.
        """
        marks = ("问：", "答：") if is_chinese(messages[-1]["content"]) else ("Q: ", "A: ")
        lines = [
            marks[message["role"] == "assistant"] + " ".join(message["content"].split())
            for message in messages
            if message["role"] != "system"
        ]
        above = [" ".join(message["content"].split()) for message in messages if message["role"] == "system"]
        opening = marks[1].rstrip()
        while len(lines) > 1:
            if len(self.tokenizer.encode("\n".join([*above, *lines, opening]))) <= self.config.n_ctx * 3 // 4:
                break
            lines.pop(0)
            while len(lines) > 1 and lines[0].startswith(marks[1]):  # no answer without its question
                lines.pop(0)
        return "\n".join([*above, *lines, opening])


def first_line(stream: Iterator[str]) -> Iterator[str]:
    """The stream up to its first line break that follows some text."""
    started = False
    for piece in stream:
        text = piece if started else piece.lstrip()
        line, newline, _ = text.partition("\n")
        started = started or bool(line)
        if line:
            yield line
        if newline and started:
            return


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def model_names() -> list[str]:
    """The released miniatures, by name, as they lie in `data/models`, oldest generation first."""
    folders = [path for path in models_dir().glob("*") if (path / "config.json").is_file()]
    return sorted((path.name for path in folders), key=age)


def age(name: str) -> tuple[int, int, str]:
    """Year, then stages of training: of two generations of one year the child has been through more."""
    told = read_json(models_dir() / name / "provenance.json")
    return told.get("year", 0), len(told.get("stages", ())), name


def load(name: str | Path, device: str = "cpu") -> Any:
    """Open a released miniature by name, or a run directory by path, as what it can do.

    A `LanguageModel` continues text and converses, a `Translator` translates, a `Filler` fills gaps. Raises UserError
    when there is none (naming the nearest), or when it is incomplete or damaged.
    """
    released = models_dir() / str(name)
    folder = released if (released / "config.json").is_file() else user_path(name)
    if not folder.is_dir():
        raise unknown("model", "模型", str(name), model_names())
    if not (folder / "config.json").is_file():
        raise UserError(
            f"{folder} holds no finished model (no config.json); train it to the end or choose another folder.",
            f"{folder} 中没有完成的模型（缺少 config.json）；请训练完成或选择其他文件夹。",
        )
    model, tokenizer = load_model(folder, device), Tokenizer.load(folder)
    n_entries, n_ids = tokenizer.vocab_size, model.config.vocab_size
    if n_entries != n_ids:
        raise UserError(
            f"The tokenizer in {folder} has {n_entries} entries, but its model {n_ids}; copy both again.",
            f"{folder} 中的分词器有 {n_entries} 个词元，模型却有 {n_ids} 个；请重新复制两者。",
        )
    kind = kind_of(model)
    return kind(name=str(name), model=model, tokenizer=tokenizer, provenance=read_json(folder / "provenance.json"))


def load_language_model(name: str | Path, device: str = "cpu") -> LanguageModel:
    """The same for those who need a model that continues text. Raises UserError also when it does something else."""
    lm = load(name, device)
    if not isinstance(lm, LanguageModel):
        raise UserError(
            f"{name} does not continue text; choose a model that does, such as gpt-2.",
            f"{name} 不会续写文本；请选择能续写的模型，例如 gpt-2。",
        )
    return lm


def kind_of(model: Network) -> type[Loaded]:
    """What a network can do for a person."""
    if isinstance(model, EncoderDecoder | RNNSearch):
        return Translator
    if isinstance(model, Stack) and not model.config.causal:
        return Filler
    return LanguageModel
