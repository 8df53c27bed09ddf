"""A conversation as a file, and the terminal that writes one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gptlineage as gl
from gptlineage.inference.conversations import as_json, as_markdown, save_conversation
from gptlineage.inference.terminal import converse

TALK = [
    {"role": "system", "content": "Be *brief*."},
    {"role": "user", "content": "# Hi\nthere"},
    {"role": "assistant", "content": "你好。"},
]
SETTINGS = dict(max_new_tokens=8, temperature=0.5, top_k=50, top_p=1.0, seed=0)


def test_markdown_names_the_speakers_and_quotes_them() -> None:
    page = as_markdown(TALK, "ChatGPT")
    assert page.index("**System message**") < page.index("**You**") < page.index("**ChatGPT**")
    assert "> Be \\*brief\\*." in page and "> \\# Hi  \n> there" in page
    assert "**你**" in as_markdown(TALK, "ChatGPT", "zh")


def test_json_is_what_chat_programs_exchange() -> None:
    assert json.loads(as_json(TALK, "ChatGPT")) == {"model": "ChatGPT", "messages": TALK}


def test_the_name_of_the_file_chooses_the_form(tmp_path: Path) -> None:
    save_conversation(tmp_path / "new" / "talk.json", TALK, "ChatGPT")
    assert json.loads((tmp_path / "new" / "talk.json").read_text(encoding="utf-8"))["messages"] == TALK
    with pytest.raises(gl.UserError, match=r"\.md, \.json"):
        save_conversation(tmp_path / "talk.txt", TALK, "ChatGPT")
    (tmp_path / "file").write_text("x")
    with pytest.raises(gl.UserError, match="another place"):
        save_conversation(tmp_path / "file" / "talk.md", TALK, "ChatGPT")


def test_the_terminal_hears_a_system_message_and_saves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = iter(["/system Answer in Chinese.", "Hello", f"/save {tmp_path / 'a.json'}", "/save b.txt", "/quit"])
    monkeypatch.setattr("builtins.input", lambda _: next(lines))
    converse(gl.load("chatgpt"), SETTINGS, "en")
    said = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["messages"]
    assert [message["role"] for message in said] == ["system", "user", "assistant"]
    told = capsys.readouterr().out
    assert "Saved." in told and "one of these endings" in told
