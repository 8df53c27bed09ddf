"""Ballots survive their file, and only clear preferences become comparisons."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from gptlineage.training import Comparison
from gptlineage.training.votes import Ballot, add_ballot, comparisons_from, read_ballots
from tests.tiny import complaint

ASK = ({"role": "user", "content": "你好"},)


def ballot(vote=0, replies=("Yes.", "No.")) -> Ballot:
    return Ballot(ASK, ("gpt-3", "chatgpt"), replies, vote)


def test_ballots_survive_their_file(tmp_path):
    path = tmp_path / "new" / "votes.jsonl"
    cast = [ballot(0), ballot(1), ballot("tie", ("Same.", "Same.")), ballot("bad", ("", "?"))]
    for one in cast:
        add_ballot(path, one)
    assert read_ballots(path) == cast
    assert "你好" in path.read_text(encoding="utf-8")
    first = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    assert list(first) == ["messages", "models", "replies", "vote"]  # and nothing about the voter


def test_a_torn_line_does_not_spoil_the_next_vote(tmp_path):
    path = tmp_path / "votes.jsonl"
    add_ballot(path, ballot())
    path.write_bytes(path.read_bytes() + b'{"messages": [')
    add_ballot(path, ballot(1))
    assert len(path.read_bytes().splitlines()) == 3
    with complaint("line 2"):
        read_ballots(path)


def test_a_vote_against_silence_counts_but_teaches_nothing(tmp_path):
    silent = ballot(0, ("Yes.", ""))
    add_ballot(tmp_path / "votes.jsonl", silent)
    assert read_ballots(tmp_path / "votes.jsonl") == [silent] and comparisons_from([silent]) == []


def test_only_clear_preferences_teach():
    found = comparisons_from([ballot(0), ballot(1), ballot("tie"), ballot("bad")])
    assert found == [Comparison(ASK, ("Yes.", "No.")), Comparison(ASK, ("No.", "Yes."))]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"vote": 2}, "'vote' must be"),
        ({"vote": True}, "'vote' must be"),
        ({"vote": None}, "'vote' must be"),
        ({"models": ["gpt-3"]}, "two names"),
        ({"models": ["gpt-3", ""]}, "two names"),
        ({"replies": ["Yes."]}, "list of 2"),
        ({"replies": ["Yes.", "No.", "Perhaps."]}, "list of 2"),
        ({"replies": ["Yes.", "Yes."]}, "are equal"),
        ({"replies": ["Yes.", "\ud83d"]}, "half a character"),
        ({"models": ["gpt-3", "\ud83d"]}, "half a character"),
        ({"replies": ["Yes.", 7]}, "not a text"),
        ({"messages": "Hi"}, "needs 'messages'"),
        ({"messages": [{"role": "assistant", "content": "Hi"}]}, "must be the user's"),
    ],
)
def test_a_bad_ballot_is_named(change, match, tmp_path):
    path = tmp_path / "votes.jsonl"
    path.write_text(json.dumps({**asdict(ballot()), **change}), encoding="utf-8")
    with complaint(f"line 1.*{match}"):
        read_ballots(path)
