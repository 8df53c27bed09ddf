"""Letters, notices and recipes keep their facts straight, their splits apart, and are written without slips."""

from __future__ import annotations

import copy
import re
import tomllib
from itertools import pairwise

import pytest

from gptlineage.paths import data_dir
from gptlineage.world.chance import stream
from gptlineage.world.papers import Papers
from gptlineage.world.reading import found
from gptlineage.world.stories import People
from gptlineage.world.sums import held_out_pair

KINDS, LANGUAGES = ("letter", "notice", "recipe"), ("en", "zh")
SLIPS = re.compile(
    r"[{}]|  | [,.;!?]|\n\n\n|[，。！？：][，。！？：]|^\s|\s$|\b1 (?:apples|eggs|cups|spoons|slices|pieces)\b"
    r"|\ba (?:apple|orange|egg|umbrella|old|owl|onion)|\ban (?:red|pear|key|house)|一(?:枚|两)|\.\.|!\."
)


def read(name: str) -> dict:
    return tomllib.loads((data_dir() / "world" / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def papers() -> Papers:
    return Papers(read("letters"), read("notices"), read("recipes"), People(read("people")))


@pytest.fixture(scope="module")
def texts(papers) -> dict[tuple[str, str, str], list[str]]:
    made = {}
    for kind in KINDS:
        for language in LANGUAGES:
            for split in ("train", "held-out"):
                rng = stream(5, kind, language, split)
                made[kind, language, split] = [getattr(papers, kind)(rng, language, split) for _ in range(1200)]
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_clean_varied_and_of_their_language(texts, kind, language):
    for split in ("train", "held-out"):
        pages = texts[kind, language, split]
        slips = [page for page in pages if SLIPS.search(page)]
        assert not slips, slips[0]
        assert len(set(pages)) > 0.95 * len(pages)
        chinese = [page for page in pages if re.search("[\u4e00-\u9fff]", page)]
        assert len(chinese) == (len(pages) if language == "zh" else 0)
        if language == "zh":
            halves = [page for page in pages if re.search(r"[\u4e00-\u9fff][,;:?!.]", page)]
            assert not halves, halves[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_held_out_page_is_in_training(texts, kind, language):
    assert not set(texts[kind, language, "train"]) & set(texts[kind, language, "held-out"])


def test_the_same_seed_gives_the_same_pages(papers, texts):
    for (kind, language, split), pages in texts.items():
        rng = stream(5, kind, language, split)
        assert [getattr(papers, kind)(rng, language, split) for _ in range(20)] == pages[:20]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_version_names_what_its_split_is_decided_by(papers, language):
    """Else one text could follow from a training composition and from a held-out one."""
    for occasion in papers.letters["occasions"]:
        for role in occasion["key"]:
            assert _always(occasion[language], role), (occasion["name"], role)
            assert _always([occasion["short"][language]], role), (occasion["name"], role, "short")
    for sort in papers.notices["sorts"]:
        for role in sort.get("key", ()):
            for form in ("prose", "labels"):
                lines = sort.get(form, {}).get(language)
                assert lines is None or _always(lines, role), (sort["name"], role, form)


def _always(lines, role: str) -> bool:
    names = [f"{{{role}}}", *(f"{{a_{colour}{role}}}" for colour in ("", "colour_"))]
    names += {"place": ["{at}", "{At}", "{near}"], "food": ["{foods}"]}.get(role, [])
    return any(all(any(name in wording for name in names) for wording in choices) for choices in lines)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("split", ["train", "held-out"])
def test_recipes_use_every_food_once_and_no_other(papers, language, split):
    entries = papers.recipes["foods"][language]
    known = list(entries) if language == "zh" else [name for entry in entries.values() for name in entry[-2:]]
    known = [name for name in known if " of " not in name]
    rng, names = stream(8, language, split), {name.casefold(): name for name in known}
    dishes = set()
    for _ in range(800):
        recipe = papers.compose(rng, language, split)
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
def test_the_minutes_of_a_recipe_add_up(papers, language, split):
    rng, totals, sums = stream(9, language, split), 0, 0
    unit = "(?: minutes|分钟)"
    total = re.compile(rf"^(?:In all|Total time|Total|一共|总时间|合计)[:：] ?(\d+){unit}$", re.M)
    prepare = re.compile(rf"^(?:Preparation|Getting ready|准备时间|准备)[:：] ?(\d+){unit}$", re.M)
    together = re.compile(
        rf"takes (\d+){unit} in all|makes (\d+){unit} in all|together are (\d+){unit}"
        rf"|一共要(\d+){unit}|合起来是(\d+){unit}|加起来一共(\d+){unit}"
    )
    for _ in range(800):
        recipe = papers.compose(rng, language, split)
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


def test_bus_times_prices_and_temperatures_are_in_order(texts):
    seen = 0
    for split in ("train", "held-out"):
        for page in texts["notice", "en", split]:
            if match := re.search(r"between (\d+) and (\d+) degrees", page):
                assert int(match[1]) < int(match[2])
            if (old := re.search(r"cost (\d+) coins when", page)) and (new := re.search(r"for (\d+) coins", page)):
                assert int(old[1]) > int(new[1])
            times = re.search(r"at (\d+:\d\d), (\d+:\d\d), (\d+:\d\d) and (\d+:\d\d)", page)
            gap = re.search(r"every (\d+) minutes", page)
            if times and gap:
                minutes = [int(h) * 60 + int(m) for h, m in (time.split(":") for time in times.groups())]
                assert {b - a for a, b in pairwise(minutes)} == {int(gap[1])}
                assert minutes[-1] < 24 * 60
                seen += 1
    assert seen > 5


def test_a_letter_says_its_day_and_its_thing_the_same_everywhere(papers):
    """Every invitation with its answer names at most the two days of its cast, and one place of meeting."""
    rng = stream(10, "letters")
    days = re.compile("Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday")
    asked = 0
    for _ in range(3000):
        page = papers.letter(rng, "en", "train")
        if "I have written it down: " in page:
            day, hour, place = re.search(r"written it down: (\w+), ([^,]+), ([^.]+)\.", page).groups()
            letter = page[: page.index("I have written")]
            assert day in letter and len(set(days.findall(page))) <= 2
            assert place in page[: page.index("I have written")], page
            assert hour
            asked += 1
    assert asked > 3


def test_there_are_enough_sorts(papers):
    assert len(papers.letters["occasions"]) >= 12
    assert len(papers.notices["sorts"]) >= 12
    assert all(len(dishes) >= 14 for dishes in papers.dishes.values())


@pytest.mark.parametrize("spoil", ["unused", "twice", "unknown"])
def test_a_dish_that_does_not_follow_from_its_foods_is_refused(spoil):
    recipes = copy.deepcopy(read("recipes"))
    dish = recipes["dishes"]["en"][0]
    if spoil == "unused":
        dish["needs"].append("egg 1")
    elif spoil == "twice":
        dish["steps"].append(["Add the {carrot} again."])
    else:
        dish["needs"][0] = "potato=moon 1"
    with pytest.raises(ValueError, match="Vegetable soup"):
        Papers(read("letters"), read("notices"), recipes, People(read("people")))
