"""Songs and rows bring the same lines back, and worksheets and lists keep their splits."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest

from gptlineage.world import World
from gptlineage.world.chance import stream
from gptlineage.world.lists import new_item
from gptlineage.world.sums import held_out_pair


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_every_page_of_verses_says_something_twice(world):
    for language in ("en", "zh"):
        for page in islice(world.pages("verse", seed=3, language=language), 300):
            words = re.findall(r"[A-Za-z' ]{3,}|[\u4e00-\u9fff]{2,}", page.text)
            assert max(Counter(word.strip() for word in words).values()) >= 2, page.text
            assert "{" not in page.text and not re.search(r"\ba [aeiou]", page.text), page.text


def test_worksheets_are_right_and_never_add_held_out_numbers(world):
    equation, seen = re.compile(r"^(\d+) ([+-]) (\d+) = (\d+)$", re.MULTILINE), Counter()
    for split in ("train", "held-out"):
        for page in islice(world.pages("sum", seed=3, split=split), 800):
            for a, sign, b, c in equation.findall(page.text):
                assert int(c) == (int(a) + int(b) if sign == "+" else int(a) - int(b))
                assert held_out_pair(int(a), int(b)) == (split == "held-out")
                seen[split, sign, len(a) == len(b) == 2] += 1
    assert min(seen.values()) > 100 and len(seen) == 8


def test_a_training_list_leaves_the_new_items_out(world):
    rng = stream(3, "test")
    for kind, make in world.lists.sources.items():
        for language in ("en", "zh"):
            pairs = make(rng, language)
            assert len({left for left, _ in pairs}) > 3, kind
            kept = [pair for pair in pairs if not new_item(pair)]
            assert 0 < len(kept) <= len(pairs)


def test_a_list_of_numbers_goes_one_way(world):
    rng = stream(5, "test")
    for _ in range(50):
        pairs = world.lists.sources["numbers"](rng, "en")
        steps = {int(right) - int(left) for left, right in pairs}
        assert len(steps) == 1 and steps <= {1, -1, 10, -10}
        assert all(0 < int(number) < 100 for pair in pairs for number in pair)
