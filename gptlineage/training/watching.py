"""Watch a run from outside, by the logs in its folder: another process trains, and may be killed at any moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from .loop import LOG, Event

RECENT = 30  # steps from which speed is told: one alone says little beside other programs


@dataclass(frozen=True)
class StageView:
    """One stage as its log tells it: `losses` is (step, loss), `held_out` (step, figures), `samples` (step, texts)."""

    objective: str
    step: int = 0
    steps: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    held_out: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    samples: list[tuple[int, list[dict[str, str]]]] = field(default_factory=list)
    tokens_per_s: int = 0
    step_seconds: float = 0.0

    @property
    def begun(self) -> bool:
        return self.steps > 0

    @property
    def done(self) -> bool:
        """Every step taken, and the last figures written."""
        return self.begun and self.step == self.steps and bool(self.held_out) and self.held_out[-1][0] == self.steps

    @property
    def seconds_left(self) -> float:
        return (self.steps - self.step) * self.step_seconds


def watch_run(folder: Path, objectives: Sequence[str]) -> list[StageView]:
    """The stages of the run in `folder`, in order; those that have no log yet are empty."""
    return [view_of(objective, read_log(folder / objective / LOG)) for objective in objectives]


def read_log(path: Path) -> list[Event]:
    """The events of a log; a last line that is still being written, and a file that is not there, are left out."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    events = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("step"), int):
            events.append(event)
    return events


def view_of(objective: str, events: Sequence[Event]) -> StageView:
    if not events:
        return StageView(objective)
    taken = [event for event in events if "loss" in event]
    evaluated = [event for event in events if "samples" in event]
    recent = taken[-RECENT:]
    return StageView(
        objective,
        step=events[-1]["step"],
        steps=events[-1].get("steps", 0),
        losses=[(event["step"], event["loss"]) for event in taken],
        held_out=[(event["step"], figures(event)) for event in evaluated],
        samples=[(event["step"], event["samples"]) for event in evaluated],
        tokens_per_s=round(median(event["tokens_per_s"] for event in recent)) if recent else 0,
        step_seconds=seconds_of_a_step(recent),
    )


def figures(event: Event) -> dict[str, float]:
    """The held-out figures of an evaluation."""
    return {name: value for name, value in event.items() if isinstance(value, float)}


def seconds_of_a_step(recent: Sequence[Event]) -> float:
    """Evaluations that fell between two steps included."""
    if len(recent) < 2:
        return recent[0]["seconds"] if recent else 0.0
    spent = recent[-1]["seconds"] - recent[0]["seconds"]
    return max(0.0, spent / (recent[-1]["step"] - recent[0]["step"]))
