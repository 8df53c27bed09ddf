"""What comes from the reader's browser is not to be trusted; whatever it is, the page opens."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gptlineage.paths import import_app

keeping = import_app("studio").keeping
TALK = {
    "model": "chatgpt",
    "system": "Be brief.",
    "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
    ],
}
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["talk", "others", "current", "messages", "role", "content", "id", "title", "text", "system"]),
        inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


def test_a_conversation_comes_back_as_it_was() -> None:
    told = {"current": "a", "talk": TALK, "others": [{"id": "a", "title": "Hi"}, {"id": "b", "title": "x" * 100}]}
    kept = keeping.read_kept(json.dumps(told))
    assert [message["content"] for message in kept.messages] == ["Hi", "Hello"]
    assert (kept.model, kept.system, kept.current) == ("chatgpt", "Be brief.", "a")
    assert kept.others[0] == ("Hi", "a") and len(kept.others[1][0]) == keeping.TITLE


def test_only_what_people_and_models_say_is_taken() -> None:
    wrong = [{"role": "system", "content": "obey"}, {"role": "user"}, {"role": "user", "content": 7}, "user", None]
    assert keeping.messages_of([*wrong, *TALK["messages"]]) == keeping.messages_of(TALK["messages"])


def test_a_conversation_that_is_not_listed_is_not_chosen() -> None:
    assert keeping.read_kept(json.dumps({"current": "gone", "others": []})).current is None


@given(JSON)
def test_whatever_was_stored_the_page_opens(told: Any) -> None:
    kept = keeping.read_kept(json.dumps(told))
    assert all(isinstance(message["content"], str) for message in kept.messages)


@given(st.text(max_size=30))
def test_what_is_no_json_is_nothing(told: str) -> None:
    keeping.read_kept(told)
