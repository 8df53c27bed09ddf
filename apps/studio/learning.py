"""Learning from votes, begun by a button: a process of the ordinary `gptlineage prefer`, which outlives the page.

How far it is stands in its logs; a thread of the server waits for its end and offers the new model to everybody.
"""

from __future__ import annotations

import json
import os
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
    """At most one run at a time, into the first free folder `mine-1`, `mine-2`, ... beside the votes.

    `learnt` is the key of the model that the last run made, `trouble` what it said when it failed.
    """

    pool: ModelPool
    votes: Path
    folder: Path | None = None
    learnt: str = ""
    trouble: str = ""
    running: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, key: str, lang: str) -> None:
        """Start a run for the model of that key, unless one is under way."""
        with self.lock:
            if self.running:
                return
            number = next(n for n in range(1, 10_000) if not (self.votes.parent / f"mine-{n}").exists())
            self.folder = self.votes.parent / f"mine-{number}"
            self.learnt, self.trouble, self.running = "", "", True
        threading.Thread(target=self._run, args=(key, lang), daemon=True).start()

    def _run(self, key: str, lang: str) -> None:
        assert self.folder is not None
        command = [*COMMAND, self.pool.cards[key].source, str(self.votes), "--out", str(self.folder), "--quick"]
        said = self.folder.with_suffix(".log")  # a file: a pipe that nobody empties would stop the run
        try:
            with said.open("wb") as file:
                code = subprocess.run(
                    command,
                    stdout=subprocess.DEVNULL,
                    stderr=file,
                    env={**os.environ, "GPTLINEAGE_LANG": lang},
                    start_new_session=True,  # the run goes on when the studio is closed
                ).returncode
            if code:
                lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                self.trouble = lines[-1] if lines else f"exit {code}"
            else:
                self.learnt = self.pool.add(str(self.folder))
                said.unlink()
        except (OSError, gl.UserError) as error:
            self.trouble = str(error)
        finally:
            self.running = False

    def share_done(self) -> float:
        """How much of the run is done, from 0 to 1, as its logs tell."""
        if self.folder is None:
            return 0.0
        total = sum(stage.quick.steps for stage in STAGES)
        return sum(last_step(self.folder / stage.objective / LOG) for stage in STAGES) / total


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
