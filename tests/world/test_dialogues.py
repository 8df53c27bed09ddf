"""Conversations are varied, true, within their length, careless only in the frame, and obey their system message."""

from __future__ import annotations

import tomllib
from itertools import islice

import pytest

from gptlineage.paths import data_dir
from gptlineage.world import World, judge
from gptlineage.world.chance import stream
from gptlineage.world.dialogues import LONGEST
from gptlineage.world.judge import judge_reply
from gptlineage.world.reading import found

LANGUAGES = ("en", "zh")
SPLITS = ("train", "held-out")
COPIES = ("rewrite.upper", "rewrite.repeat", "rewrite.backwards")  # their reply is the text itself
OWN_TEXT = ("scramble", "passage", "sentiment", "rewrite", "recommend", "correct", "harmful")


def _read(name: str) -> dict:
    return tomllib.loads((data_dir() / "world" / f"{name}.toml").read_text(encoding="utf-8"))


def _intents() -> dict[str, tuple[dict, dict, dict]]:
    """Name -> phrasings for training, held-out ones, replies, each by language."""
    found: dict[str, tuple[dict, dict, dict]] = {}

    def walk(name: str, table: dict) -> None:
        for train, held, reply in (
            ("train", "held_out", "reply"), ("user", "held_out", "reply"),
            ("tell", "tell_held_out", "ack"), ("ask", "ask_held_out", "reply"),
        ):  # fmt: skip
            if train in table and held in table:
                found[f"{name}.{train}" if "tell" in table else name] = (
                    table[train],
                    table[held],
                    table.get(reply, {}),
                )
        for key, inner in table.items():
            if isinstance(inner, dict) and key not in LANGUAGES:
                walk(f"{name}.{key}".strip("."), inner)

    walk("", _read("asks"))
    for intent in _read("talk")["intents"]:
        walk(f"talk.{intent['name']}", intent)
    return found


INTENTS = _intents()


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def turns(world):
    return world._dialogues.turns


@pytest.fixture(scope="module")
def talks(world):
    return {split: list(islice(world.dialogues(seed=41, split=split), 2500)) for split in SPLITS}


def _users(talk) -> list[str]:
    return [m["content"] for m in talk.messages if m["role"] == "user"]


def _some(turns, kind: str, n: int = 80):
    for language in LANGUAGES:
        for split in SPLITS:
            rng = stream(5, "test", kind, language, split)
            for _ in range(n):
                yield language, turns.turn(rng, kind, language, split)


def test_every_intent_has_many_phrasings_and_a_quarter_held_out():
    assert len(INTENTS) > 55
    for name, (train, held, _) in INTENTS.items():
        for language in train:
            some, kept = set(train[language]), set(held[language])
            assert len(some) + len(kept) >= 12 and len(kept) >= 3, (name, language)
            assert not some & kept, (name, language, some & kept)


def test_replies_have_several_wordings():
    for name, (_, _, replies) in INTENTS.items():
        for language, some in replies.items():
            assert len(set(some)) >= 3 or name in COPIES, (name, language)


def test_no_phrasing_is_in_both_splits():
    """Over all intents: what one holds out, no other trains on."""
    frames = ("passage", "sentiment")  # "{p} {q}" says nothing itself
    train = {text for name, (t, _, _) in INTENTS.items() if name not in frames for some in t.values() for text in some}
    held = {text for name, (_, h, _) in INTENTS.items() if name not in frames for some in h.values() for text in some}
    assert sorted(train & held) == []


def test_conversations_fit_and_begin_with_a_system_message_now_and_then(talks):
    for some in talks.values():
        for talk in some:
            text = "".join(m["content"] for m in talk.messages)
            assert len(text) + 2 * sum(char > "\u2e7f" for char in text) <= LONGEST or len(talk.messages) <= 3
        begun = sum(talk.messages[0]["role"] == "system" for talk in some) / len(some)
        assert 0.035 < begun < 0.075
        roles = [[m["role"] for m in talk.messages if m["role"] != "system"] for talk in some]
        assert all(r == ["user", "assistant"] * (len(r) // 2) for r in roles)


def test_held_out_users_say_nothing_that_training_users_say(talks):
    kinds = [*OWN_TEXT, "story", "list_three"]
    train = {text for talk in talks["train"] if talk.kind in kinds for text in _users(talk)[-1:]}
    held = {text for talk in talks["held-out"] if talk.kind in kinds for text in _users(talk)[-1:]}
    assert len(held) > 250 and not train & held


def test_careless_typing_spares_names_numbers_and_what_is_asked_about(turns):
    wording = turns.wording
    changed = 0
    for kind in ("fact", "sum", "translate", "story", "passage", "sentiment", "correct"):
        for language, turn in _some(turns, kind, 40):
            rng = stream(1, turn.user)
            for _ in range(5):
                typed = wording.mistype(rng, turn.user, turn.keep, language)
                changed += typed != turn.user
                kept = [part for part in turn.keep if part in turn.user]
                assert all(part in typed for part in kept), (typed, kept)
                assert [c for c in typed if c.isdigit()] == [c for c in turn.user if c.isdigit()]
    assert changed > 2000


def test_one_turn_in_eight_is_mistyped(turns):
    rng, seen, slips = stream(2, "typing"), 0, 0
    for language, turn in _some(turns, "fact", 1000):
        typed = turns.wording.mistyped(rng, [turn], language)[0]
        seen, slips = seen + 1, slips + (typed.user != turn.user)
    assert 0.08 < slips / seen < 0.14


def test_scrambles_keep_their_letters(turns):
    for _, turn in _some(turns, "scramble"):
        shown, word = turn.keep[0], turn.check.keys[0][0]
        assert sorted(c for c in shown if c.isalpha()) == sorted(word) and shown != word
        assert not judge_reply(turn.check, turn.reply.replace(word, shown)).right


def test_rewriting_is_done_right(turns):
    done = set()
    for language, turn in _some(turns, "rewrite", 300):
        x, y = turn.keep[0], turn.check.keys[0][0]
        ways = {
            "upper": x.upper(), "repeat": x, "backwards": " ".join(x.split()[::-1]) if language == "en" else x[::-1],
            "letters": str(len(x)), "words": str(len(x.split())),
        }  # fmt: skip
        fits = [way for way, result in ways.items() if result == y]
        assert fits, turn
        done |= {(language, way) for way in fits}
        if turn.check.form == "copy" and y != y.lower():
            assert not judge_reply(turn.check, turn.reply.lower()).right
    assert len(done) >= 8


def test_passages_are_answered_from_their_state(turns):
    """Read in English by a small reader of its own: the last place or holder that the passage gives is right."""
    moves = 0
    rng = stream(9, "passages")
    people = [name for name, _ in turns.people.names["en"]]
    places = {p["en"]: p for p in turns.people.pools["places"]}
    for _ in range(400):
        turn = turns.turn(rng, "passage", "en", "train")
        text, x = turn.keep
        key = turn.check.keys[0][0]
        assert key in text, turn
        if x in people and key not in people:  # where somebody is: the last sentence with both
            at = {p: max(text.rfind(p), text.rfind(places[p]["at"])) for p in places if p in text}
            with_x = [s for s in text.split(". ") if x in s.split(" ") or x in s]
            last = [p for s in with_x for p in at if p in s]
            if len(last) == 1 or (last and " stayed" not in text and " met " not in text and " and " not in text):
                assert key in last[-1], turn
                moves += 1
        wrong = next(r for r in turn.check.rivals if r not in turn.reply and r not in turn.check.allowed)
        assert not judge_reply(turn.check, turn.reply.replace(key, wrong)).right, turn
    assert moves > 40


def test_reviews_are_judged_by_mood(turns):
    moods = [turn.check.keys[0][0] for language, turn in _some(turns, "sentiment", 200) if language == "en"]
    assert 140 < moods.count("positive") < 260
    for _, turn in _some(turns, "sentiment", 40):
        other = turn.check.rivals[0]
        assert not judge_reply(turn.check, turn.reply.lower().replace(turn.check.keys[0][0], other)).right


def test_claims_are_true_or_corrected(turns):
    for language, turn in _some(turns, "correct"):
        truth = turn.fact.value.text[language]
        before, named, _ = turn.reply.partition(truth)
        assert named and not found(turn.check.keys[0], before), turn.reply  # what is so, and then the verdict
        if turn.check.denied:
            assert turn.check.denied != truth and turn.check.denied.lower() in turn.user.lower()
            yes = "Yes. " if language == "en" else "对。"
            wrong = turn.fact.fill(f"It is {turn.check.denied}.", language)
            assert not judge_reply(turn.check, yes + turn.reply).right
            assert not judge_reply(turn.check, wrong if language == "en" else f"对，是{turn.check.denied}。").right
        else:
            assert truth.lower() in turn.user.lower()
            assert not judge_reply(turn.check, ("No. " if language == "en" else "不对。") + turn.reply).right


def test_three_of_a_kind_are_three_that_follow_one_another(turns):
    for _, turn in _some(turns, "list_three"):
        which = {word.casefold(): i for i, group in enumerate(turn.check.keys) for word in group}
        named = sorted({which[word] for word in found((*which, *turn.check.allowed), turn.reply) if word in which})
        last = len(turn.check.keys) - 1
        assert len(named) == 3
        assert named[2] - named[0] == 2 or named in ([0, 1, last], [0, last - 1, last]), turn.reply


def test_harm_is_declined_and_its_neighbour_answered(turns):
    subjects = _read("asks")["harmful"]["subjects"]
    assert len(subjects) >= 14
    for language in LANGUAGES:
        texts = [subject[language] for subject in subjects]
        assert len({s["bad"] for s in texts} | {s["good"] for s in texts}) == 2 * len(texts)
    refused = 0
    for language, turn in _some(turns, "harmful", 200):
        subject = next(
            (s[language] for s in subjects if turn.keep[0] in (s[language]["bad"], s[language]["good"])), None
        )
        if turn.check.form == "refusal":
            refused += 1
            if subject:
                assert not judge_reply(turn.check, subject["tell"]).right
        else:
            assert turn.keep[0] == subject["good"]
            assert not judge_reply(turn.check, "I am sorry, I cannot help with that.").right
            assert not judge_reply(turn.check, "对不起，这个我不能帮忙。").right
    assert 350 < refused < 650


def test_advice_that_does_not_fit_is_wrong(turns):
    for language, turn in _some(turns, "recommend"):
        wrong = turn.check.rivals[0]
        assert not judge_reply(turn.check, f"You could take {wrong}." if language == "en" else f"你可以{wrong}。").right


def test_every_reply_obeys_the_system_message(world):
    endings = _read("asks")["system"]["ending"]["words"]
    orders = set()
    for split in SPLITS:
        for talk in islice(world.dialogues(seed=8, split=split, kinds=["system"]), 300):
            order, replies = talk.messages[0]["content"], [m["content"] for m in talk.messages[2::2]]
            if talk.check.ending:
                orders.add("ending")
                assert talk.check.ending in endings[talk.language] and talk.check.ending in order
                assert all(r.lower().rstrip("!！").endswith(talk.check.ending) for r in replies)
                assert not judge(talk, talk.reference[: -len(talk.check.ending) - 1]).right
            elif talk.check.language != talk.language:
                orders.add("other")
                assert ("Chinese" in order) if talk.language == "en" else ("英" in order)
                assert all((any(c > "\u2e7f" for c in r)) == (talk.language == "en") for r in replies)
            elif talk.check.most:
                orders.add("brief")
                assert len(replies[-1]) <= talk.check.most and all(len(r) < 100 for r in replies)
                assert not judge(talk, "Well, if you ask me like this, I would say: " + talk.reference).right
            else:
                orders.add("one word")
                assert talk.check.form == "word"
    assert len(orders) == 4


def test_mixed_talk_changes_its_subject_and_comes_back(world):
    links = _read("asks")["link"]
    for language in LANGUAGES:
        talks = islice(world.dialogues(seed=4, kinds=["mixed"], language=language), 1500)
        later = [text for talk in talks for text in _users(talk)[1:]]
        for link in links.values():
            starts = tuple(text.split("{x}")[0] for text in link["train"][language])
            assert sum(text.startswith(tuple(s for s in starts if s)) for text in later) > 30
