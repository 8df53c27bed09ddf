"""Learning from votes, begun by a button: a process of the ordinary `gptlineage prefer`, which outlives the page.

How far it is stands in its logs; when it ends, the new model is offered to everybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gptlineage.lineage.voted import STAGES
from gptlineage.training.watching import watch_run

from .background import Background
from .models import ModelPool


@dataclass
class Learning:
    """At most one run at a time, into the first free folder `mine-1`, `mine-2`, ... under `root`.

    `learnt` is the key of the model that the last run made, here or in an earlier studio; `trouble` is what the run
    said when it failed.
    """

    pool: ModelPool
    votes: Path
    root: Path
    folder: Path | None = None
    learnt: str = field(default="", init=False)
    run: Background = field(default_factory=Background)

    def __post_init__(self) -> None:
        # The pool offers the finished ones, the oldest first.
        places = {key: Path(card.source) for key, card in self.pool.cards.items()}
        mine = [key for key, place in places.items() if place.parent == self.root and place.name.startswith("mine-")]
        self.learnt = mine[-1] if mine else ""

    @property
    def running(self) -> bool:
        return self.run.running

    @property
    def trouble(self) -> str:
        return self.run.trouble

    def begin(self, key: str, lang: str) -> None:
        """Start a run for the model of that key, unless one is under way."""
        with self.run.lock:
            if self.running:
                return
            self.root.mkdir(parents=True, exist_ok=True)
            number = next(n for n in range(1, 10_000) if not (self.root / f"mine-{n}").exists())
            self.folder, self.learnt = self.root / f"mine-{number}", ""
            command = ["prefer", self.pool.cards[key].source, str(self.votes), "--out", str(self.folder), "--quick"]
            said = self.folder.with_suffix(".log")
            self.run.begin(command, said, lang, partial(self._ended, self.folder, said))

    def _ended(self, folder: Path, said: Path, code: int | None) -> None:
        if code == 0:
            self.learnt = self.pool.add(str(folder))
            said.unlink()

    def share_done(self) -> float:
        """How much of the run is done, from 0 to 1, as its logs tell."""
        if self.folder is None:
            return 0.0
        total = sum(stage.quick.steps for stage in STAGES)
        return sum(view.step for view in watch_run(self.folder, [stage.objective for stage in STAGES])) / total
