"""Every generation's logits against `transformers` on the same random weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gptlineage.lineage import generation
from tests.model import foreign

SMALL = dict(n_layers=4, d_model=48, d_ff=0, n_heads=4, n_ctx=64, vocab_size=211)


@pytest.mark.parametrize(
    ("name", "implementation"), [("gpt-1", foreign.gpt1), ("gpt-2", foreign.gpt2), ("gpt-3", foreign.gpt3)]
)
def test_logits_equal_transformers(name, implementation):
    torch.manual_seed(1)
    config = replace(generation(name).config(), **SMALL)
    if config.band:
        config = replace(config, band=7)
    theirs, ours = implementation(config)
    ids = torch.randint(0, config.vocab_size, (3, 50))
    with torch.inference_mode():
        expected, logits = theirs(ids).logits, ours(ids)
    assert expected.std() > 0.5  # the comparison is of something
    assert logits.dtype == torch.float32
    assert (logits - expected).abs().max() <= 1e-4


def test_the_band_matters():
    """The agreement above would prove nothing if a band of 7 and a dense layer gave the same logits."""
    torch.manual_seed(1)
    config = replace(generation("gpt-3").config(), **SMALL, band=7)
    _, banded = foreign.gpt3(config)
    dense = foreign.load(replace(config, attention=("dense",)), banded.state_dict())
    ids = torch.randint(0, config.vocab_size, (1, 50))
    with torch.inference_mode():
        difference = (banded(ids) - dense(ids)).abs()[0].amax(-1)
    assert difference[:7].max() < 1e-4 < difference[8:].min()
