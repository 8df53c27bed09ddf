"""Learning to translate: batches, losses, and that a small network learns a small language."""

from __future__ import annotations

import pytest
import torch

from gptlineage.errors import UserError
from gptlineage.lineage import generation
from gptlineage.lineage.run import Options, train_generation
from gptlineage.model import build
from gptlineage.text import Tokenizer
from gptlineage.training import Recipe, train
from gptlineage.training.optimizer import lr_share, make_optimizers
from gptlineage.training.translation import Translation, translation_loss
from tests.inference.test_translate import RECURRENT, TRANSFORMER

TOKENIZER = Tokenizer()
PAIRS = [("ab", "ba"), ("abc", "cba"), ("bd", "db"), ("dca", "acd"), ("cc ad", "da cc")]


def objective(**choice) -> Translation:
    settings = dict(steps=6, batch_size=2, n_ctx=40, seed=0)
    return Translation(PAIRS * 4, PAIRS[:2], TOKENIZER, **{**settings, **choice})


def test_both_directions_are_learnt_and_each_example_is_in_one_batch():
    found = objective()
    assert sorted(i for batch in found.batches for i in batch) == list(range(12))
    sources = {TOKENIZER.decode(source) for source, _ in found.examples}
    assert {"ab", "ba", "abc", "cba"} <= sources


def test_a_source_can_be_reversed():
    plain, reversed_ = objective(), objective(reverse=True)
    assert [s[::-1] for s, _ in plain.examples] == [s for s, _ in reversed_.examples]
    assert [t for _, t in plain.examples] == [t for _, t in reversed_.examples]


def test_pairs_that_do_not_fit_are_left_out():
    long = [("a" * 60, "b" * 60), *PAIRS]
    found = Translation(long, PAIRS[:1], TOKENIZER, steps=2, batch_size=2, n_ctx=40)
    assert all(len(source) <= 40 and len(target) <= 40 for source, target in found.examples)


def test_the_loss_is_the_papers_in_float64():
    """Cross-entropy with a share of the weight spread over all words (section 5.4), without padding."""
    torch.manual_seed(0)
    model, found = build(TRANSFORMER), objective()
    source, lengths, target = found.block(found.examples[:3], model)
    logs = model(source, target[:, :-1].clamp_min(0), lengths).double().log_softmax(-1)
    losses = []
    for row, wanted in zip(logs, target[:, 1:], strict=True):
        for log, token in zip(row, wanted, strict=True):
            if token >= 0:
                losses.append(-0.9 * log[token] - 0.1 * log.mean())
    loss = translation_loss(model, source, lengths, target, smoothing=0.1)
    assert loss.item() == pytest.approx(torch.stack(losses).mean().item(), rel=1e-5)


def test_passes_of_a_batch_add_up():
    torch.manual_seed(0)
    model, found = build(RECURRENT), objective(batch_size=4, steps=3)
    whole, tokens = found.loss(model, 1, 0, 1)
    parts = [found.loss(model, 1, part, 2) for part in range(2)]
    assert sum(n for _, n in parts) == tokens
    assert sum(loss.item() * n for loss, n in parts) / tokens == pytest.approx(whole.item(), rel=1e-4)


@pytest.mark.parametrize("config", [TRANSFORMER, RECURRENT], ids=["transformer", "recurrent"])
def test_a_small_language_is_learnt(tmp_path, config):
    torch.manual_seed(0)
    model = build(config)
    pairs = [(a + b + c, c + b + a) for a in "abcd" for b in "abcd" for c in "abcd"]
    found = Translation(pairs * 20, pairs[:8], TOKENIZER, steps=120, batch_size=20, n_ctx=40, smoothing=0.0)
    recipe = Recipe(steps=120, batch_size=20, lr=1e-2, weight_decay=0.0)
    train(model, found, recipe, tmp_path)
    assert found.evaluate(model)["val_loss"] < 0.7  # ln 4 is 1.39 for a guess among four letters


def test_muon_takes_the_matrices_of_encoder_and_decoder():
    optimizers = make_optimizers(build(TRANSFORMER), Recipe(steps=1, batch_size=1, optimizer="muon"))
    taken = sum(p.numel() for group in optimizers[1].param_groups for p in group["params"])
    assert taken == sum(p.numel() for n, p in build(TRANSFORMER).named_parameters() if "coder" in n and p.dim() == 2)


def test_the_schedule_of_2017():
    """Equation 3: linear, then one over the square root; its peak is at the end of the warm-up."""
    recipe = Recipe(steps=1000, batch_size=1, schedule="inverse_sqrt", warmup=0.04)
    shares = [lr_share(recipe, step) for step in range(1000)]
    assert shares[39] == 1 == max(shares)
    for step in (0, 10, 39, 40, 159, 999):
        number = step + 1
        assert shares[step] == pytest.approx(40**0.5 * min(number**-0.5, number * 40**-1.5))


def test_ones_own_pairs(tmp_path):
    """A file of English<TAB>Chinese is learnt; every tenth line is held out; a line without a tab is named."""
    file = tmp_path / "pairs.tsv"
    file.write_text("\n".join(f"one dog {i}\t一只狗{i}" for i in range(30)), encoding="utf-8")
    options = Options(data=str(file), steps=2)
    folder = train_generation(generation("rnnsearch"), tmp_path / "run", options)
    assert (folder / "config.json").is_file()
    file.write_text("one dog\t一只狗\nno tab here\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"Line 2 of pairs\.tsv"):
        train_generation(generation("rnnsearch"), tmp_path / "other", options)


def test_too_few_pairs_are_said(tmp_path):
    file = tmp_path / "pairs.tsv"
    file.write_text("one dog\t一只狗\n", encoding="utf-8")
    with pytest.raises(UserError, match="too few pairs"):
        train_generation(generation("transformer"), tmp_path / "run", Options(data=str(file), steps=2))
