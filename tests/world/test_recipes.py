"""Recipes use each food once, their minutes add up, and there are enough dishes."""

from __future__ import annotations

import copy
import re
import tomllib

import pytest

from gptlineage.paths import data_dir
from gptlineage.world.chance import stream
from gptlineage.world.reading import found
from gptlineage.world.recipes import Recipes
from gptlineage.world.stories import People
from gptlineage.world.sums import held_out_pair

LANGUAGES = ("en", "zh")


def read(name: str) -> dict:
    return tomllib.loads((data_dir() / "world" / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def recipes() -> Recipes:
    return Recipes(read("recipes"), People(read("people")))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("split", ["train", "held-out"])
def test_recipes_use_every_food_once_and_no_other(recipes, language, split):
    entries = recipes.data["foods"][language]
    known = list(entries) if language == "zh" else [name for entry in entries.values() for name in entry[-2:]]
    known = [name for name in known if " of " not in name]
    rng, names = stream(8, language, split), {name.casefold(): name for name in known}
    dishes = set()
    for _ in range(800):
        recipe = recipes.compose(rng, language, split)
        used = [names[word] for word in found(known, " ".join(recipe.steps))]
        same = {name: name for name in known} | (
            {entry[1]: entry[0] for entry in entries.values() if len(entry) == 2} if language == "en" else {}
        )
        assert sorted(same[name] for name in used) == sorted(same[name] for name in recipe.foods), recipe.text
        assert all(line in recipe.text for line in recipe.listing)
        dishes.add(recipe.steps[-1])
    assert len(dishes) > 14


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("split", ["train", "held-out"])
def test_the_minutes_of_a_recipe_add_up(recipes, language, split):
    rng, totals, sums = stream(9, language, split), 0, 0
    unit = "(?: minutes|分钟)"
    total = re.compile(rf"^(?:In all|Total time|Total|一共|总时间|合计)[:：] ?(\d+){unit}$", re.M)
    prepare = re.compile(rf"^(?:Preparation|Getting ready|准备时间|准备)[:：] ?(\d+){unit}$", re.M)
    together = re.compile(
        rf"takes (\d+){unit} in all|makes (\d+){unit} in all|together are (\d+){unit}"
        rf"|一共要(\d+){unit}|合起来是(\d+){unit}|加起来一共(\d+){unit}"
    )
    for _ in range(800):
        recipe = recipes.compose(rng, language, split)
        stated = [int(n) for n in re.findall(rf"(\d+){unit}", " ".join(recipe.steps))]
        assert sorted(stated) == sorted(recipe.minutes)
        if match := total.search(recipe.text):
            first = prepare.search(recipe.text)
            assert first and int(match[1]) == int(first[1]) + sum(stated), recipe.text
            totals += 1
        if match := together.search(recipe.text):
            assert int(next(group for group in match.groups() if group)) == sum(stated), recipe.text
            assert split == "held-out" or len(stated) < 2 or not held_out_pair(*stated[:2]), recipe.text
            sums += 1
    assert totals > 50 and sums > 50


def test_there_are_enough_dishes(recipes):
    assert all(len(dishes) >= 14 for dishes in recipes.dishes.values())


@pytest.mark.parametrize("spoil", ["unused", "twice", "unknown"])
def test_a_dish_that_does_not_follow_from_its_foods_is_refused(recipes, spoil):
    data = copy.deepcopy(recipes.data)
    dish = data["dishes"]["en"][0]
    if spoil == "unused":
        dish["needs"].append("egg 1")
    elif spoil == "twice":
        dish["steps"].append(["Add the {carrot} again."])
    else:
        dish["needs"][0] = "potato=moon 1"
    with pytest.raises(ValueError, match="Vegetable soup"):
        Recipes(data, recipes.people)
