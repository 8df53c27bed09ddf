"""Log-probabilities and continuations in batches equal the plain way, one after another."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gptlineage.evaluation.exam.losses import windows
from gptlineage.evaluation.exam.scoring import logprobs
from gptlineage.model import ModelConfig, build

CONFIG = ModelConfig(n_layers=2, d_model=16, n_heads=2, n_ctx=24, vocab_size=40)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return build(CONFIG).eval()


def one_by_one(model, prompt, continuation):
    total = 0.0
    for place, token in enumerate(continuation):
        before = (prompt + continuation[:place])[-CONFIG.n_ctx :]
        total += model(torch.tensor([before]))[0, -1].log_softmax(-1)[token].item()
    return total


def test_batched_logprobs_equal_one_token_at_a_time(model):
    generator = torch.Generator().manual_seed(1)
    pairs = []
    for length in (1, 2, 5, 9, 15):
        ids = torch.randint(0, 40, (length + 4,), generator=generator).tolist()
        pairs.append((ids[:length], ids[length:]))
    with torch.inference_mode():
        expected = [one_by_one(model, prompt, continuation) for prompt, continuation in pairs]
    assert logprobs(model, pairs) == pytest.approx(expected, abs=1e-4)


def test_a_prompt_that_is_too_long_loses_its_beginning(model):
    ids = torch.randint(0, 40, (60,), generator=torch.Generator().manual_seed(2)).tolist()
    assert logprobs(model, [(ids[:56], ids[56:])]) == pytest.approx(logprobs(model, [(ids[35:56], ids[56:])]))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 200), st.sampled_from([4, 24, 33]))
def test_windows_predict_every_token_once_with_half_a_context_before_it(length, n_ctx):
    ids = list(range(length))
    pairs = windows(ids, n_ctx)
    assert [token for _, continuation in pairs for token in continuation] == ids[1:]
    for prompt, continuation in pairs:
        assert prompt[-1] + 1 == continuation[0] and len(prompt) + len(continuation) <= n_ctx + 1
    assert all(len(prompt) >= n_ctx // 2 for prompt, _ in pairs[1:])


def test_an_untrained_model_is_about_uniform(model):
    ids = torch.randint(0, 40, (20,), generator=torch.Generator().manual_seed(3)).tolist()
    assert logprobs(model, [(ids[:1], ids[1:])])[0] / 19 == pytest.approx(-math.log(40), abs=0.2)
