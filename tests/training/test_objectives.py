"""The losses against plain references: pretraining, fine-tuning and preferences."""

from __future__ import annotations

import math
from itertools import islice

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.text import encode_dialogue
from gptlineage.training import Comparison, DirectPreference, SupervisedFineTuning, choose_device, train
from gptlineage.training.dpo import dpo_loss, reply_logprob
from gptlineage.training.loop import backward
from gptlineage.training.pretrain import held_out_loss, next_token_loss
from gptlineage.training.resume import TrainingState
from gptlineage.training.sft import IGNORED, DialogueBatches, collate, reply_loss
from gptlineage.world import World
from tests.tiny import BYTES, complaint, tiny_model
from tests.training.runs import objective, recipe, shard

END = BYTES.special["<|end|>"]


def log_probability(model, ids: list[int], position: int) -> float:
    """log p(ids[position] | what stands before), from one row alone."""
    with torch.no_grad():
        return model(torch.tensor([ids[:position]]))[0, -1].double().log_softmax(-1)[ids[position]].item()


def test_the_loss_is_the_mean_surprise_of_the_next_token():
    model = tiny_model(spread=0.3)
    ids = torch.randint(0, 256, (2, 8))
    expected = [-log_probability(model, row.tolist(), i) for row in ids for i in range(1, 8)]
    assert next_token_loss(model, ids).item() == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_the_held_out_loss_reads_whole_windows_evenly(tmp_path):
    model, val = tiny_model(spread=0.3), shard(tmp_path / "val.bin", 24 * 5 + 1)
    windows = [torch.from_numpy(val.window(24 * i, 25))[None] for i in range(5)]
    expected = sum(next_token_loss(model, ids).item() for ids in windows) / 5
    assert held_out_loss(model, val) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", ["pretrain", "dpo"])
def test_accumulated_passes_give_the_gradient_of_one(kind, tmp_path):
    gradients, figures = [], []
    for parts in (1, 2, 4):
        model = tiny_model(spread=0.2, n_ctx=48)
        goal = objective(tmp_path, n_ctx=48) if kind == "pretrain" else preferences(model)
        state = TrainingState(step=2, precision="float32")
        figures.append(backward(model, goal, recipe(accumulation=parts), state, "cpu"))
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert gradients[0].abs().max() > 1e-3
    for number in (1, 2):
        assert torch.allclose(gradients[number], gradients[0], atol=1e-5, rtol=1e-4)
        assert figures[number][0] == pytest.approx(figures[0][0], rel=1e-5)
        assert figures[number][1] == figures[0][1]


class OneBatch:
    """Always the same rows, and nothing to evaluate."""

    def __init__(self):
        torch.manual_seed(0)
        self.ids = torch.randint(0, 256, (4, 25))

    def loss(self, model, step, part, parts):
        return next_token_loss(model, self.ids), self.ids.numel()

    def evaluate(self, model):
        return {}

    def sample(self, model):
        return []


@pytest.mark.parametrize("choices", [dict(lr=1e-2), dict(lr=1e-2, optimizer="muon", schedule="flat")])
def test_a_model_learns_one_batch_by_heart(choices, tmp_path):
    model, goal = tiny_model(d_model=32), OneBatch()
    train(model, goal, recipe(steps=150, weight_decay=0.0, **choices), tmp_path)
    assert next_token_loss(model, goal.ids).item() < 0.05


# Fine-tuning


@pytest.fixture(scope="module")
def dialogues():
    return list(islice(World().dialogues(seed=1, split="train"), 40))


def test_only_the_assistants_tokens_count():
    model = tiny_model(spread=0.3, n_ctx=64)
    conversations = [
        [("user", "Hi"), ("assistant", "Yo!")],
        [("user", "1+1?"), ("assistant", "2"), ("user", "And?"), ("assistant", "That is all.")],
    ]
    rows = [encode_dialogue(BYTES, [dict(role=r, content=c) for r, c in talk]) for talk in conversations]
    surprises = [
        -log_probability(model, ids, i) for ids, said in rows for i in range(1, len(ids)) if said[i]
    ]
    assert len(surprises) == len("Yo!") + 1 + len("2") + 1 + len("That is all.") + 1
    assert reply_loss(model, *collate(rows)).item() == pytest.approx(sum(surprises) / len(surprises), rel=1e-5)


def test_what_the_user_says_teaches_nothing():
    """The gradient on the logits is zero wherever someone else speaks."""
    ids, said = encode_dialogue(BYTES, [dict(role="user", content="Hi"), dict(role="assistant", content="Yo")])
    inputs, targets = collate([(ids, said), (ids[:5], said[:5])])
    assert inputs.shape == targets.shape == (2, len(ids) - 1)
    assert [t for t in targets[0].tolist() if t != IGNORED] == [*b"Yo", END]
    assert targets[1, 4:].eq(IGNORED).all()


def test_fine_tuning_adds_pages_of_the_corpus(dialogues, tmp_path):
    model, pages = tiny_model(spread=0.1, n_ctx=200), shard(tmp_path / "pages.bin", 3000)
    choices = dict(batch_size=4, n_ctx=200, seed=0)
    alone = SupervisedFineTuning(dialogues, [], pages, pages, BYTES, page_rows=0, **choices)
    both = SupervisedFineTuning(dialogues, [], pages, pages, BYTES, page_rows=2, **choices)
    inputs, targets = alone.batches.batch(3)
    loss, tokens = alone.loss(model, 3, 0, 1)
    assert loss.item() == pytest.approx(reply_loss(model, inputs, targets).item())
    assert tokens == int((targets != IGNORED).sum())
    page_loss = next_token_loss(model, both.pages.batch(3)).item()
    assert both.loss(model, 3, 0, 1)[0].item() == pytest.approx(loss.item() + page_loss, rel=1e-5)
    assert both.loss(model, 3, 0, 1)[1] == tokens + 2 * 200


def test_demonstrations_come_once_an_epoch_and_by_step_alone():
    rows = [([i] * (2 + i % 7), [True] * (2 + i % 7)) for i in range(50)]
    batches = DialogueBatches(rows, 4, seed=0)
    seen = [int(row[0]) for step in range(batches.per_epoch) for row in batches.batch(step)[0]]
    assert len(seen) == len(set(seen)) == 48
    again = DialogueBatches(rows, 4, seed=0)
    for step in (30, 2, 13):
        assert again.batch(step)[0].equal(batches.batch(step)[0])


# Preferences


def pair(question: str, chosen: str, rejected: str) -> Comparison:
    return Comparison(({"role": "user", "content": question},), (chosen, rejected))


PAIRS = [pair("a?", "yes", "no"), pair("b?", "well", "bad!"), pair("c?", "x", "yy"), pair("你好", "好", "不好")] * 2


def preferences(model, **choices) -> DirectPreference:
    return DirectPreference(model, BYTES, PAIRS, [], **{**dict(batch_size=4, beta=0.3), **choices})


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-60, 60)] * 3), min_size=1, max_size=5),
    st.floats(0.01, 2.0),
)
def test_the_preference_loss_equals_its_formula(rows, beta):
    """Worked in float64 with plain arithmetic: -log sigmoid(z) = log(1 + exp(-z))."""
    expected = 0.0
    for chosen, rejected, gap in rows:
        z = beta * ((chosen - rejected) - gap)
        expected += math.log1p(math.exp(-z)) if z > -30 else -z
    columns = [torch.tensor(column, dtype=torch.float64) for column in zip(*rows, strict=True)]
    assert dpo_loss(*columns, beta).item() == pytest.approx(expected / len(rows), rel=1e-9, abs=1e-12)


def test_a_replys_log_probability_is_the_sum_over_its_tokens():
    model = tiny_model(spread=0.3, n_ctx=48)
    goal = preferences(model)
    for (ids, said), value in zip(
        goal.chosen[:4], reply_logprob(model, *collate(goal.chosen[:4])).tolist(), strict=True
    ):
        assert value == pytest.approx(sum(log_probability(model, ids, i) for i in range(len(ids)) if said[i]), rel=1e-4)
        assert [i for i, own in zip(ids, said, strict=True) if own][-1] == END


def test_the_model_as_it_was_is_the_reference():
    model = tiny_model(spread=0.3, n_ctx=48)
    goal = preferences(model)
    assert goal.loss(model, 0, 0, 1)[0].item() == pytest.approx(math.log(2), rel=1e-5)
    chosen, rejected = (reply_logprob(model, *collate(rows)) for rows in (goal.chosen, goal.rejected))
    assert torch.allclose(goal.reference_gap, (chosen - rejected).detach(), atol=1e-4)


class Quiet(DirectPreference):
    def evaluate(self, model):
        return {}

    def sample(self, model):
        return []


def test_preferences_are_learnt(tmp_path):
    model = tiny_model(spread=0.1, n_ctx=48)
    goal = Quiet(model, BYTES, PAIRS, [], batch_size=4, beta=0.3)
    train(model, goal, recipe(steps=30, lr=3e-3), tmp_path)
    with torch.no_grad():
        chosen, rejected = (reply_logprob(model, *collate(rows)) for rows in (goal.chosen, goal.rejected))
    assert ((chosen - rejected) > goal.reference_gap).all()


def test_preferences_need_pairs_that_fit():
    model = tiny_model(n_ctx=24)
    with complaint("No comparison fits"):
        DirectPreference(model, BYTES, [], [], batch_size=4)
    with complaint("No comparison fits"):
        DirectPreference(model, BYTES, [pair("a?", "x" * 40, "no")], [], batch_size=4)



def test_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == "cpu"
    with complaint("no CUDA GPU"):
        choose_device("cuda")
    with complaint("Unknown device 'tpu'"):
        choose_device("tpu")
