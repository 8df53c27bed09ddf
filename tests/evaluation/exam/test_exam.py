"""The exam asks what it says, counts what is right, and knows what guessing would give."""

from __future__ import annotations

import json

import pytest

from gptlineage.errors import UserError
from gptlineage.evaluation.exam import write_sheet
from gptlineage.evaluation.exam.baselines import BagOfWords, bag_of_words_rows, commonest, trivial_rows
from gptlineage.evaluation.exam.grading import fitted, is_right
from gptlineage.evaluation.exam.tasks import TASKS, Question, join_answer, published
from gptlineage.text import Tokenizer
from gptlineage.world import World

BY_NAME = {task.name: task for task in TASKS}


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_questions_are_the_same_every_time_and_in_both_languages(world, task):
    k = max(task.ks)
    questions = task.questions(world, 24, k)
    assert questions == task.questions(world, 24, k)
    assert all(q.prompt.strip() and q.answer.strip() and "{" not in q.prompt + q.answer for q in questions)
    assert all(q.answer in q.choices and len(set(q.choices)) == len(q.choices) for q in questions if q.choices)
    assert all(len(q.shots) == k for q in questions)
    assert len({(q.prompt, q.answer) for q in questions}) == len(questions)
    languages = {any("\u4e00" <= c <= "\u9fff" for c in q.prompt) for q in questions}
    of_digits = task.family in ("sums", "mappings") or task.listed == "numbers"
    assert languages == {True, False} or of_digits or len(task.languages) == 1


@pytest.mark.parametrize("name", ["sums, 2 digits", "differences, 2 digits"])
def test_sums_are_right_and_the_examples_are_of_the_training_split(world, name):
    from gptlineage.world.sums import held_out_pair

    for question in BY_NAME[name].questions(world, 40, 4):
        shots = [(True, shot) for shot in question.shots]
        for shown, (prompt, answer) in [(False, (question.prompt, question.answer)), *shots]:
            a, sign, b, _ = prompt.split()
            assert int(answer) == (int(a) + int(b) if sign == "+" else int(a) - int(b))
            assert held_out_pair(int(a), int(b)) != shown


@pytest.mark.parametrize("kind", ["relation", "translated", "letters", "cycled", "reversed", "inserted"])
def test_a_new_item_of_a_seen_format_stands_on_no_training_list(kind):
    from gptlineage.world.chance import Wheel, stream
    from gptlineage.world.lists import new_item

    lists = World().lists
    rng = stream(5, "test")
    pairs, asked_for = lists.episode(rng, kind, "en", 8)
    assert new_item(asked_for) and not any(map(new_item, pairs))
    lists.makers = Wheel([(kind, 1)])  # pages of this format alone
    lists.frames = {**lists.frames, "arrows": {"en": [" -> "]}, "joins": ["\n"]}
    shown = [line.split(" -> ", 1) for _ in range(100) for line in lists.page(rng, "en", "train").split("\n") if line]
    assert len(shown) > 500 and not [pair for pair in shown if new_item((pair[0], pair[1]))]
    held = [line.split(" -> ", 1) for _ in range(100) for line in lists.page(rng, "en", "held-out").split("\n") if line]
    assert any(new_item((pair[0], pair[1])) for pair in held)


def test_mappings_hold_in_the_prompt_only(world):
    for question in BY_NAME["random mapping"].questions(world, 40, 8):
        table = dict(question.shots)
        assert len(table) == 8 and table[question.prompt] == question.answer and question.answer in question.choices


@pytest.mark.parametrize(
    ("answer", "said", "right"),
    [
        ("72", " 72\n5 + 3 = 8", True),
        ("72", "72. 5 + 3", True),
        ("72", "720", False),
        ("Paris", "Paris, the capital", True),
        ("Paris", "paris", False),
        ("DOG", "dog", False),
        ("dog", "dog dog", False),
        ("Tom likes cats.", "Tom likes cats and dogs.", False),
        ("Tom likes cats.", "Tom likes cats", True),
        ("72", "72 5", False),
        ("猫", "猫；狗 -> dog", True),
        ("Paris", "The answer is Paris", False),
        ("猫", "猫。", True),
        ("猫", "猫头鹰", False),
        ("猫", "", False),
    ],
)
def test_what_counts_as_right(answer, said, right):
    assert is_right(Question("?", answer, ()), said) is right


def test_no_question_is_asked_twice_even_where_there_are_few(world):
    questions = BY_NAME["sums, 1 digit"].questions(world, 500, 0)
    assert 5 < len(questions) == len({question.prompt for question in questions}) < 30


def test_a_list_never_asks_what_has_several_answers(world):
    """Fish -> shark would be as right as fish -> trout."""
    for question in BY_NAME["list, relations"].questions(world, 200, 16):
        assert question.prompt not in dict(question.shots)


def test_examples_are_dropped_from_the_front_until_the_prompt_fits():
    task, tokenizer = BY_NAME["sums, 2 digits"], Tokenizer()
    question = Question("1 + 1 =", "2", (("10 + 10 =", "20"), ("20 + 20 =", "40")))
    full, answer, _, shown = fitted(tokenizer, task, question, 100)
    assert shown == 2 and tokenizer.decode(full) == "10 + 10 = 20\n20 + 20 = 40\n1 + 1 ="
    assert tokenizer.decode(answer) == " 2"
    longer, _, _, shown = fitted(tokenizer, task, question, 55, longest=30)
    assert shown == 1 and len(longer) <= 55 - 30
    cut, _, _, shown = fitted(tokenizer, task, question, 30)
    assert shown == 1 and tokenizer.decode(cut) == "20 + 20 = 40\n1 + 1 ="


def test_the_answer_follows_a_space_unless_the_prompt_ends_in_chinese():
    assert join_answer("Rating:", "good") == "Rating: good"
    assert join_answer("评价：", "好") == "评价：好"


def test_trivial_rivals():
    shots = (("a ->", "x"), ("b ->", "y"), ("c ->", "x"))
    question = Question("b ->", "y", shots, ("x", "y"))
    assert commonest(question) == "x"
    rows = {row["model"]: row["value"] for row in trivial_rows(BY_NAME["random mapping"], 3, [question])}
    assert rows == {"chance": 0.5, "commonest label": 0.0}


def test_a_bag_of_words_reads_words_and_nothing_else():
    bag = BagOfWords(["nice warm soup", "cold bad soup", "很好吃", "真难吃"], ["good", "bad", "好", "不好"])
    assert bag.label("warm and nice") == "good" and bag.label("bad") == "bad" and bag.label("难吃") == "不好"


@pytest.mark.parametrize("name", ["sentiment", "entailment"])
def test_a_bag_of_words_does_not_solve_what_needs_reading(world, name):
    """In the prototypes it beat small models; here it must leave room for understanding."""
    (row,) = bag_of_words_rows(world, BY_NAME[name], BY_NAME[name].questions(world, 300, 0))
    assert row["value"] < 0.85


def test_gpt3_items_run_through_the_same_questions(tmp_path, world):
    rows = [
        {"context": "\n\nQ: What is 98 plus 45?\n\nA:", "completion": " 143"},
        {"context": "\n\nQ: x\n\nA:", "completion": " 1"},
    ]
    path = tmp_path / "two_digit_addition.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    task, questions = published(path, 1)
    assert task.name == "two digit addition" and task.join == "\n\n"
    assert questions[0].prompt == "Q: What is 98 plus 45?\n\nA:" and questions[0].answer == "143"
    assert questions[0].shots == (("Q: x\n\nA:", "1"),)
    assert any(task.family == "GPT-3's items" for task, _, _ in write_sheet(world, 2, tmp_path))


@pytest.mark.parametrize("content", ["", "not json", '{"context": 1}', "[1]"])
def test_a_file_of_something_else_is_named(tmp_path, content):
    path = tmp_path / "items.jsonl"
    path.write_text(content)
    with pytest.raises(UserError, match=r"items.jsonl holds no exam items"):
        published(path, 0)
