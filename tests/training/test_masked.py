"""The masked objective: what is hidden, what is asked, and that it follows from seed and step alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gptlineage.training import Interrupted, Pretraining, train
from gptlineage.training.masked import Corruption, MaskedLanguageModeling, masked_logits
from tests.tiny import BYTES, tiny_model
from tests.training.runs import STEPS, losses, objective, recipe, shard, stop_at

BERT = dict(causal=False, segments=2, embedding_norm=True, output="transform", norm="post", final_norm=False)
START, MASK = BYTES.special["<|start|>"], BYTES.special["<|mask|>"]


def masking(folder, seed: int = 0) -> MaskedLanguageModeling:
    return MaskedLanguageModeling(
        shard(folder / "data" / "train.bin"), shard(folder / "data" / "val.bin", 300, seed=1), BYTES,
        steps=STEPS, batch_size=4, n_ctx=24, seed=seed, prompts=("ab___ef",),
    )  # fmt: skip


def corrupted(rows: int = 400, length: int = 100, seed: int = 0) -> tuple[torch.Tensor, Corruption]:
    windows = torch.randint(0, 256, (rows, length), generator=torch.Generator().manual_seed(1))
    windows[:, 0], windows[:, length // 2] = START, BYTES.end_of_text
    return windows, Corruption(windows, BYTES, np.random.default_rng(seed))


def test_fifteen_of_a_hundred_are_chosen_and_nothing_else_is_touched():
    windows, hidden = corrupted()
    assert hidden.places.shape == (400, 15)
    assert all(len(set(row)) == 15 for row in hidden.places.tolist())
    assert torch.equal(hidden.tokens, windows.gather(1, hidden.places))
    untouched = torch.ones_like(windows, dtype=torch.bool).scatter(1, hidden.places, False)
    assert torch.equal(hidden.shown[untouched], windows[untouched])
    # Every place of the text is chosen sometimes, the marks of start and end never.
    assert set(hidden.places.flatten().tolist()) == set(range(100)) - {0, 50}


def test_eighty_ten_ten():
    _, hidden = corrupted()
    seen = hidden.shown.gather(1, hidden.places)
    assert torch.equal(hidden.masked, seen == MASK)
    share = dict(mask=seen == MASK, same=seen == hidden.tokens, other=(seen != MASK) & (seen != hidden.tokens))
    found = {name: which.float().mean().item() for name, which in share.items()}
    assert found == pytest.approx(dict(mask=0.8, same=0.1, other=0.1), abs=0.02)  # 6,000 draws
    assert seen[share["other"]].max() < 256  # a special token is no text
    assert len(seen[share["other"]].unique()) > 150


@pytest.mark.parametrize("length", [1, 2, 7])
def test_a_short_window_still_asks_something(length):
    windows = torch.full((3, length), BYTES.end_of_text)
    assert Corruption(windows, BYTES, np.random.default_rng(0)).places.shape == (3, 1)


def test_seed_and_step_decide(tmp_path):
    model = tiny_model(**BERT)
    one, same = masking(tmp_path / "a"), masking(tmp_path / "b")
    same.loss(model, 8, 0, 1)  # what was asked before does not matter
    assert torch.equal(one.loss(model, 3, 0, 1)[0], same.loss(model, 3, 0, 1)[0])
    other = masking(tmp_path / "c", seed=1)
    assert one.loss(model, 3, 0, 1)[0] != other.loss(model, 3, 0, 1)[0] != one.loss(model, 4, 0, 1)[0]


def test_the_parts_of_a_step_are_the_step(tmp_path):
    model, one = tiny_model(**BERT), masking(tmp_path)
    whole, tokens = one.loss(model, 2, 0, 1)
    halves = [one.loss(model, 2, part, 2) for part in range(2)]
    assert torch.isclose(whole, sum(loss for loss, _ in halves) / 2)
    assert tokens == sum(read for _, read in halves) == 4 * 24


def test_it_reads_what_pretraining_reads(tmp_path):
    """Under one seed the two see the same windows: only the first token gives way to the start."""
    one = masking(tmp_path)
    windows = one.corrupt(one.batches.batch(5), 24, np.random.default_rng(0))
    text = objective(tmp_path, Pretraining).batches.batch(5)[:, :-1]
    restored = windows.shown.scatter(1, windows.places, windows.tokens)
    assert torch.equal(restored[:, 1:], text[:, 1:])
    assert (restored[:, 0] == START).all()


def test_quarters_of_the_windows_come_first_and_stay(tmp_path):
    one, read = masking(tmp_path), []

    class Reader(Knowing):
        def hidden(self, ids):
            read.append(tuple(ids.shape))
            return super().hidden(ids)

    tokens = [one.loss(Reader(), step, 0, 1)[1] for step in range(STEPS)]
    assert read == [(16, 6)] * 4 + [(16, 6), (4, 24)] * 4  # twelve steps, a third of them short
    assert tokens == [4 * 24] * STEPS
    assert (one.corrupt(one.batches.batch(0), 6, np.random.default_rng(0)).shown[:, 0] == START).all()


@torch.inference_mode()
def test_only_the_chosen_places_are_scored():
    model, (_, hidden) = tiny_model(spread=0.2, **BERT), corrupted(2, 24)
    everywhere = model(hidden.shown)
    assert torch.allclose(
        masked_logits(model, hidden.shown, hidden.places),
        everywhere.gather(1, hidden.places[..., None].expand(-1, -1, everywhere.shape[-1])),
        atol=1e-5,
    )


def test_it_learns_and_goes_on_exactly_after_a_stop(tmp_path):
    def run(folder, **choices):
        model = tiny_model(**BERT, dropout=0.1)
        train(model, masking(tmp_path / "data"), recipe(), folder, **choices)
        return model

    model = run(tmp_path / "whole")
    with pytest.raises(Interrupted):
        run(tmp_path / "stopped", watch=stop_at(5))
    run(tmp_path / "stopped", resume=True)
    assert losses(tmp_path / "stopped") == losses(tmp_path / "whole")
    assert len(losses(tmp_path / "whole")) == STEPS
    before, after = (masking(tmp_path / "data").evaluate(one.eval()) for one in (tiny_model(**BERT), model))
    assert after["val_loss"] < before["val_loss"] - 0.05


class Knowing(torch.nn.Module):
    """Guesses every token from the two beside it, as the shard's rule (one more than the token before) would."""

    def __init__(self):
        super().__init__()
        self.config, self.tokens = tiny_model(**BERT).config, torch.nn.Embedding(1, 1)

    def hidden(self, ids):
        guess = (ids.roll(1, 1) - 32 + 1) % 90 + 32
        return torch.nn.functional.one_hot(guess, self.config.vocab_size).float()

    def unembed(self, hidden):
        return hidden * 20


def test_mask_right_counts_the_masks_that_are_guessed(tmp_path):
    """The shard steps by one with probability 0.8; beside a mask or another lie the rule does not hold."""
    found = masking(tmp_path).evaluate(Knowing())
    assert 0.5 < found["mask_right"] < 0.9
    untrained = masking(tmp_path).evaluate(tiny_model(**BERT))
    assert untrained["mask_right"] < 0.2
    assert untrained["val_loss"] == pytest.approx(np.log(BYTES.vocab_size), abs=0.3)


def test_the_held_out_masks_are_the_same_for_every_seed(tmp_path):
    one, other = (masking(tmp_path, seed) for seed in (0, 1))
    assert torch.equal(one.held_out.shown, other.held_out.shown)
    assert one.evaluate(tiny_model(**BERT)) == other.evaluate(tiny_model(**BERT))


def test_it_shows_a_filled_gap(tmp_path):
    [shown] = masking(tmp_path).sample(tiny_model(spread=0.2, **BERT))
    assert shown["prompt"] == "ab___ef"
    assert shown["text"].startswith("ab")
    assert shown["text"].endswith("ef")
    assert "_" * 3 not in shown["text"]
