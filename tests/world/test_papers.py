"""Letters, notices and recipes keep their facts straight, their splits apart, and are written without slips."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise

import pytest

from gptlineage.paths import data_dir
from gptlineage.world.chance import stream
from gptlineage.world.papers import Papers
from gptlineage.world.recipes import Recipes
from gptlineage.world.stories import People

KINDS, LANGUAGES = ("letter", "notice", "recipe"), ("en", "zh")
SLIPS = re.compile(
    r"[{}]|  | [,.;!?]|\n\n\n|[，。！？：][，。！？：]|^\s|\s$|\b1 (?:apples|eggs|cups|spoons|slices|pieces)\b"
    r"|\ba (?:apple|orange|egg|umbrella|old|owl|onion)|\ban (?:red|pear|key|house)|一(?:枚|两)|\.\.|!\."
)


def read(name: str) -> dict:
    return tomllib.loads((data_dir() / "world" / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def papers() -> Papers:
    return Papers(read("letters"), read("notices"), People(read("people")))


@pytest.fixture(scope="module")
def makers(papers):
    return {"letter": papers.letter, "notice": papers.notice, "recipe": Recipes(read("recipes"), papers.people).page}


@pytest.fixture(scope="module")
def texts(makers) -> dict[tuple[str, str, str], list[str]]:
    made = {}
    for kind in KINDS:
        for language in LANGUAGES:
            for split in ("train", "held-out"):
                rng = stream(5, kind, language, split)
                made[kind, language, split] = [makers[kind](rng, language, split) for _ in range(1200)]
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


def test_the_same_seed_gives_the_same_pages(makers, texts):
    for (kind, language, split), pages in texts.items():
        rng = stream(5, kind, language, split)
        assert [makers[kind](rng, language, split) for _ in range(20)] == pages[:20]


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
