"""The judge accepts every reference and other good wordings, and rejects what is wrong in any way."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest

from gptlineage.world import KINDS, World, judge
from gptlineage.world.judge import Check, judge_reply
from gptlineage.world.reading import found, sentences

CITIES = ("Paris", "Madrid", "Rome", "Mexico City")
CAPITAL = Check("sentence", "en", (("Paris",),), CITIES[1:], ("France",))
ZH_CAPITAL = Check("sentence", "zh", (("巴黎",),), ("马德里", "罗马"), ("法国",))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize("split", ["train", "held-out"])
def test_every_reference_is_right(world, split):
    talks = list(islice(world.dialogues(seed=23, split=split), 2500))
    wrong = [(judge(talk, talk.reference), talk.reference) for talk in talks]
    assert not [pair for pair in wrong if not pair[0].right or pair[0].score < 1][:5]


@pytest.mark.parametrize(
    ("check", "reply"),
    [
        (CAPITAL, "The capital of France is Paris."),
        (CAPITAL, "It is Paris."),
        (CAPITAL, "Paris!"),
        (CAPITAL, "paris is the French capital."),
        (ZH_CAPITAL, "是巴黎。"),
        (ZH_CAPITAL, "法国的首都是巴黎。"),
        (Check("number", "en", (("68",),), allowed=("23", "45")), "The answer is 68."),
        (Check("number", "en", (("12",),), allowed=("5", "7")), "It is twelve."),
        (Check("translation", "both", (("the red ball",),), allowed=("红色的皮球",)), "A red ball."),
        (Check("memory", "en", (("Kim",),), ("Tom",), ("Kim",), ("name",)), "Your name is Kim."),
        (Check("memory", "en", (("Kim",),), ("Tom",), ("Kim",), ("name",)), "Kim."),
    ],
)
def test_other_wordings_are_right(check, reply):
    assert judge_reply(check, reply).right, judge_reply(check, reply)


@pytest.mark.parametrize(
    ("check", "reply", "why"),
    [
        (CAPITAL, "", "empty"),
        (CAPITAL, "The capital of France is Madrid.", "missing"),
        (CAPITAL, "The capital of France is Paris or Madrid.", "contradicts"),
        (CAPITAL, "The capital of France is not Paris.", "denies"),
        (CAPITAL, "The capital of France is Paris", "cut off"),
        (CAPITAL, "法国的首都是 Paris。", "another language"),
        (CAPITAL, "It is Paris. It is Paris.", "repeats"),
        (CAPITAL, "It is Parisian.", "missing"),
        (ZH_CAPITAL, "The capital of France is 巴黎.", "another language"),
        (ZH_CAPITAL, "法国的首都是巴黎和罗马。", "contradicts"),
        (Check("word", "en", (("Paris",),), CITIES[1:], ("France",)), "The capital of France is Paris.", "alone"),
        (Check("number", "en", (("68",),), allowed=("23", "45")), "23 plus 45 is 67.", "missing"),
        (Check("number", "en", (("68",),), allowed=("23", "45")), "23 plus 45 is 67 or 68.", "contradicts"),
        (Check("memory", "en", (("Lily",),), ("Tom",), ("Lily",), ("name",)), "Lily: 12 plus 15.", "not about it"),
        (Check("memory", "en", (("Kim",),), ("Tom",), ("Kim",), ("name",)), "Your name is Tom.", "missing"),
        (Check("translation", "both", (("dog",),), allowed=("狗",)), "狗 in English is \"cat\".", "missing"),
        (Check("list", "en", (("cat",), ("dog",), ("cow",)), ("oak",), ("animals",), low=3, high=3),
         "Three animals are cat, dog and oak.", "2 right items"),
        (Check("list", "en", (("cat",), ("dog",), ("cow",)), (), ("animals",), low=3, high=3),
         "Three animals are cat, dog and cat.", "2 right items"),
        (Check("story", "en", (("cat",),), ("Tom", "Ann"), low=2, high=5), "Tom saw a dog. Tom was happy.", "missing"),
        (Check("story", "en", (("cat",),), ("Tom", "Ann"), low=2, high=2), "Tom saw a cat.", "1 sentences"),
    ],
)  # fmt: skip
def test_wrong_replies_are_wrong(check, reply, why):
    verdict = judge_reply(check, reply)
    assert not verdict.right and verdict.score < 1
    assert any(why in reason for reason in verdict.reasons), verdict


@pytest.mark.parametrize("split", ["train", "held-out"])
def test_another_dialogues_reference_is_wrong(world, split):
    """A reply that fits another question is nearly never right; a few facts share their value."""
    for kind in [kind for kind in KINDS if kind not in ("mixed", "talk", "unknown")]:
        talks = list(islice(world.dialogues(seed=5, split=split, kinds=[kind], language="en"), 200))
        lucky = sum(judge(one, other.reference).right for one, other in pairwise(talks))
        assert lucky <= (40 if kind == "list_three" else 16), (kind, lucky)  # three red fruits are three fruits


def test_cut_replies_are_wrong(world):
    talks = list(islice(world.dialogues(seed=6), 500))
    cut = [judge(talk, talk.reference[: len(talk.reference) // 2]) for talk in talks]
    assert sum(verdict.right for verdict in cut) <= 10


def test_longest_name_wins():
    assert found(("GPT-3", "GPT-3.5"), "GPT-3.5 came later. GPT-3 came first.") == ["gpt-3.5", "gpt-3"]
    assert found(("GPT-3",), "GPT-3.5 came later.") == []


def test_sentences_know_quotations():
    assert len(sentences("“别怕。”小明轻轻地说。小猫看着他。")) == 2
    assert len(sentences("小红说：“你好！”小明笑了。")) == 2
    assert len(sentences('"Come here!" said Tom. They ran home.')) == 2
    assert len(sentences("GPT-3.5 came in 2022. It talks.")) == 2
