"""The n-gram model is right by hand, variety is counted right, and the bits of choice are the generator's entropy."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest

from apps import measure_world
from gptlineage.evaluation import variety
from gptlineage.evaluation.ngrams import NGramModel
from gptlineage.evaluation.variety import Choices, Sizes
from gptlineage.world import MIXTURES, World
from gptlineage.world.chance import Wheel, between, pick, shuffled, stream, streams_of
from tests.tiny import BYTES


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_probabilities_sum_to_one_after_any_context():
    ids = np.random.default_rng(0).integers(0, 7, 400)
    model = NGramModel.fit(ids, 4, 9)  # 7 and 8 are never seen
    for context in ([], [3], [7], [1, 2], [*ids[:3]], [*ids[-3:]], [8, 8, 0], [*ids[-2:], 8], [0, 1, 2, 3, 4]):
        assert math.fsum(math.exp(model.logprob(context, [i])) for i in range(9)) == pytest.approx(1)


def test_a_tiny_corpus_by_hand():
    """0 1 0 1 0 2, an alphabet of four: too little to estimate discounts, so they are 0.5, 1 and 1.5."""
    model = NGramModel.fit(np.array([0, 1, 0, 1, 0, 2]), 2, 4)
    left = (1.5 + 1.0 + 0.5) / 6  # of the counts 3, 2 and 1
    p0, p1, p2, p3 = 1.5 / 6 + left / 4, 1 / 6 + left / 4, 0.5 / 6 + left / 4, left / 4
    assert [math.exp(model.logprob([], [i])) for i in range(4)] == pytest.approx([p0, p1, p2, p3])
    left = (1.0 + 0.5) / 3  # after 0 come 1 twice and 2 once
    after_0 = [left * p0, (2 - 1) / 3 + left * p1, 0.5 / 3 + left * p2, left * p3]
    assert [math.exp(model.logprob([0], [i])) for i in range(4)] == pytest.approx(after_0)
    after_1 = [(2 - 1) / 2 + 0.5 * p0, 0.5 * p1, 0.5 * p2, 0.5 * p3]
    assert [math.exp(model.logprob([0, 1], [i])) for i in range(4)] == pytest.approx(after_1)
    assert model.logprob([2], [1]) == model.logprob([3], [1]) == pytest.approx(math.log(p1))  # nothing follows these
    assert model.loss(np.array([0, 1, 0])) == pytest.approx(-math.log(p0 * after_0[1] * after_1[0]) / 3)


def test_estimated_discounts_by_hand():
    """Single ids seen 1, 1, 1, 2, 2, 3 and 4 times: y = 3 / 7."""
    model = NGramModel.fit(np.repeat(np.arange(7), [1, 1, 1, 2, 2, 3, 4]), 1, 7)
    d1, d2, d3 = 1 - 2 * 3 / 7 * 2 / 3, 2 - 3 * 3 / 7 * 1 / 2, 3 - 4 * 3 / 7 * 1 / 1
    left = (3 * d1 + 2 * d2 + 2 * d3) / 14
    expected = [(1 - d1) / 14 + left / 7, (2 - d2) / 14 + left / 7, (4 - d3) / 14 + left / 7]
    assert [math.exp(model.logprob([], [i])) for i in (0, 3, 6)] == pytest.approx(expected)


def test_the_loss_approaches_the_entropy_of_the_source():
    rng = np.random.default_rng(1)
    train, test = rng.integers(0, 20, 40_000), rng.integers(0, 20, 4_000)
    assert NGramModel.fit(train, 1, 20).loss(test) == pytest.approx(math.log(20), abs=0.005)
    assert math.log(20) - 0.01 < NGramModel.fit(train, 3, 20).loss(test) < math.log(20) + 0.15
    cycle = np.tile(np.arange(20), 50)
    model = NGramModel.fit(cycle, 3, 20)
    assert model.loss(cycle[:500]) < 0.1 < 2.9 < model.loss(cycle[:500], order=1)


def test_a_lower_order_of_a_model_is_the_model_of_that_order():
    ids = np.random.default_rng(2).integers(0, 5, 300)
    model = NGramModel.fit(ids, 5, 5)
    for order in (1, 2, 4):
        assert model.loss(ids[:50], order) == pytest.approx(NGramModel.fit(ids, order, 5).loss(ids[:50]))


def test_a_continuation_is_the_sum_of_its_steps():
    ids = np.random.default_rng(3).integers(0, 5, 300)
    model = NGramModel.fit(ids, 3, 5)
    steps = model.logprob([4, 0, 1, 2], [3]) + model.logprob([4, 0, 1, 2, 3], [0]) + model.logprob([2, 3, 0], [4])
    assert model.logprob([4, 0, 1, 2], [3, 0, 4]) == pytest.approx(steps)
    assert model.logprob([1], []) == 0


@pytest.mark.parametrize(("ids", "order"), [([0, 4], 1), ([-1, 0], 1), ([0, 1], 3), ([0, 1], 0), ([], 1)])
def test_what_cannot_be_counted_is_refused(ids, order):
    with pytest.raises(ValueError, match=r"ids"):
        NGramModel.fit(np.array(ids), order, 4)
    with pytest.raises(ValueError, match="ids"):
        NGramModel.fit(np.array([0, 1, 2]), 2, 4).logprob([1], [4])


def test_units_are_words_numbers_and_characters():
    assert variety.units("Mia's cat, GPT-2 (12)!") == ["mia's", "cat", "gpt", "2", "12"]
    assert variety.units("小猫，吃了3条fish。") == ["小", "猫", "吃", "了", "3", "条", "fish"]


def test_phrases_do_not_reach_over_texts():
    assert len(variety.gram_hashes(["a b c", "", "d", "a b"], 2)) == 3
    first, second, third = variety.gram_hashes(["a b c", "", "d", "a b"], 2)
    assert first == third != second
    assert len(variety.gram_hashes(["a b"], 3)) == len(variety.gram_hashes([], 1)) == 0
    assert variety.gram_hashes(["b"], 1)[0] == 0x71BEEFF9  # zlib's CRC-32, the same on every machine


def test_lexical_figures_by_hand():
    found = variety.lexical(["A cat, a dog.", "A cat!", "A cat!", "far away"], Sizes(units=7, documents=3))
    assert found["types, 1-grams"] == (3, 8)  # the third text is still needed, the fourth is not
    assert found["types, 2-grams"] == (3, 5) and found["distinct-2"] == (3 / 5, 5)
    assert found["distinct-4"] == (1, 1)
    assert found["mean length, characters"] == (25 / 3, 3)
    assert found["exact duplicates, share"] == (pytest.approx(1 / 3), 3)
    many = variety.lexical(["the same line again and again"] * 400, Sizes())
    assert many["compression ratio"][0] > 50 and many["exact duplicates, share"][0] == 399 / 400


def test_overlap_with_the_training_text():
    train = ["one two three four five", "小猫在花园里睡觉"]
    exams = {"en": ["zero one two three", "two three four"], "zh": ["小猫在家里睡觉睡觉"]}
    shares = {row["kind"]: row["value"] for row in variety.overlap_rows(train, exams, n=3)}
    assert shares["exam: en"] == pytest.approx(2 / 3, abs=1e-4)
    assert 0 < shares["exam: zh"] < 1
    rows = variety.overlap_rows(train, {"long": ["Two, three, four, five!"], "short": ["two three"]}, n=3)
    assert [(row["kind"], row["value"], row["n"]) for row in rows] == [("exam: long", 1.0, 2)]


def spent(choose: Callable[[random.Random], object], times: int = 1) -> float:
    rng = Choices(5)
    for _ in range(times):
        choose(rng)
    return rng.bits / times


def test_a_choice_costs_its_information():
    assert spent(lambda rng: pick(rng, "abcdefgh")) == pytest.approx(3)
    assert spent(lambda rng: between(rng, 1, 5)) == pytest.approx(math.log2(5))
    assert spent(lambda rng: shuffled(rng, range(6))) == pytest.approx(math.log2(720))
    assert spent(lambda rng: pick(rng, "a")) == spent(lambda rng: rng.random() < 1.5) == spent(lambda rng: None) == 0


def test_uneven_choices_cost_their_entropy_on_average():
    entropy = -0.25 * math.log2(0.25) - 0.75 * math.log2(0.75)
    for choose in (
        lambda rng: rng.random() < 0.25,
        lambda rng: rng.random() > 0.75,
        lambda rng: rng.random() >= 0.25,
        lambda rng: rng.random() <= 0.75,
        Wheel([("a", 1), ("b", 3)]).spin,
        lambda rng: int(4 / 3 * rng.random()),
    ):
        assert spent(choose, 4000) == pytest.approx(entropy, abs=0.03)


def test_what_follows_from_earlier_answers_is_free():
    def thrice(rng: random.Random) -> None:
        dice = rng.random()
        _ = dice < 0.5, dice < 0.5, dice < (0.25 if dice < 0.5 else 0.75), int(dice * 4), int(dice * 2)

    assert spent(thrice) == pytest.approx(2)


@pytest.mark.parametrize(
    "misuse", [lambda rng: rng.random() + 1, lambda rng: rng.choice("ab"), lambda rng: rng.random() ** 2]
)
def test_a_use_of_chance_that_is_not_understood_is_an_error(misuse):
    with pytest.raises((TypeError, AttributeError)):
        misuse(Choices(0))


def test_watching_changes_no_page_and_ends(world):
    """Every kind of page and dialogue is made by the same choices, watched or not, and costs some."""
    for kind, source in variety.sources(world).items():
        plain = list(islice(source(3, "train"), 12))
        made: list[Choices] = []
        with streams_of(lambda seed: made.append(Choices(seed)) or made[-1]):  # noqa: B023
            assert list(islice(source(3, "train"), 12)) == plain, kind
        assert sum(rng.bits for rng in made) > 12, kind
    assert type(stream(0)) is random.Random


def coins(seed: int, split: str) -> Iterator[tuple[str, str]]:
    """Texts of eight letters of four, in one language: 16 bits each, or 2 bits for a byte."""
    rng = stream(seed, split)
    while True:
        yield "".join(pick(rng, "abcd") for _ in range(8)), "en"


def test_a_product_of_choices_has_its_entropy_and_the_model_cannot_beat_it():
    assert variety.choice_bits(coins, 50) == {"en": (pytest.approx(800), 400, 50)}
    sizes = Sizes(units=500, documents=100, train_tokens=20_000, test_tokens=3_000, counted=50)
    found = {row["metric"]: row["value"] for row in variety.measure("coins", coins, BYTES, sizes)}
    assert found["choices, bits per byte"] == found["entropy at most, bits per byte"] == 2
    assert 2 < found["best n-gram loss, fresh training text, bits per byte"] < 2.6
    assert found["mean length, tokens"] == 8


def test_the_bound_is_the_least_of_the_three():
    metric = "entropy at most, bits per byte"
    assert variety.bounds((80.0, 40, 4), 1.5, 3.0)[metric] == (1.5, 4)
    assert variety.bounds((80.0, 40, 4), 2.5, 1.0)[metric] == (1.0, 4)
    assert variety.bounds((80.0, 40, 4), 2.5, 3.0)[metric] == (2.0, 4)


def test_rows_of_a_kind_are_flat_and_repeatable(world):
    sizes = Sizes(units=500, documents=50, train_tokens=4_000, test_tokens=1_000, counted=20)
    source = variety.sources(world)["story"]
    rows = variety.measure("story", source, BYTES, sizes)
    assert {tuple(row) for row in rows} == {("kind", "language", "metric", "value", "n")}
    assert {row["language"] for row in rows} == {"en", "zh"}
    assert rows == variety.measure("story", source, BYTES, sizes)


def test_speed_counts_every_mixture():
    rows = measure_world.speed_rows(BYTES, 5_000)
    assert [row["kind"] for row in rows] == [f"mixture: {mixture}" for mixture in MIXTURES]
    assert all(row["value"] > 1000 and row["n"] >= 5_000 for row in rows)
