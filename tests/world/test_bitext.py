"""Sentence pairs: the two sides say the same, the links are right, and held-out clauses are unknown."""

from __future__ import annotations

import re
from itertools import islice

import pytest

from gptlineage.world import World
from gptlineage.world.bitext import Bitexts

WORLD = World()
BITEXTS = Bitexts(WORLD.translation)


def pairs(n: int, **choice):
    return list(islice(BITEXTS.pairs(**choice), n))


def test_the_same_seed_gives_the_same_pairs():
    assert pairs(20, seed=3) == pairs(20, seed=3) != pairs(20, seed=4)


def test_nothing_is_left_unfilled():
    for pair in pairs(500):
        assert not set(pair.en + pair.zh) & set("{}")
        assert re.fullmatch(r"[A-Z][A-Za-z ,.]*\.", pair.en), pair.en
        assert not re.search(r"[A-Za-z ]", pair.zh), pair.zh
        assert pair.zh.endswith("。") and pair.en.count(".") == pair.zh.count("。")


def test_an_article_fits_its_word():
    for pair in pairs(500):
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", pair.en), pair.en


def test_names_keep_their_capital_inside_a_sentence():
    names = {en for en, _ in WORLD.translation.grammar["names"]}
    for pair in pairs(500):
        inside = re.findall(r"(?<![.] )(?<!^)\b[A-Z]\w*", pair.en)
        assert set(inside) <= names | {"I", "Chinese", "English"} | {day for day in inside if day.endswith("day")}


def test_links_join_words_that_translate_each_other():
    """Of every link whose words stand in the lexicon, both sides are one entry of it."""
    lexicon = dict(WORLD.translation.grammar["names"]) | {
        item[form]: item["zh"]
        for pool in ("animals", "things", "foods", "colours")
        for item in WORLD.translation.people.pools[pool]
        for form in ("en", "many")
        if form in item
    }
    known = 0
    for pair in pairs(300):
        for (a, b), (c, d) in pair.links:
            en, zh = pair.en[a:b], pair.zh[c:d]
            assert en and zh
            word = re.sub(r"^an? ", "", en)
            if word in lexicon:
                known += 1
                assert lexicon[word] == zh, pair
    assert known > 1000


def test_the_order_of_words_differs_between_the_languages():
    """Else attention would be a diagonal, and no lesson."""
    crossed = total = 0
    for pair in pairs(300):
        places = [zh[0] for _, zh in sorted(pair.links)]
        couples = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
        crossed += sum(a > b for a, b in couples)
        total += len(couples)
    assert 0.1 < crossed / total < 0.5


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_as_many_clauses_as_asked(n):
    lengths = [len(pair.en.split()) for pair in pairs(200, n_clauses=n)]
    assert 6 * n < sum(lengths) / len(lengths) < 12 * n


def test_no_held_out_pair_is_trained_on():
    known = {pair.en for pair in pairs(3000, n_clauses=1)}
    assert not known & {pair.en for pair in pairs(300, split="held-out", n_clauses=1)}
