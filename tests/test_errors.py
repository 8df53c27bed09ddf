"""Errors in two languages, and the nearest name to a wrong one."""

from __future__ import annotations

import pytest

from gptlineage.errors import UserError, explain, language, unknown

VARIABLES = ("GPTLINEAGE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (dict(GPTLINEAGE_LANG="zh"), "zh"),
        (dict(GPTLINEAGE_LANG="en", LANG="zh_CN.UTF-8"), "en"),
        (dict(LANG="zh_CN.UTF-8"), "zh"),
        (dict(LC_ALL="zh_TW", LANG="en_US.UTF-8"), "zh"),
        (dict(LC_ALL="C.UTF-8", LANG="zh_CN.UTF-8"), "en"),
        (dict(LC_MESSAGES="de_DE.UTF-8"), "en"),
    ],
)
def test_the_language_is_the_terminals(settings, expected, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def test_an_error_speaks_both_languages():
    error = UserError("Too long.", "太长。")
    assert (str(error), explain(error, "en"), explain(error, "zh")) == ("Too long.", "Too long.", "太长。")
    assert explain(ValueError("plain"), "zh") == "plain"


def test_the_nearest_name_is_suggested():
    error = unknown("model", "模型", "GPT2", ["gpt-1", "gpt-2", "chatgpt"])
    assert "Did you mean 'gpt-2'?" in error.en
    assert "你是不是想用 'gpt-2'？" in error.zh
    assert "mean" not in unknown("model", "模型", "llama", ["gpt-1"]).en
