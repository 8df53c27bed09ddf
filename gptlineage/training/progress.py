"""What a person sees while a model trains: one bar for each stage, and a line at each evaluation."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

from .loop import Event


class ProgressBar:
    """A listener for the events of one stage; as a context, it leaves a finished line however the stage ends."""

    def __init__(self, title: str):
        self.title = title
        self.bar: Any = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, event: Event) -> None:
        if self.bar is None:
            begun = max(0, event["step"] - 1)
            self.bar = tqdm(total=event["steps"], initial=begun, desc=self.title, unit="step", dynamic_ncols=True)
        if "loss" in event:
            self.bar.n = event["step"]
            self.bar.set_postfix_str(f"loss {event['loss']:.3f}, {event['tokens_per_s']:,} tokens/s", refresh=False)
            self.bar.update(0)
        else:
            self.evaluated(event)
        if event["step"] == event["steps"] and "loss" not in event:
            self.bar.close()

    def evaluated(self, event: Event) -> None:
        figures = [
            f"{name.replace('_', ' ')} {value:.3f}" for name, value in event.items() if isinstance(value, float)
        ]
        self.bar.write(f"{self.title}  step {event['step']}: " + ", ".join(figures))
        for sample in event["samples"]:
            text = " ".join(sample["text"].split())
            self.bar.write(f"    {sample['prompt'].strip()} → {text}" if sample["prompt"].strip() else f"    {text}")
