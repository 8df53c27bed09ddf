"""The networks of 2014 against the paper's formulas, worked word by word in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gptlineage.lineage import generation
from gptlineage.model import ConfigError, RecurrentConfig, RecurrentLM, RNNSearch, build


def tiny(**changes) -> RecurrentConfig:
    base = dict(d_embed=6, d_hidden=5, d_align=4, d_maxout=3, n_ctx=12, vocab_size=17)
    return RecurrentConfig(**{**base, **changes})


def model_of(config: RecurrentConfig) -> RNNSearch:
    torch.manual_seed(0)
    model = build(config)
    assert isinstance(model, RNNSearch)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    return model.double().eval()


def gated(unit, given: Tensor, state: Tensor) -> Tensor:
    """Appendix A.1.1 with the paper's letters; all are vectors."""
    w, w_z, w_r = unit.inputs.weight.chunk(3)
    u_z, u_r = unit.gates.weight.chunk(2)
    u = unit.candidate.weight
    z = torch.sigmoid(w_z @ given + u_z @ state)
    r = torch.sigmoid(w_r @ given + u_r @ state)
    candidate = torch.tanh(w @ given + u @ (r * state))
    return (1 - z) * state + z * candidate


def by_hand(model: RNNSearch, source: list[int], target: list[int]) -> Tensor:
    """The logits after each target word, one sentence, no batch: appendix A.2."""
    words = [model.source.weight[i] for i in source]
    zero = torch.zeros(model.config.d_hidden, dtype=torch.float64)
    ahead, back, state = [], [], zero
    for word in words:
        state = gated(model.forwards, word, state)
        ahead.append(state)
    state = zero
    for word in reversed(words):
        state = gated(model.backwards, word, state)
        back.insert(0, state)
    h = [torch.cat(pair) for pair in zip(ahead, back, strict=True)]
    s = torch.tanh(model.initial.weight @ back[0])
    logits = []
    for i in target:
        y = (model.source if model.config.shared else model.target).weight[i]
        if model.config.d_align:
            v = model.align.weight[0]
            e = torch.stack([v @ torch.tanh(model.query.weight @ s + model.key.weight @ h_j) for h_j in h])
            alpha = torch.exp(e) / torch.exp(e).sum()
            c = sum(a * h_j for a, h_j in zip(alpha, h, strict=True))
        else:
            c = torch.cat((ahead[-1], back[0]))
        pairs = model.deep.weight @ torch.cat((s, y, c))
        t = torch.stack([torch.maximum(pairs[2 * k], pairs[2 * k + 1]) for k in range(model.config.d_maxout)])
        logits.append(model.output.weight @ t)
        s = gated(model.writer, torch.cat((y, c)), s)
    return torch.stack(logits)


@pytest.mark.parametrize("choice", [dict(), dict(d_align=0), dict(shared=False)])
def test_logits_equal_the_papers_formulas(choice):
    model = model_of(tiny(**choice))
    source, target = [3, 1, 4, 1, 5, 9], [2, 6, 5, 3]
    padded = torch.tensor([[*source, 7, 7], [8, 2, 8, 1, 8, 2, 8, 4]])
    with torch.inference_mode():
        logits = model(padded, torch.tensor([target, [1, 1, 2, 2]]), torch.tensor([6, 8]))
    assert torch.allclose(logits[0].double(), by_hand(model, source, target), atol=1e-5)
    assert torch.allclose(logits[1].double(), by_hand(model, padded[1].tolist(), [1, 1, 2, 2]), atol=1e-5)


def test_writing_step_by_step_gives_the_logits_of_training():
    model = model_of(tiny())
    source, target, lengths = torch.randint(0, 17, (2, 8)), torch.randint(0, 17, (2, 6)), torch.tensor([8, 3])
    with torch.inference_mode():
        writing = model.begin(source, lengths)
        steps = torch.stack([model.step(target[:, t], writing) for t in range(6)], dim=1)
        assert torch.allclose(steps, model(source, target, lengths), atol=1e-6)


def test_rows_may_be_taken_twice_and_in_another_order():
    model = model_of(tiny())
    source, lengths = torch.randint(0, 17, (2, 8)), torch.tensor([8, 3])
    with torch.inference_mode():
        writing = model.begin(source, lengths)
        model.step(torch.tensor([1, 2]), writing)
        writing.keep(torch.tensor([1, 0, 1]))
        logits = model.step(torch.tensor([5, 6, 7]), writing)
        expected = model(source[[1, 0, 1]], torch.tensor([[2, 5], [1, 6], [2, 7]]), lengths[[1, 0, 1]])[:, -1]
    assert torch.allclose(logits, expected, atol=1e-6)


def test_without_attention_the_source_is_one_vector():
    """Its context never changes, and the two networks of the miniature are of one size."""
    fixed = model_of(tiny(d_align=0))
    with torch.inference_mode():
        writing = fixed.begin(torch.randint(0, 17, (1, 8)), torch.tensor([8]))
        before = writing.context.clone()
        fixed.step(torch.tensor([1]), writing)
    assert torch.equal(writing.context, before) and writing.keys is None
    with torch.device("meta"):
        search, fixed = (build(generation("rnnsearch").config(size)).n_parameters for size in ("mini", "fixed"))
    assert fixed == pytest.approx(search, rel=0.01)


def test_the_papers_initial_weights():
    torch.manual_seed(0)
    model = RNNSearch(tiny(d_hidden=1000, d_align=50)).requires_grad_(False)
    candidate = model.writer.candidate.weight
    assert torch.allclose(candidate @ candidate.T, torch.eye(1000), atol=1e-4)
    assert model.align.weight.abs().max() == 0
    assert model.query.weight.std() == pytest.approx(0.001, rel=0.05)
    assert model.forwards.inputs.weight.std() == pytest.approx(0.01, rel=0.05)


def test_the_lstm_reads_from_left_to_right():
    torch.manual_seed(0)
    model = build(RecurrentConfig(kind="lm", d_embed=8, d_hidden=12, n_layers=2, n_ctx=10, vocab_size=19)).eval()
    assert isinstance(model, RecurrentLM)
    ids = torch.randint(0, 19, (2, 10))
    changed = ids.clone()
    changed[:, 6:] = 0
    with torch.inference_mode():
        logits, others = model(ids), model(changed)
    assert logits.shape == (2, 10, 19)
    assert torch.equal(logits[:, :6], others[:, :6]) and not torch.equal(logits[:, 6:], others[:, 6:])


@pytest.mark.parametrize("bad", [dict(d_hidden=0), dict(d_maxout=0), dict(kind="gru"), dict(n_ctx=0)])
def test_what_does_not_fit_is_said(bad):
    with pytest.raises(ConfigError):
        tiny(**bad)


def test_a_source_that_is_too_long_is_said():
    with pytest.raises(ConfigError, match="13 tokens"):
        model_of(tiny()).begin(torch.zeros(1, 13, dtype=torch.long), torch.tensor([13]))


def test_the_configuration_survives_a_checkpoint():
    config = tiny(shared=False)
    assert RecurrentConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ConfigError, match="missing"):
        RecurrentConfig.from_dict({"kind": "translator"})
