"""The pages of the experiment with one skill at a time hold that skill, and other pages in each split."""

from itertools import islice

import pytest

from apps.measure_alone import ASKED, SKILLS, OneKind
from gptlineage.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_a_page_maps_each_thing_to_one_other(world):
    tables = []
    for page, ends in islice(OneKind("mappings", 0, world).pieces("train"), 200):
        assert ends
        lines = page.split("\n")
        table = set(lines)
        assert len(lines) == 3 * len(table)
        tables.append(frozenset(lines))
    assert len(set(tables)) == len(tables)


@pytest.mark.parametrize("skill", SKILLS)
def test_training_and_held_out_pages_differ_and_the_tasks_exist(skill, world):
    source = OneKind(skill, 0, world)
    train, held_out = ({page for page, _ in islice(source.pieces(split), 60)} for split in ("train", "val"))
    assert not train & held_out
    assert set(SKILLS[skill][0]) <= set(ASKED)
