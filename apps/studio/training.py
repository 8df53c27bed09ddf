"""The one training that a studio may have under way: begun, paused, resumed, stopped, and found again after a restart.

It is an ordinary run of `gptlineage train` in a folder of its own; beside it, `studio.json` keeps what was chosen.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gptlineage as gl
from gptlineage.corpus import FileSource
from gptlineage.errors import explain
from gptlineage.inference.checkpoint import disk_errors, read_json, write_json
from gptlineage.training.watching import StageView, watch_run

from .background import Background, ask, held
from .models import ModelPool

RECORD, SAID = "studio.json", "said.log"
SUFFIXES = (".txt", ".text", ".md", ".rst", ".tex", ".csv", ".tsv", ".jsonl")
MOST_MEGABYTES = 20
# What may still be going on, so that nothing else may begin.
ACTIVE = ("running", "pausing", "paused", "stopping")


@dataclass(frozen=True)
class Choice:
    """What a reader chose. `data` is "world" or a path, `name` what is said of that; `parent` a name or a folder."""

    generation: str
    size: str = "mini"
    data: str = "world"
    name: str = ""
    uploaded: bool = False
    quick: bool = True
    steps: int | None = None
    parent: str | None = None

    def arguments(self) -> list[str]:
        """The command line that trains it."""
        words = ["train", self.generation, "--size", self.size, "--data", self.data]
        words += ["--quick"] if self.quick else []
        words += ["--steps", str(self.steps)] if self.steps else []
        return words + (["--parent", self.parent] if self.parent else [])

    def hide(self, line: str) -> str:
        """A line of complaint with the text's own name: where it lies on this computer is nobody's business."""
        return line.replace(self.data, self.name) if self.name else line


def measure(choice: Choice, lang: str) -> Generator[None, None, dict[str, Any]]:
    """The plan of a run (`gptlineage.lineage.plan`); yields while it is being measured. Raises UserError."""
    try:
        printed = yield from ask([*choice.arguments(), "--estimate", "--json"], lang)
    except gl.UserError as error:
        raise gl.UserError(choice.hide(error.en), choice.hide(error.zh)) from error
    plan: dict[str, Any] = json.loads(printed)[0]
    return plan


class Training:
    """`state` is "idle", one of ACTIVE, "stopped", "failed" or "done"; `key` names the model that came of it."""

    def __init__(self, pool: ModelPool, root: Path):
        self.pool, self.root = pool, root
        self.run = Background()
        self.state, self.key = "idle", ""
        self.folder: Path | None = None
        self.choice: Choice | None = None
        self.plan: dict[str, Any] = {}
        self._recover()

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def can_resume(self) -> bool:
        return self.state in ("paused", "stopped", "failed") and not self.run.running

    @property
    def trouble(self) -> str:
        return self.choice.hide(self.run.trouble) if self.choice else ""

    def begin(self, choice: Choice, plan: dict[str, Any], lang: str) -> None:
        """Start a run in a new folder, which keeps an uploaded text. Nothing happens beside another run.

        Raises UserError when the folder cannot be made.
        """
        with self.run.lock:
            if self.active:
                return
            with disk_errors(self.root):
                folder = self._new_folder(choice.generation)
                if choice.uploaded:  # kept under a name of ours, whatever it was called
                    choice = replace(choice, data=str(shutil.copyfile(choice.data, folder / "text.txt")))
            self.folder, self.choice, self.plan, self.key = folder, choice, plan, ""
            self._start([], lang)

    def resume(self, lang: str) -> None:
        """Go on exactly where it was."""
        with self.run.lock:
            if self.can_resume:
                self._start(["--resume"], lang)

    def pause(self, lang: str) -> None:
        """Save and end the process; the place stays taken."""
        self._end("pausing")

    def stop(self, lang: str) -> None:
        """Save and end the process; something else may begin."""
        with self.run.lock:
            if self.state == "paused":
                self._note("stopped")
            else:
                self._end("stopping")

    def views(self) -> list[StageView]:
        """The stages so far."""
        return watch_run(self.folder, [name for name, _, _ in self.plan["stages"]]) if self.folder else []

    def _new_folder(self, generation: str) -> Path:
        names = (f"my-{generation}" + (f"-{number}" if number > 1 else "") for number in range(1, 10_000))
        folder = next(self.root / name for name in names if not (self.root / name).exists())
        folder.mkdir(parents=True)
        return folder

    def _start(self, more: list[str], lang: str) -> None:
        assert self.choice and self.folder
        self.state = "running"
        command = [*self.choice.arguments(), "--out", str(self.folder), *more]
        pid = self.run.begin(command, self.folder / SAID, lang, partial(self._ended, self.folder))
        self._note("running" if pid else "failed", pid)

    def _end(self, state: str) -> None:
        with self.run.lock:
            if self.state in ("running", "pausing"):
                self.state = state
                self.run.stop()

    def _ended(self, folder: Path, code: int | None) -> None:
        with self.run.lock:
            if (folder / "config.json").is_file():
                self.key = self.pool.add(str(folder))
                self._note("done")
            elif self.state in ("pausing", "stopping"):
                self.run.trouble = ""
                self._note("paused" if self.state == "pausing" else "stopped")
            else:  # without an exit code nobody knows why; what was saved is there
                self._note("paused" if code is None else "failed")

    def _note(self, state: str, pid: int = 0) -> None:
        assert self.choice and self.folder
        self.state = state
        record = {"choice": asdict(self.choice), "plan": self.plan, "state": state, "pid": pid}
        with suppress(gl.UserError):  # a full disk stops the run itself, which says so
            write_json(self.folder / RECORD, record)

    def _recover(self) -> None:
        """Find the run that an earlier studio left: still running, or paused."""
        for path in sorted(self.root.glob(f"*/{RECORD}"), key=lambda p: p.stat().st_mtime, reverse=True):
            with suppress(gl.UserError, KeyError, TypeError, OSError):
                record = read_json(path)
                if record["state"] not in ("running", "paused") or (path.parent / "config.json").is_file():
                    continue
                self.choice, self.plan, self.folder = Choice(**record["choice"]), record["plan"], path.parent
                self.state = "paused"
                if held(path.parent / SAID):
                    self.state = "running"
                    self.run.adopt(int(record["pid"]), path.parent / SAID, partial(self._ended, path.parent))
                return


def finished_runs(root: Path) -> list[str]:
    """The folders of the models that were trained here before, or learnt from votes; the oldest first."""
    done = sorted(root.glob("*/config.json"), key=lambda path: path.stat().st_mtime)
    return [str(path.parent) for path in done]


def check_text(path: str, name: str) -> None:
    """Raise UserError, under the file's own name, unless it is UTF-8 text of a bearable size."""
    try:
        if (size := Path(path).stat().st_size) > MOST_MEGABYTES * 10**6:
            raise gl.UserError(
                f"{name} has {size / 1e6:.0f} MB; the studio takes at most {MOST_MEGABYTES}. "
                "Larger texts: gptlineage studio --data PATH",
                f"{name} 有 {size / 1e6:.0f} MB，工作室最多接受 {MOST_MEGABYTES} MB。"
                "更大的文本请用 gptlineage studio --data 路径",
            )
        source = FileSource(Path(path))
        for split in ("train", "val"):
            for _ in source.pieces(split):
                pass
    except gl.UserError as error:
        raise gl.UserError(*(explain(error, lang).replace(path, name) for lang in ("en", "zh"))) from error
