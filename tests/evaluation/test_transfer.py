"""The transfer experiment at a tiny size: what is transferred, what is compared, and what must be beaten."""

from __future__ import annotations

import copy
from collections import Counter

import pytest
import torch

from gptlineage.evaluation import transfer
from gptlineage.evaluation.transfer import TASKS, WHOLE, Arm, Bag, Bench
from gptlineage.model import RecurrentConfig, build
from gptlineage.world.labels import Example, Labels
from tests.tiny import BYTES, tiny_model

LABELS = Labels()


@pytest.fixture(scope="module")
def bench() -> Bench:
    lstm = build(RecurrentConfig(kind="lm", d_embed=8, d_hidden=8, n_ctx=160, vocab_size=BYTES.vocab_size))
    made = Bench({"Transformer": tiny_model(spread=0.2, n_ctx=160), "LSTM": lstm.eval()}, LABELS, BYTES)
    made.test = {task: examples[:12] for task, examples in made.test.items()}
    return made


@pytest.mark.parametrize("n_layers", [None, 0, 1, 2])
def test_so_many_layers_are_transferred(n_layers):
    body = tiny_model(spread=1.0)
    torch.manual_seed(7)
    found, own = transfer.transferred(body, n_layers).state_dict(), body.state_dict()
    same = {name for name in own if torch.equal(found[name], own[name])}
    assert ("tokens.weight" in same) == ("positions.weight" in same) == (n_layers is not None)
    for layer in range(2):
        parts = [name for name in own if name.startswith(f"blocks.{layer}.")]
        assert all((name in same) == (n_layers is not None and layer < n_layers) for name in parts)
    assert ("norm.weight" in same) == (n_layers == 2)


def test_the_comparison_is_complete_and_says_each_thing_once():
    planned = list(transfer.arms(seed=5, n_layers=4))
    assert len(planned) == len(set(planned)) == len(set(map(str, planned)))
    for task in TASKS:
        own = [arm for arm in planned if arm.task == task and arm.network == "Transformer"]
        full, rest = {(arm.layers, arm.labels) for arm in own if arm.auxiliary and arm.steps == 100}, set()
        if task in WHOLE:
            rest = {(start, n) for start in (4, None) for n in transfer.levels(task)}
            rest |= {(layers, transfer.MIDDLE) for layers in range(4)}
            assert {arm.layers for arm in own if not arm.auxiliary} == {4, None}
        assert full == {(4, transfer.MIDDLE), (None, transfer.MIDDLE)} | rest
        assert {arm.layers for arm in own if arm.steps > 100} == {None if task in WHOLE else 4}
    rates = {(arm.start, arm.task): lr for arm, lr in transfer.trials(5, 4)}
    assert all(transfer.rate_of(arm, rates) for arm in planned)  # every kind of start has a rate of its own


def test_the_rate_is_chosen_on_validation_rows_alone():
    def row(metric: str, lr: float, value: float, task: str = "where") -> dict:
        return {"model": "a", "task": task, "metric": metric, "lr": lr, "value": value}

    tried = [row("accuracy, validation", lr, value) for lr, value in ((1e-3, 0.7), (3e-3, 0.75), (3e-4, 0.5))]
    tried += [row("accuracy", 1e-4, 1.0)]
    tried += [row("accuracy, validation", lr, 0.1, "sentiment") for lr in (1e-3, 3e-3, 3e-4)]
    assert transfer.chosen_rates(tried) == {("a", "where"): 3e-3, ("a", "sentiment"): 3e-3}


def test_no_example_is_learnt_and_asked(bench):
    for task in TASKS:
        learnt = bench.training(task, 3000, seed=0)
        assert len(learnt) == 3000 and not set(learnt) & (set(bench.test[task]) | set(bench.validation[task]))
        assert bench.training(task, 100, seed=0) == learnt[:100] != bench.training(task, 100, seed=1)


@pytest.mark.parametrize("arm", [Arm("Transformer", "choice", 1, 10, 0), Arm("LSTM", "similarity", 1, 10, 0, 0.0)])
def test_an_arm_is_measured_and_the_body_left_alone(bench, arm, monkeypatch):
    monkeypatch.setitem(transfer.RECIPE, "steps", 2)
    monkeypatch.setitem(transfer.BATCH, arm.task, 2)
    before = copy.deepcopy(bench.bodies[arm.network].state_dict())
    row = bench.measure(arm, 1e-3)
    assert row["model"] == f"{arm.network}, pretrained" and row["n"] == 12 and 0 <= row["value"] <= 1
    assert row == bench.measure(arm, 1e-3)  # the seed decides everything
    assert all(torch.equal(before[name], value) for name, value in bench.bodies[arm.network].state_dict().items())


def test_accuracy_is_of_the_examples_in_their_order(bench):
    """Examples are sorted by length for speed; a right answer must still be counted for the right example."""
    arm = Arm("Transformer", "entailment", 2, 8, 0)
    model, objective = bench.tune(arm, 1e-3, steps=1, batch_size=2)
    examples = bench.test["entailment"]
    right = bench.grade(model, objective, arm, examples)
    assert right == [bench.grade(model, objective, arm, [example])[0] for example in examples]


def test_the_gate_asks_for_the_likelier_answer(bench, monkeypatch):
    """With the scores of an oracle the gate is passed, with the opposite it is not."""
    for sign, share in ((1, 1.0), (-1, 0.0)):

        def oracle(body, pairs, sign=sign):
            found = []
            for prompt, line in pairs:
                text, answer = BYTES.decode(prompt), BYTES.decode(line).strip()
                example = next(e for e in bench.test["choice"] if e.texts[0] == text)
                found.append(sign * len(line) * float(answer == example.choices[example.label]))
            return found

        monkeypatch.setattr(transfer, "logprobs", oracle)
        right = transfer.zero_shot(bench, bench.bodies["Transformer"], "choice", "en")
        assert sum(right) / len(right) == share or sign < 0
        assert len(right) == 6


def test_the_gate_has_a_row_for_each_body_and_skill(bench):
    rows = transfer.gate_rows(bench)
    assert Counter(row["model"] for row in rows) == {"Transformer": 2, "LSTM": 2}
    assert {row["chance"] for row in rows} == {0.25, 0.5} and all(row["n"] == 12 for row in rows)


def test_a_bag_of_words_finds_what_words_tell_and_nothing_else():
    told = [Example((word,), label, "en") for label, word in enumerate(("good fine", "bad poor"))] * 5
    bag = Bag(told)
    assert [bag.label(Example((text,), 0, "en")) for text in ("so fine", "so poor")] == [0, 1]
    overlap = [Example(("a b c",), n % 3, "en", tuple("bxy"[-(n % 3):] + "bxy"[: -(n % 3)])) for n in range(30)]
    bag = Bag(overlap)
    assert all(bag.label(example) == example.label for example in overlap)
    bag = Bag(LABELS.examples("choice", 1000))
    right = sum(bag.label(e) == e.label for e in LABELS.examples("choice", 400, split="held-out")) / 400
    assert right < 0.33


def test_controls_learn_from_the_same_labels(bench):
    rows = transfer.control_rows(bench, [0, 1])
    assert len(rows) == 2 * 2 * sum(len(transfer.levels(task)) for task in TASKS)
    common = [row["value"] for row in rows if row["model"] == "commonest label" and row["task"] == "entailment"]
    share = sum(example.label for example in bench.test["entailment"]) / 12
    assert all(min(abs(value - share), abs(value - 1 + share)) < 1e-4 for value in common)
