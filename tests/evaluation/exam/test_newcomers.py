"""Users with names that the model never read, in the exam of conversation."""

from __future__ import annotations

from typing import Any

import pytest

import gptlineage as gl
from gptlineage.evaluation.exam import conversation
from gptlineage.world.newcomers import Newcomers


def test_the_reference_is_right_and_any_other_name_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = gl.load("chatgpt")
    seen: list[Any] = []

    def reference(_: gl.LanguageModel, dialogues: Any, __: Any) -> list[str]:
        seen.extend(dialogues)
        return [dialogue.reference for dialogue in dialogues]

    monkeypatch.setattr(conversation, "replies", reference)
    rows = conversation.ask_newcomers(lm, n=20, seeds=1)
    assert {row["value"] for row in rows} == {1.0}
    assert {row["n"] for row in rows if row["task"].endswith(("answered", "remembered"))} == {20}
    names = {key for dialogue in seen for keys in dialogue.check.keys for key in keys}
    cast = {name for pool in Newcomers().told.values() for name in pool.pattern.split("|")}
    assert len(names) == 20 and not names & cast

    monkeypatch.setattr(conversation, "replies", lambda _, dialogues, __: ["You are Tom. 你叫小明。"] * len(dialogues))
    rows = conversation.ask_newcomers(lm, n=20, seeds=0)
    assert {row["value"] for row in rows if row["metric"] == "right, greedy"} == {0.0}
