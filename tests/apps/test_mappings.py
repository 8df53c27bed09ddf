"""The pages of the experiment on random mappings hold one mapping each, and another on every page."""

from itertools import islice

from apps.measure_mappings import Mappings


def test_a_page_maps_each_thing_to_one_other():
    tables = []
    for page, ends in islice(Mappings(seed=0).pieces("train"), 200):
        assert ends
        lines = [tuple(line.split(" ->", 1)) for line in page.split("\n")]
        table = dict(lines)
        assert set(lines) == set(table.items())
        assert len(lines) == 3 * len(table)
        tables.append(frozenset(lines))
    assert len(set(tables)) == len(tables)


def test_training_and_held_out_pages_differ():
    train, held_out = ({page for page, _ in islice(Mappings(0).pieces(split), 100)} for split in ("train", "val"))
    assert not train & held_out
