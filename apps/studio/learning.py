"""Learning from votes, begun by a button: a process of the ordinary `gptlineage prefer`, which outlives the page.

What it writes is read back from its logs, so that any page can show how far it is.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import gptlineage as gl
from gptlineage.lineage.voted import STAGES
from gptlineage.training.loop import LOG

from .models import ModelPool

COMMAND = (sys.executable, "-c", "from gptlineage.cli import main; main()", "prefer")


@dataclass
class Learning:
    """At most one run at a time, into the first free folder `mine-1`, `mine-2`, ... beside the votes."""

    pool: ModelPool
    votes: Path
    folder: Path | None = None
    process: subprocess.Popen[str] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, key: str) -> None:
        """Start a run for the model of that key, unless one is under way."""
        with self.lock:
            if self.running:
                return
            number = next(n for n in range(1, 10_000) if not (self.votes.parent / f"mine-{n}").exists())
            self.folder = self.votes.parent / f"mine-{number}"
            command = [*COMMAND, self.pool.cards[key].source, str(self.votes), "--out", str(self.folder), "--quick"]
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def share_done(self) -> float:
        """How much of the run is done, from 0 to 1, as its logs tell."""
        if self.folder is None:
            return 0.0
        total = sum(stage.quick.steps for stage in STAGES)
        return sum(last_step(self.folder / stage.objective / LOG) for stage in STAGES) / total

    def outcome(self) -> tuple[str, str]:
        """The key of the new model, or what went wrong: told once, when the run has ended; both "" otherwise."""
        with self.lock:
            if self.process is None or self.process.poll() is None or self.folder is None:
                return "", ""
            process, self.process = self.process, None
            trouble = (process.stderr.read() if process.stderr else "").strip().splitlines()
            if process.returncode:
                return "", trouble[-1] if trouble else f"exit {process.returncode}"
            try:
                return self.pool.add(str(self.folder)), ""
            except gl.UserError as error:
                return "", str(error)


def last_step(log: Path) -> int:
    """The step of the last whole line of a log; 0 when there is none."""
    try:
        lines = log.read_bytes().splitlines()
    except OSError:
        return 0
    for line in reversed(lines):
        try:
            return int(json.loads(line)["step"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0
