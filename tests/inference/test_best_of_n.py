"""The best of n is the best of those that the same seed writes."""

from __future__ import annotations

from gptlineage.inference import Sampling, best_of_n, reply_to_all
from tests.tiny import load_tiny

ASK = [{"role": "user", "content": "Hi"}]


def test_the_reply_that_scores_highest_is_shown(tmp_path):
    lm, sampling = load_tiny(tmp_path, ("pretrain", "sft"), n_ctx=120), Sampling(temperature=1.0, top_k=0, seed=3)
    written = reply_to_all(lm.model, lm.tokenizer, [ASK] * 200, sampling)
    ended = [reply for reply in written if reply]
    assert len(ended) > 5 and len(set(ended)) > 5  # and no batch repeats another
    assert best_of_n(lm, ASK, len, 200, sampling) == max(ended, key=len)
    assert best_of_n(lm, ASK, lambda reply: -len(reply), 200, sampling) == min(ended, key=len)


def test_batches_of_one_seed_differ(tmp_path):
    lm, sampling = load_tiny(tmp_path, ("pretrain", "sft"), n_ctx=120), Sampling(temperature=1.0, top_k=0, seed=3)
    written = reply_to_all(lm.model, lm.tokenizer, [ASK] * 256, sampling, batch_size=64)
    assert len({tuple(written[i : i + 64]) for i in range(0, 256, 64)}) == 4
