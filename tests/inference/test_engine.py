"""The engine that the front ends share: prompts, conversations, names, and many models at once."""

from __future__ import annotations

import pytest

from gptlineage.inference import engine, load, model_names
from gptlineage.inference.compare import continuations, interleave
from gptlineage.inference.engine import first_line
from tests.tiny import complaint, load_tiny, save_tiny


@pytest.fixture(scope="module")
def lm(tmp_path_factory):
    return load_tiny(tmp_path_factory.mktemp("base"), spread=0.2, n_ctx=64)


@pytest.fixture(scope="module")
def chatty(tmp_path_factory):
    return load_tiny(tmp_path_factory.mktemp("chat"), ("pretrain", "sft"), spread=0.2, n_ctx=64)


def said(content: str, role: str = "user") -> dict[str, str]:
    return dict(role=role, content=content)


def test_a_stream_joins_to_the_text(lm):
    settings = dict(max_new_tokens=80, temperature=1.0, seed=5)
    assert "".join(lm.stream("Once", **settings)) == lm.generate("Once", **settings)
    assert lm.generate("Once", **settings) != lm.generate("Once", **{**settings, "seed": 6})
    assert lm.generate("Once", temperature=0) == lm.generate("Once", temperature=0, seed=4)


@pytest.mark.parametrize("prompt", ["", " ", "\n\t", "　"])
def test_an_empty_prompt_is_refused(lm, prompt):
    with complaint("prompt is empty"):
        lm.stream(prompt)  # before anything is asked of the stream


def test_a_prompt_that_is_too_long_is_refused(lm):
    assert lm.generate("x" * 63, max_new_tokens=2) is not None
    with complaint("The prompt has 64 tokens, but .* reads at most 63"):
        lm.stream("x" * 64)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (dict(temperature=9), "temperature 9 is out of range"),
        (dict(top_k=-1), "top_k -1"),
        (dict(top_p=0), "top_p 0"),
        (dict(max_new_tokens=0), "max_new_tokens is 0"),
        (dict(max_new_tokens=-5), "max_new_tokens is -5"),
        (dict(seed=2**70), "seed"),
    ],
)
def test_settings_out_of_range_are_refused_at_once(lm, chatty, wrong, match):
    with complaint(match):
        lm.stream("Once", **wrong)
    for model in (lm, chatty):
        with complaint(match):
            model.stream_chat([said("Hi")], **wrong)


def test_a_conversation_is_answered(chatty, lm):
    assert chatty.speaks_chat
    assert not lm.speaks_chat
    for model in (chatty, lm):
        reply = model.chat([said("Hi")], seed=1, max_new_tokens=30)
        assert reply == model.chat([said("Hi")], seed=1, max_new_tokens=30) == reply.strip()
    assert "\n" not in lm.chat([said("Hi")], seed=1)


def test_a_long_conversation_forgets_its_beginning(chatty, lm):
    turns = [said(f"message {i}", ("user", "assistant")[i % 2]) for i in range(41)]
    for model in (chatty, lm):
        assert isinstance(model.chat(turns, seed=0, max_new_tokens=10), str)
        with complaint("tokens, but"):
            model.chat([*turns, said("x" * 100)], max_new_tokens=10)


def test_a_chat_model_is_shown_no_more_than_the_longest_demonstrations(chatty):
    """Here 44 of 64 ids: what is more is forgotten, though there would be room for it beside the reply."""
    last, settings = said("Hello"), dict(temperature=0.0, max_new_tokens=10)
    near, far = ([said("a" * n), said("b", "assistant"), last] for n in (20, 36))
    assert chatty.chat(far, **settings) == chatty.chat([last], **settings) != chatty.chat(near, **settings)


@pytest.mark.parametrize("messages", [[], [said("")], [said("Hi", "robot")], [{"role": "user"}], "Hi"])
def test_conversations_that_nobody_could_answer_are_refused(chatty, lm, messages):
    for model in (chatty, lm):
        with complaint("empty|role|content"):
            model.stream_chat(messages)


@pytest.mark.parametrize(
    ("pieces", "line"),
    [(["\n", " a", "b\n", "c"], "ab"), (["a\nb"], "a"), (["", "\n\n"], ""), (["a", "b"], "ab"), ([" \n x\n"], "x")],
)
def test_a_base_models_reply_ends_with_its_line(pieces, line):
    assert "".join(first_line(iter(pieces))) == line


def test_released_models_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "models_dir", lambda: tmp_path)
    assert model_names() == []
    save_tiny(tmp_path / "gpt-2")
    (tmp_path / "notes").mkdir()
    assert model_names() == ["gpt-2"]
    assert load("gpt-2").name == "gpt-2"
    with complaint("There is no model 'gpt2'. Did you mean 'gpt-2'"):
        load("gpt2")
    for name in ("nothing-like-it", "~nobody-has-this-name/model", str(tmp_path / "none"), "a\0b"):
        with complaint("There is no model"):
            load(name)
    with complaint("holds no finished model"):
        load(tmp_path / "notes")
    save_tiny(tmp_path / "a-child", ("pretrain", "sft"))  # of the same year as its parent
    assert model_names() == ["gpt-2", "a-child"]


def test_one_prompt_through_several_models(lm, chatty):
    settings = dict(seed=1, max_new_tokens=10, temperature=1.0)
    rows = continuations([lm, chatty], "Once", **settings)
    assert [row["text"] for row in rows] == [model.generate("Once", **settings) for model in (lm, chatty)]
    (row,) = continuations([lm], "x" * 99, **settings)
    assert "text" not in row
    assert "99 tokens" in row["error"]
    assert "词元" in row["error_zh"]


def test_streams_advance_together_and_the_short_one_holds_up_nobody():
    states = list(interleave([iter("ab"), iter(""), iter("xyz")]))
    assert states[0] == ["a", "", "x"]
    assert states[-1] == ["ab", "", "xyz"]
