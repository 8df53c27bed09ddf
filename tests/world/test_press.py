"""Reviews and news: verdicts are true and balanced, summaries say what the article says, the splits are apart."""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter

import pytest

from gptlineage.paths import data_dir
from gptlineage.world.chance import held_out_text, stream
from gptlineage.world.press import Press
from gptlineage.world.stories import People

LANGUAGES, SPLITS = ("en", "zh"), ("train", "held-out")


def _read(name: str) -> dict:
    return tomllib.loads((data_dir() / "world" / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def press() -> Press:
    return Press(_read("reviews"), _read("news"), People(_read("people")))


def _texts(press: Press, maker: str, language: str, split: str, n: int) -> list[str]:
    rng = stream(2, "test", maker)
    return [getattr(press, maker)(rng, language, split) for _ in range(n)]


def _reviews(press: Press, language: str, split: str, n: int) -> list[tuple[str, bool]]:
    rng = stream(4, "test", language, split)
    items = [press.review_item(rng, language, split) for _ in range(n)]
    return [(item.text, item.answer == item.choices[0]) for item in items]


def _words(text: str, language: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()) if language == "en" else (text[i : i + 2] for i in range(len(text))))


@pytest.mark.parametrize("maker", ["review", "news"])
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_clean_varied_and_the_same_for_the_same_seed(
    press: Press, language: str, split: str, maker: str
) -> None:
    pages = _texts(press, maker, language, split, 600)
    assert pages == _texts(press, maker, language, split, 600)
    assert len(set(pages)) == len(pages)
    for page in pages:
        assert "{" not in page and "}" not in page and "  " not in page and page == page.strip()
        assert not re.search(r"\ba [aeio]|\.\.|。。|，。|，，|\?\.|？。", page), page
        assert language == "zh" or not re.search(r"[.?!] [a-z]", page), page
        assert language == "en" or not re.search(r"[,?!]", page.replace("TL;DR", "")), page


@pytest.mark.parametrize("language", LANGUAGES)
def test_reviews_of_the_two_splits_have_different_subjects_and_labels(press: Press, language: str) -> None:
    for split in SPLITS:
        rng = stream(5, split)
        for _ in range(300):
            opinion = press.opine(rng, language, split)
            assert held_out_text(opinion.key) == (split == "held-out")
            assert opinion.roles["full"].lower() in opinion.text.lower()
            article = press.report(rng, language, split)
            assert held_out_text(article.key) == (split == "held-out")
    train, held_out = ({text for text, _ in _reviews(press, language, split, 1500)} for split in SPLITS)
    assert not train & held_out
    for data in (press.reviews, press.news_data):
        labels = data["labels"]
        assert len(set(labels["train"][language])) >= 12
        assert not set(labels["train"][language]) & set(labels["held_out"][language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_verdicts_are_balanced(press: Press, language: str) -> None:
    reviews = _reviews(press, language, "train", 2000)
    assert 0.46 < sum(good for _, good in reviews) / len(reviews) < 0.54


@pytest.mark.parametrize("language", LANGUAGES)
def test_counting_good_and_bad_words_is_well_below_the_truth(press: Press, language: str) -> None:
    """The adjectives of the data with their true polarity, counted; the verdict is known to the engine."""
    good: set[str] = set()
    bad: set[str] = set()
    for kind in press.kinds[language]:
        for aspect in kind["aspects"]:
            good.update(aspect[-2])
            bad.update(aspect[-1])
        good.update(kind["whole"][0])
        bad.update(kind["whole"][1])
    good, bad = good - bad, bad - good
    right = 0.0
    reviews = _reviews(press, language, "held-out", 1500)
    for text, is_good in reviews:
        balance = sum(text.count(word) for word in good) - sum(text.count(word) for word in bad)
        right += 0.5 if balance == 0 else (balance > 0) == is_good
    assert right / len(reviews) < 0.66


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_learned_bag_of_words_is_below_the_truth_too(press: Press, language: str) -> None:
    """Naive Bayes over words (pairs of characters in Chinese) of 3,000 reviews; better than chance, far from 1.0."""
    counts = {True: Counter[str](), False: Counter[str]()}
    for text, good in _reviews(press, language, "train", 3000):
        counts[good].update(_words(text, language))
    reviews = _reviews(press, language, "held-out", 1000)
    right = 0
    for text, good in reviews:
        odds = sum(math.log((counts[True][w] + 1) / (counts[False][w] + 1)) for w in _words(text, language))
        right += (odds > 0) == good
    assert 0.55 < right / len(reviews) < 0.85


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_remarks_agree_with_the_verdict(press: Press, language: str) -> None:
    """A reader of its own: after "First of all, ..." the adjective, turned round if denied, tells the verdict."""
    start, stop = ("First of all, ", ". ") if language == "en" else ("首先，", "。")
    denied = re.compile(r"not|never|nobody|cannot|anything but|far from" if language == "en" else "不|没人")
    seen = 0
    for text, is_good in _reviews(press, language, "train", 6000):
        kinds = [kind for kind in press.kinds[language] if any(x in text for x in kind["x"])]
        if start not in text or len(kinds) != 1:
            continue
        remark = text.split(start)[1].split(stop)[0]
        for aspect in kinds[0]["aspects"]:
            sides = [side for side in (True, False) if any(word in remark for word in aspect[-2 if side else -1])]
            if aspect[0] in remark and len(sides) == 1:
                seen += 1
                assert (sides[0] != bool(denied.search(remark))) == is_good, text
    assert seen > 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_summary_says_only_what_its_article_says(press: Press, language: str) -> None:
    """Every number, name and town of a summary stands in the article."""
    names = [name for name, _ in press.people.names[language]]
    told = [*names, *press.news_data["words"]["town"][language], *press.news_data["words"]["day"][language]]
    rng, copied = stream(6, language), 0
    for _ in range(1000):
        item = press.news_item(rng, language, "train")
        assert item.choices == () and item.answer[-1] in ".。"
        copied += item.answer in item.text
        for part in [*re.findall(r"\d+", item.answer), *(word for word in told if word in item.answer)]:
            assert part in item.text, (item.answer, item.text)
        ends = re.findall(r"[.!?。！？]”?", item.text)
        assert 3 <= len(ends) <= 12
    assert copied < 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_lead_names_what_the_split_goes_by_and_allows_a_summary(press: Press, language: str) -> None:
    assert len(press.stories[language]) >= 14
    for story in press.stories[language]:
        key = set(re.findall(r"\{(\w+)\}", story.key))
        for lead in story.parts["lead"]:
            for role in key:
                forms = {role, f"a_{role}", f"{role}s", {"place": "at"}.get(role, role)}
                assert forms & lead.roles, (story.key, lead.text)
            for part in ("headline", "summary"):
                assert any(line.roles <= lead.roles for line in story.parts[part]), (story.key, part, lead.text)
