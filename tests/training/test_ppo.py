"""PPO against its formulas, worked in plain Python with float64, and against a reward that is easy to find."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.model import Scorer
from gptlineage.training import ActorCritic, ProximalPolicy, Settings, train
from gptlineage.training.ppo import (
    adapted,
    advantages_and_returns,
    policy_loss,
    token_rewards,
    value_loss,
    whiten,
)
from tests.tiny import BYTES, complaint, tiny_model
from tests.training.runs import recipe, shard

NUMBERS = st.floats(-3, 3)


@st.composite
def batches(draw, n_columns: int = 1):
    """Rows of numbers, each with a reply in the middle: (mask, columns...)."""
    width = draw(st.integers(2, 6))
    spans = draw(st.lists(st.tuples(st.integers(0, width - 1), st.integers(1, width)), min_size=1, max_size=3))
    mask = torch.tensor([[start <= t < max(start + 1, end) for t in range(width)] for start, end in spans])
    row = st.lists(NUMBERS, min_size=width, max_size=width)
    rows = st.lists(row, min_size=len(spans), max_size=len(spans))
    return mask, *(torch.tensor(draw(rows), dtype=torch.float64) for _ in range(n_columns))


@settings(max_examples=100, deadline=None)
@given(batches(2), st.floats(0.5, 1.0), st.floats(0.0, 1.0))
def test_advantages_are_discounted_sums_of_surprises(batch, gamma, lam):
    mask, rewards, values = batch
    found, returns = advantages_and_returns(rewards, values, mask, gamma, lam)
    for b, row in enumerate(mask.tolist()):
        places = [t for t, own in enumerate(row) if own]
        for i, t in enumerate(places):
            expected = 0.0
            for j, u in enumerate(places[i:]):
                after = values[b, places[i + j + 1]].item() if i + j + 1 < len(places) else 0.0
                surprise = rewards[b, u].item() + gamma * after - values[b, u].item()
                expected += (gamma * lam) ** j * surprise
            assert found[b, t].item() == pytest.approx(expected, abs=1e-9)
            assert returns[b, t].item() == pytest.approx(expected + values[b, t].item(), abs=1e-9)
    assert (found[~mask] == 0).all() and (returns[~mask] == 0).all()


@settings(max_examples=100, deadline=None)
@given(batches(3), st.floats(0.05, 0.5))
def test_the_clipped_policy_loss(batch, clip):
    mask, new, old, advantages = batch
    losses = []
    for b, t in mask.nonzero().tolist():
        ratio, advantage = math.exp(new[b, t] - old[b, t]), advantages[b, t].item()
        losses.append(-min(ratio * advantage, min(max(ratio, 1 - clip), 1 + clip) * advantage))
    expected = sum(losses) / len(losses)
    assert policy_loss(new, old, advantages, mask, clip).item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_outside_the_clip_nothing_pulls_further():
    mask, old = torch.ones(1, 2, dtype=torch.bool), torch.zeros(1, 2)
    new = torch.tensor([[0.5, 0.05]], requires_grad=True)
    policy_loss(new, old, torch.ones(1, 2), mask).backward()
    assert new.grad[0, 0] == 0 and new.grad[0, 1] < 0


@settings(max_examples=100, deadline=None)
@given(batches(3), st.floats(0.05, 0.5))
def test_the_clipped_value_loss(batch, clip):
    mask, new, old, returns = batch
    losses = []
    for b, t in mask.nonzero().tolist():
        v, o, r = (x[b, t].item() for x in (new, old, returns))
        near = o + min(max(v - o, -clip), clip)
        losses.append(0.5 * max((v - r) ** 2, (near - r) ** 2))
    assert value_loss(new, old, returns, mask, clip).item() == pytest.approx(sum(losses) / len(losses), abs=1e-9)


def test_the_score_stands_at_the_last_token_and_leaving_costs():
    mask = torch.tensor([[False, True, True, False], [True, True, True, True]])
    new, reference = torch.full((2, 4), -1.0), torch.full((2, 4), -1.5)
    rewards = token_rewards(torch.tensor([2.0, -3.0]), new, reference, mask, beta=0.1)
    expected = torch.tensor([[0.0, -0.05, 1.95, 0.0], [-0.05, -0.05, -0.05, -3.05]])
    assert torch.allclose(rewards, expected)


@given(batches(1))
def test_whitened_means_mean_0_and_variance_1(batch):
    mask, values = batch
    white = whiten(values, mask)[mask]
    assert white.mean().item() == pytest.approx(0, abs=1e-6)
    if values[mask].numel() > 1 and values[mask].std() > 1e-2:
        assert white.var(unbiased=False).item() == pytest.approx(1, rel=1e-3)


def test_beta_rises_when_the_policy_runs_away_and_falls_when_it_stays():
    assert adapted(0.1, kl=12, target=6, n_replies=1000) == pytest.approx(0.1 * 1.02)  # the error is clipped at 0.2
    assert adapted(0.1, kl=0, target=6, n_replies=1000) == pytest.approx(0.1 * 0.98)
    assert adapted(0.1, kl=6, target=6, n_replies=1000) == pytest.approx(0.1)


class High(Scorer):
    """A reward model by hand: the share of bytes beyond ASCII."""

    def forward(self, ids):
        share = ((ids >= 128) & (ids < 256)).float().cumsum(-1) / (torch.arange(ids.shape[1]) + 1)
        return share * 10 + 0 * self.score.bias


class Quiet(ProximalPolicy):
    def evaluate(self, model):
        return {}

    def sample(self, model):
        return []


def ppo(tmp_path, model, reward=None, **choices) -> ProximalPolicy:
    pages = shard(tmp_path / "pages.bin", 3000)
    prompts = [[{"role": "user", "content": letter}] for letter in "bcdefg"]
    chosen = {**dict(rollouts=32, minibatches=2, max_new_tokens=8, missing_end=-1.0, beta=0.02), **choices}
    reward = reward or High(copy.deepcopy(model))
    return Quiet(
        copy.deepcopy(model), reward, BYTES, prompts, [], pages, pages, Settings(**chosen), page_rows=2, seed=0
    )


def test_the_policy_learns_what_is_rewarded_and_the_reference_stays(tmp_path):
    model = tiny_model(spread=0.05, d_model=32)
    start = copy.deepcopy(model.state_dict())
    goal = ppo(tmp_path, model, missing_end=None, highest_kl=1e3, epochs=4)
    trained = ActorCritic(model, Scorer(copy.deepcopy(model)), 0.0)
    first = goal.collect(trained, 0)
    train(trained, goal, recipe(steps=160, lr=1e-2, weight_decay=0.0), tmp_path)
    last = goal.collect(trained, 999)
    share = [float(((roll.targets >= 128) & roll.mask).sum() / roll.mask.sum()) for roll in (first, last)]
    assert share[1] > share[0] + 0.2
    assert first.kl == pytest.approx(0, abs=1e-4) and last.kl > 0.1
    assert all(torch.equal(start[name], p) for name, p in goal.reference.state_dict().items())


def test_the_first_step_has_ratio_one_and_logprobs_of_single_rows(tmp_path):
    model = tiny_model(spread=0.3)
    goal, trained = ppo(tmp_path, model), ActorCritic(model, Scorer(copy.deepcopy(model)), 0.1)
    roll = goal.collect(trained, 3)
    for b in range(4):
        for t in roll.mask[b].nonzero().flatten().tolist():
            ids = torch.cat([roll.inputs[b, : t + 1]])
            logits = model(ids[None])[0, -1].detach()
            logits[goal.banned()] = -torch.inf
            expected = logits.log_softmax(-1)[roll.targets[b, t]].item()
            assert roll.logprobs[b, t].item() == pytest.approx(expected, abs=1e-4)
    again = goal.collect(trained, 3)
    assert torch.equal(again.inputs, roll.inputs)  # the same round writes the same replies


def test_minibatches_hold_every_reply_once_by_length_and_lose_nothing_but_padding(tmp_path):
    model = tiny_model(spread=0.3)
    goal, trained = ppo(tmp_path, model), ActorCritic(model, Scorer(copy.deepcopy(model)), 0.1)
    roll = goal.collect(trained, 1)
    order = roll.by_length()
    assert sorted(order.tolist()) == list(range(32))
    ends = [int(roll.mask[row].nonzero().max()) for row in order]
    assert ends == sorted(ends)
    parts = [roll.part(rows) for rows in order.tensor_split(5)]
    assert sum(int(part.mask.sum()) for part in parts) == int(roll.mask.sum())
    assert parts[0].mask.shape[1] < parts[-1].mask.shape[1] or ends[0] == ends[-1]
    for part, rows in zip(parts, order.tensor_split(5), strict=True):
        logprobs, _ = goal.logprobs(model, part.inputs, part.targets, part.mask)
        assert torch.allclose(logprobs, part.logprobs, atol=1e-5)
        assert torch.equal(part.scores, roll.scores[rows])


def test_pages_of_pretraining_weigh_in(tmp_path):
    model = tiny_model(spread=0.1)
    trained = ActorCritic(model, Scorer(copy.deepcopy(model)), 0.1)
    losses = [ppo(tmp_path, model, ptx=ptx).loss(trained, 0, 0, 1) for ptx in (0.0, 0.5, 1.0)]
    plain, half, whole = (loss.item() for loss, _ in losses)
    assert half - plain == pytest.approx((whole - plain) / 2, rel=1e-3) and whole > plain + 1
    assert losses[1][1] == losses[0][1] + 2 * 24


@pytest.mark.parametrize(
    ("choices", "match"), [(dict(highest_kl=-1.0), "collapsed"), (dict(lowest_entropy=99.0), "collapsed")]
)
def test_a_collapse_stops_the_run(choices, match, tmp_path):
    model = tiny_model(spread=0.1)
    with complaint(match):
        ppo(tmp_path, model, **choices).loss(ActorCritic(model, Scorer(copy.deepcopy(model)), 0.1), 0, 0, 1)


def test_a_score_that_is_no_number_stops_the_run(tmp_path):
    model = tiny_model(spread=0.1)
    reward = High(copy.deepcopy(model))
    reward.score.bias.data.fill_(math.nan)
    with complaint("no number"):
        ppo(tmp_path, model, reward).loss(ActorCritic(model, Scorer(copy.deepcopy(model)), 0.1), 0, 0, 1)
