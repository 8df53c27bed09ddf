"""Books: stories and passages are well formed, their answers true, their splits disjoint, and the proofreader awake."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from gptlineage.world.books import LENGTHS, Books
from gptlineage.world.chance import stream
from gptlineage.world.items import Item
from gptlineage.world.stories import People

FOLDER = Path(__file__).parents[2] / "data" / "world"
SPLITS = ("train", "held-out")
LANGUAGES = ("en", "zh")
MAKERS = ("page", "last_word", "reading", "reading_page")


def read(name: str) -> dict:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def people() -> People:
    return People(read("people"))


@pytest.fixture(scope="module")
def books(people: People) -> Books:
    return Books(read("books"), people)


def made(books: Books, maker: str, language: str, split: str, n: int, seed: int = 1) -> list:
    rng = stream(seed, maker, language, split)
    return [getattr(books, maker)(rng, language, split) for _ in range(n)]


def whole(item: Item) -> str:
    """The passage, with the last word put in where it breaks off."""
    if item.question:
        return item.text
    return f"{item.text} {item.answer}." if item.language == "en" else f"{item.text}{item.answer}。"


def text_of(one: str | Item) -> str:
    return one if isinstance(one, str) else f"{whole(one)}\n{one.question}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("maker", MAKERS)
def test_texts_are_well_formed(books: Books, maker: str, language: str):
    for split in SPLITS:
        for one in made(books, maker, language, split, 30 if split == "train" else 8):
            text = text_of(one)
            assert not re.search(r"[{}]|  |\.\.|。。|\bNone\b| [.,]|\ba [aeiou]", text), text
            if language == "zh":
                assert not re.search(r"[a-zA-Z]|[，。] ", text), text
            else:
                assert text.isascii(), text
                lower = re.search(r"\. [a-z]|^[a-z]", text)  # one-word answers have no capital
                assert maker == "reading_page" or not lower, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_have_paragraphs_of_the_right_length(books: Books, language: str):
    low, high = LENGTHS[language]
    pages = made(books, "page", language, "train", 200)
    assert len(set(pages)) == 200
    for page in pages:
        lines = page.split("\n")
        ended = [line for line in lines if line[-1] in '.。!！?？”"']
        assert 2 <= len(ended) <= 5 and len(lines) - len(ended) <= 2
        assert low < len(page) < high * 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("maker", MAKERS)
def test_the_same_seed_makes_the_same_texts(books: Books, people: People, maker: str, language: str):
    again = Books(read("books"), people)
    assert made(books, maker, language, "train", 5) == made(again, maker, language, "train", 5)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("maker", ("last_word", "reading"))
def test_passages_contradict_nothing_and_offer_fair_choices(books: Books, maker: str, language: str):
    last, first = 0, 0
    items = [item for split, n in zip(SPLITS, (150, 8), strict=True) for item in made(books, maker, language, split, n)]
    for item in items:
        assert books.contradictions(whole(item), language) == []
        assert item.answer in item.choices and len(item.choices) >= 3
        assert len(set(item.choices)) == len(item.choices)
        assert all(choice in item.text for choice in item.choices)
        assert bool(item.question) == (maker == "reading")
        assert item.text[-1] in ".。" or maker == "last_word"
        ends = re.findall(r"[.。]", whole(item))
        assert 3 <= len(ends) <= 8
        last += item.answer == max(item.choices, key=item.text.rfind)
        first += item.answer == min(item.choices, key=item.text.find)
    assert last < 0.5 * len(items) and first < 0.5 * len(items)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_last_word_is_found(books: Books, language: str):
    for item in made(books, "last_word", language, "train", 100):
        for wrong in item.choices:
            if wrong != item.answer:
                text = whole(Item(item.text, "", wrong, item.choices, language))
                assert books.contradictions(text, language), text


def test_planted_contradictions_are_found(books: Books):
    assert books.contradictions("Tom had a key. Anna gave the key to Ben.", "en")
    assert books.contradictions("Tom was in the park. Tom had a key. Tom left it in the park. Then he went to the barn "
                                "with the key.", "en")  # fmt: skip
    assert books.contradictions("小明在公园。小明有一把钥匙。小红在厨房。小明把钥匙给了小红。", "zh")
    assert not books.contradictions("小明在公园。小明有一把钥匙。小红在公园。小明把它给了小红。", "zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_of_readings_follow_from_the_passage(books: Books, people: People, language: str):
    """Put as a last sentence that the proofreader knows, the right answer is accepted and the others are not."""
    ends = {
        "en": {
            "thing": "When night came, the {0} was still in the {1}.",
            "holder": "If you want the {0} now, you must ask {1}.",
        },
        "zh": {"thing": "最后，{0}留在了{1}。", "holder": "最后，拿着{0}的人是{1}。"},
    }[language]
    names = {name for name, _ in people.names[language]}
    things = [item[language] for item in people.pools["things"]]
    checked, join = 0, " " if language == "en" else ""
    for item in made(books, "reading", language, "train", 120):
        asked = [thing for thing in things if re.search(rf"(?<![A-Za-z]){thing}(?![a-z])", item.question)]
        about = [name for name in names if re.search(rf"{name}(?![a-z])", item.question)]
        if not asked or about:
            continue
        end = ends["holder" if item.answer in names else "thing"]
        thing = max(asked, key=len)
        for choice in item.choices:
            found = books.contradictions(item.text + join + end.format(thing, choice), language)
            assert bool(found) == (choice != item.answer), (item, choice, found)
        checked += 1
    assert checked > 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_splits_ask_in_other_words(books: Books, people: People, language: str):
    questions = read("books")["questions"]
    for raw in questions:
        train, held_out = raw["train"][language], raw["held_out"][language]
        assert not set(train) & set(held_out)
        assert len(train) + len(held_out) >= 12 and len(held_out) >= 3
    names = sorted((name for name, _ in people.names[language]), key=len, reverse=True)
    things = sorted((item[language] for item in people.pools["things"]), key=len, reverse=True)
    hide = re.compile("|".join(map(re.escape, (*names, *things))))
    asked = [{hide.sub("_", item.question) for item in made(books, "reading", language, split, 25)} for split in SPLITS]
    assert not asked[0] & asked[1]
    assert len(asked[0]) > 10 and len(asked[1]) > 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_splits_share_no_composition(books: Books, monkeypatch: pytest.MonkeyPatch, language: str):
    from gptlineage.world.tracked import State, is_held_out

    seen: list = []
    apply = State.apply

    def spy(self, does, bound):
        signatures = apply(self, does, bound)
        seen.extend(signatures)
        return signatures

    monkeypatch.setattr(State, "apply", spy)
    made(books, "page", language, "held-out", 20)
    assert any(map(is_held_out, seen))
    kept = 0
    for maker in ("last_word", "reading"):
        for item in made(books, maker, language, "held-out", 6):
            places = [name for name in books.nouns[language] if name in whole(item)]
            who = [name for name, _ in books.people.names[language] if name in item.text]
            kept += any(is_held_out((a, t, p)) for a in who for t in ("", *places) for p in places)
    assert kept == 12


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_held_out_happens_in_training_texts(books: Books, people: People, language: str):
    """Every training passage that says "NAME had a THING ... left it in the PLACE" uses an allowed combination."""
    from gptlineage.world.tracked import is_held_out

    pattern = {
        "en": re.compile(r"(\w+) (?:took|put|left) the ([a-z ]+?) (?:down )?(?:to|in|at) the (\w+)(?:\.| and left)"),
        "zh": re.compile(r"(?:^|。)(\w{2})把([^，。]+?)(?:放在|留在|拿到)([^，。]+?)[，。]"),
    }[language]  # fmt: skip
    names = {name for name, _ in people.names[language]}
    found = 0
    for item in made(books, "last_word", language, "train", 150):
        for who, thing, place in pattern.findall(whole(item)):
            if who in names and thing in books.nouns[language]:
                found += 1
                assert not is_held_out((who, thing, place)), item.text
    assert found > 15
