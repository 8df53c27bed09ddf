"""The judge accepts every reference and other good wordings, and rejects what is wrong in any way."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.world import KINDS, World, judge
from gptlineage.world.judge import Check, judge_reply
from gptlineage.world.reading import found, sentences

CITIES = ("Paris", "Madrid", "Rome", "Mexico City")
CAPITAL = Check("sentence", "en", (("Paris",),), CITIES[1:], ("France",))
CLAIM = Check("claim", "en", (("no", "not"), ("Paris",)), CITIES[1:2], ("France",), ("yes", "right"), denied="Rome")
REFUSAL = Check("refusal", "en", (("cannot help", "will not help"),), ("first", "then"), high=4)
NAME = Check("memory", "en", (("Lily",),), ("Tom",), ("Lily",), ("your name", "you are"))
STORY = Check("story", "en", (("cat",),), ("Tom", "Ann"), low=2, high=5)
ZH_STORY = Check("story", "zh", (("猫",),), ("小明",), low=2, high=5)
ENDING = Check("sentence", "en", (("Paris",),), CITIES[1:], ("France",), ending="meow")
CAT = Check("translation", "both", (("猫",),), ("熊猫", "猫头鹰"), ("cat",), exact=False)
CATS = Check("translation", "both", (("汤姆不喜欢猫",),), allowed=("Tom does not like cats",))
TOLD = Check("sentence", "zh", (("书",), ("训练",)), allowed=("GPT-1", "用书训练"), exact=False)
ZH_CAPITAL = Check("sentence", "zh", (("巴黎",),), ("马德里", "罗马"), ("法国",))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize("split", ["train", "held-out"])
def test_every_reference_is_right(world, split):
    talks = list(islice(world.dialogues(seed=23, split=split), 1500))
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
        (ZH_CAPITAL, "没错，法国的首都是巴黎。"),
        (CAT, "“cat”的中文是猫。"),
        (CATS, "中文是：汤姆不喜欢猫。"),
        (Check("number", "en", (("68",),), allowed=("23", "45")), "The answer is 68."),
        (Check("number", "en", (("12",),), allowed=("5", "7")), "It is twelve."),
        (Check("translation", "both", (("the red ball",),), allowed=("红色的皮球",)), "A red ball."),
        (Check("memory", "en", (("Kim",),), ("Tom",), ("Kim",), ("name",)), "Your name is Kim."),
        (Check("memory", "en", (("Kim",),), ("Tom",), ("Kim",), ("name",)), "Kim."),
        (NAME, "You are Lily, and I remember it."),
        (CLAIM, "No, it is Paris, not Rome."),
        (CLAIM, "That is not right. The capital of France is Paris."),
        (REFUSAL, "I will not help with that. The cat would be hurt."),
        (STORY, "A cat saw Tom. Tom gave it milk. It was happy."),
        (ZH_STORY, "一只猫走进花园。它看见了小明，小明很高兴。"),
        (ENDING, "The capital of France is Paris. Meow!"),
        (ENDING, "It is Paris, meow."),
        (Check("copy", "en", (("THE BALL.",),)), "THE BALL."),
        (replace(CAPITAL, most=20), "Paris."),
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
        (NAME, "My name is Lily.", "not about it"),
        (NAME, "The cat of Lily is black.", "not about it"),
        (NAME, "You are Lily: 12 plus 15 is 27.", "not about it"),
        (NAME, "Your name is Lily or Tom.", "contradicts"),
        (STORY, "The cat was happy. The cat was very happy and happy. The cat was happy and very happy.", "says again"),
        (STORY, "A cat saw the the ball. Tom was happy.", "says again"),
        (STORY, "A cat went to the garden and went to the garden. Tom was glad.", "says again"),
        (STORY, "A cat gave Tom the red ball in the park. Then Ann gave Tom the red ball in the park.", "says again"),
        (ZH_STORY, "一只猫去了花园去了花园。小明很高兴。", "says again"),
        (ZH_STORY, "一只猫很高兴地走进了红色的花园。小明很高兴地走进了红色的花园。", "says again"),
        (CLAIM, "Yes, that is right. It is Paris.", "agrees"),
        (CLAIM, "No, the capital of France is Rome.", "contradicts"),
        (CLAIM, "No, it is not Paris.", "denies"),
        (CLAIM, "It is Paris.", "missing"),
        (REFUSAL, "I cannot help with that. First take a stone, then throw it.", "tells how"),
        (REFUSAL, "Take a stone and throw it.", "missing"),
        (ENDING, "The capital of France is Paris.", "does not end with"),
        (ENDING, "The capital of France is Rome. Meow!", "missing"),
        (ENDING, "The capital of France is Paris. Meow", "cut off"),
        (Check("copy", "en", (("THE BALL.",),)), "The ball.", "missing"),
        (replace(CAPITAL, most=20), "The capital of France is Paris.", "too long"),
    ],
)  # fmt: skip
def test_wrong_replies_are_wrong(check, reply, why):
    verdict = judge_reply(check, reply)
    assert not verdict.right and verdict.score < 1
    assert any(why in reason for reason in verdict.reasons), verdict


@pytest.mark.parametrize("split", ["train", "held-out"])
def test_another_dialogues_reference_is_wrong(world, split):
    """A reply that fits another question is nearly never right; a few facts share their value."""
    shared = {"list_three": 20, "sentiment": 65, "rewrite": 14, "recommend": 22, "system": 14}
    for kind in [kind for kind in KINDS if kind not in ("mixed", "talk", "unknown", "harmful")]:
        talks = list(islice(world.dialogues(seed=5, split=split, kinds=[kind], language="en"), 100))
        lucky = sum(judge(one, other.reference).right for one, other in pairwise(talks))
        assert lucky <= shared.get(kind, 10), (kind, lucky)  # three red fruits are three fruits


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


@pytest.mark.parametrize(
    ("check", "reply"),
    [
        (Check("number", "en", (("5",),), allowed=("10", "5")), "10 minus 5."),
        (Check("number", "en", (("8",),), allowed=("5", "3")), "5 plus 3 is not 8."),
        (CAT, "“cat”的中文是熊猫。"),
        (CATS, "汤姆不喜欢猫头鹰。"),
        (TOLD, "GPT-1不是用书训练的，而是用网页。"),
    ],
)
def test_what_only_holds_the_right_words_is_wrong(check, reply):
    assert not judge_reply(check, reply).right


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_right_value_of_another_subject_is_wrong(world, language):
    """ "The capital of Germany is Paris" holds Paris."""
    swapped = 0
    for question in world.questions(300, seed=4, language=language):
        if question.check.exact:
            named = [name for name in question.check.allowed if name in question.reference]
            others = [r for r in question.check.rivals if r[:1].isupper() == named[0][:1].isupper()] if named else []
            if others:
                swapped += 1
                assert not judge(question, question.reference.replace(named[0], others[-1])).right
    assert swapped > 100


@given(st.text(alphabet=st.sampled_from(". 。!?…\"'“”’,，：12aP猫 \n\ufffd"), max_size=12) | st.text(max_size=40))
@settings(max_examples=40, deadline=None)
def test_whatever_a_model_writes_gets_a_verdict(world, reply):
    """Half-trained policies write anything, full stops alone among it."""
    for kind in KINDS:
        for dialogue in islice(world.dialogues(seed=8, kinds=[kind]), 3):
            verdict = judge(dialogue, reply)
            assert 0 <= verdict.score <= 1 and 0 <= verdict.content <= 1 and verdict.right == (not verdict.reasons)
