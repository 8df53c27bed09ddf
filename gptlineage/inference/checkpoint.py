"""One checkpoint: a directory of plain files, each replaced in one step, and never a pickle.

    config.json  model.safetensors  tokenizer.json  provenance.json  README.md

What training needs beyond this to go on stands beside it (`training/resume.py`).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..errors import UserError
from ..model import ConfigError, Network, Scorer, Stack, build, config_from_dict
from ..text import Tokenizer

FORMAT = 1
HEADS = ("score", "summed score")  # of a reward model, by whether it is summed


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says about `path` into a line that says what to do."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
            raise UserError(
                f"The disk is full: {path} was not written. Free some space; the last checkpoint is intact.",
                f"磁盘已满：{path} 未写入。请释放空间；上一个检查点完好无损。",
            ) from error
        raise UserError(
            f"{path} cannot be written ({error}); choose another folder with --out.",
            f"无法写入 {path}（{error}）；请用 --out 选择其他文件夹。",
        ) from error


def replace(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step."""
    temporary = path.with_name(f".{path.name}.part")
    with disk_errors(path):
        try:
            write(temporary)
            with temporary.open("rb+") as stream:  # Windows flushes only what may be written
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    replace(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def save_model(
    folder: Path, model: Network | Scorer, tokenizer: Tokenizer, provenance: dict[str, Any], card: str
) -> None:
    """Write everything a person needs to use the model; `config.json` comes last and says that all of it is there."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save(folder)
    tensors = {name: p.detach().cpu().contiguous() for name, p in model.state_dict().items()}
    replace(folder / "model.safetensors", lambda temporary: save_file(tensors, temporary))
    write_json(folder / "provenance.json", provenance)
    replace(folder / "README.md", lambda temporary: temporary.write_text(card, encoding="utf-8"))
    head = {"head": HEADS[model.summed]} if isinstance(model, Scorer) else {}
    write_json(folder / "config.json", {"format": FORMAT, **head, **model.config.to_dict()})


def read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
        return content
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read ({error}); the checkpoint is incomplete, copy or train it again.",
            f"无法读取 {path}（{error}）；检查点不完整，请重新复制或训练。",
        ) from error


def load_model(folder: Path, device: str = "cpu") -> Any:
    """The network of a checkpoint directory, in evaluation mode: whichever of `model.Network` it is.

    Raises UserError when the directory is incomplete, damaged, written by another version, or holds a reward model.
    """
    model = load_any(folder)
    if isinstance(model, Scorer):
        raise UserError(
            f"{folder} holds a reward model, which scores replies and writes none; choose the model beside it.",
            f"{folder} 中是奖励模型，只评分而不会写；请选择它旁边的模型。",
        )
    return model.to(device).eval()


def load_scorer(folder: Path, device: str = "cpu") -> Scorer:
    """The reward model of a checkpoint directory, in evaluation mode. Raises UserError like `load_model`."""
    model = load_any(folder)
    if not isinstance(model, Scorer):
        raise UserError(
            f"{folder} holds no reward model; choose the folder 'reward' of a run that trained one.",
            f"{folder} 中没有奖励模型；请选择训练过奖励模型的目录中的 'reward' 文件夹。",
        )
    return model.to(device).eval()


def load_any(folder: Path) -> Network | Scorer:
    values = read_json(folder / "config.json")
    if values.pop("format", None) != FORMAT:
        raise UserError(
            f"{folder} was written by another version of gptlineage; train it again or install that version.",
            f"{folder} 由其他版本的 gptlineage 写入；请重新训练或安装对应版本。",
        )
    head = values.pop("head", None)
    try:
        model: Network | Scorer = build(config_from_dict(values))
        if isinstance(model, Stack) and head in HEADS:
            model = Scorer(model, summed=HEADS.index(head) == 1)
        model.load_state_dict(read_tensors(folder / "model.safetensors"))
    except (ConfigError, RuntimeError, TypeError) as error:
        raise UserError(
            f"The weights in {folder} do not fit its config.json ({str(error).splitlines()[0]}); copy both again.",
            f"{folder} 中的权重与 config.json 不符（{str(error).splitlines()[0]}）；请重新复制两者。",
        ) from error
    return model


def read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"{path} is missing or damaged ({error}); copy or train the model again.",
            f"{path} 缺失或已损坏（{error}）；请重新复制或训练模型。",
        ) from error
