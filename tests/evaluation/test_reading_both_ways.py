"""BERT beside GPT-1 at a tiny size: who sees what, what is counted, and what the picture is drawn from."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import islice

import pytest
import torch

from gptlineage.evaluation import reading_both_ways as both
from gptlineage.evaluation.reading_both_ways_chart import chart, whole
from gptlineage.evaluation.transfer import Bench
from gptlineage.inference import Sampling
from gptlineage.model import Stack
from gptlineage.world import World
from gptlineage.world.labels import Labels
from tests.tiny import BYTES, tiny_model

WORLD = World()
START, MASK = BYTES.special["<|start|>"], BYTES.special["<|mask|>"]
SIZES = dict(spread=0.3, n_ctx=160)


@pytest.fixture(scope="module")
def gpt() -> Stack:
    return tiny_model(**SIZES)


@pytest.fixture(scope="module")
def bert() -> Stack:
    return tiny_model(seed=1, causal=False, segments=2, **SIZES)


@pytest.fixture
def seen() -> torch.Tensor:
    return torch.randint(256, (6, both.WINDOW - 1), generator=torch.Generator().manual_seed(0))


class Copier:
    """Finds in every mask the token that stands `step` places further on; elsewhere, nothing but it."""

    def __init__(self, step: int):
        self.step = step

    def hidden(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(ids.roll(-self.step, 1), BYTES.vocab_size).float()

    def unembed(self, states: torch.Tensor) -> torch.Tensor:
        return 9 * states


def test_windows_are_held_out_pages_of_one_language_with_text_in_the_gap():
    for language in both.LANGUAGES:
        found = both.windows(WORLD, BYTES, language, 8)
        assert found.shape == (8, both.WINDOW - 1)
        pages = ["".join(map(chr, ids)) for ids in islice(both.pages(WORLD, BYTES, language, "held-out", 128), 8)]
        for window, page in zip(found.tolist(), pages, strict=True):
            assert "".join(map(chr, window)) in page and window[both.GAP] != BYTES.end_of_text
    trained = {tuple(ids) for ids in islice(both.pages(WORLD, BYTES, "en", "train", 128), 30)}
    assert not trained & {tuple(ids) for ids in islice(both.pages(WORLD, BYTES, "en", "held-out", 128), 30)}


def test_the_commonest_token_is_counted_on_pages_of_the_language():
    assert BYTES.decode([both.commonest(WORLD, BYTES, "en", 5)]) == " "
    assert both.commonest(WORLD, BYTES, "zh", 5) != ord(" ")


def test_bert_sees_both_sides_and_not_the_gap(bert, gpt, seen):
    left, right = seen[:, : both.GAP], seen[:, both.GAP + 1 :]
    shown = both.framed(BYTES, left, 1, right)
    assert shown.shape == (6, both.WINDOW) and (shown[:, 0] == START).all() and (shown[:, both.GAP + 1] == MASK).all()
    found = both.between(bert, BYTES, left, right)
    assert torch.allclose(found.exp().sum(-1), torch.ones(6), atol=1e-4)
    assert not torch.allclose(found, both.between(bert, BYTES, left, right.roll(1, 0)), atol=1e-3)
    assert not torch.allclose(found, both.between(bert, BYTES, left.roll(1, 0), right), atol=1e-3)
    answers = torch.nn.functional.one_hot(right[:, 0], BYTES.vocab_size).bool()
    assert torch.equal(both.between(Copier(1), BYTES, left, right).argmax(-1), answers.long().argmax(-1))
    assert torch.allclose(both.after(gpt, left), gpt(left)[:, -1].log_softmax(-1), atol=1e-5)


def test_rescoring_takes_the_token_that_makes_the_whole_likeliest(gpt, seen):
    left, right = seen[:, :8], seen[:, 9:20]
    found = both.rescored(gpt, left, right, tried=BYTES.vocab_size)
    rows = torch.cat([left, left[:, :1], right], 1)[:1].repeat(BYTES.vocab_size, 1)
    rows[:, 8] = torch.arange(BYTES.vocab_size)
    with torch.inference_mode():
        logprobs = gpt(rows[:, :-1]).log_softmax(-1).gather(2, rows[:, 1:, None])
    assert int(logprobs.sum(1).argmax()) == int(found[0])
    assert torch.equal(both.rescored(gpt, left, right, tried=1), both.after(gpt, left).argmax(-1))


def test_gaps_that_need_the_right_side_are_those_that_only_both_sides_settle(gpt, seen):
    left, right = seen[:, : both.GAP], seen[:, both.GAP + 1 :]
    easy, settled = both.after(gpt, left).argmax(-1), both.rescored(gpt, left, right, tried=5)
    assert (easy != settled).any()
    seen[:, both.GAP] = settled
    assert torch.equal(both.settled(gpt, seen), seen[easy != settled])
    seen[:, both.GAP] = easy
    assert not len(both.settled(gpt, seen))


def test_accuracy_and_logprob_are_those_of_the_token_in_the_gap(gpt, bert, seen):
    seen[:, both.GAP] = both.after(gpt, seen[:, : both.GAP]).argmax(-1)
    rows = both.gap_rows(gpt, bert, BYTES, seen, common=int(seen[0, both.GAP]))
    of = {(row["model"], row["metric"], row["window"]): row["value"] for row in rows}
    assert len(of) == len(rows) and {row["n"] for row in rows} == {6}
    assert of["GPT-1", "accuracy", both.WINDOW] == 1.0 > of["GPT-1", "accuracy", both.SHORT]
    assert of["commonest token", "accuracy", both.WINDOW] >= 0.1666
    own = both.between(bert, BYTES, seen[:, : both.GAP], seen[:, both.GAP + 1 :])
    expected = own.gather(1, seen[:, both.GAP, None]).mean().item()
    assert of["BERT", "log-probability, nats", both.WINDOW] == pytest.approx(expected, abs=1e-3)


def test_a_span_is_filled_the_most_certain_first(seen):
    left, right = seen[:, :8], seen[:, 8:16]
    right = right.where(right != 0, 1)
    found = both.filled(Copier(1), BYTES, left, 1, right)
    assert torch.equal(found, right[:, :1])
    assert both.filled(Copier(1), BYTES, left, 4, right).shape == (6, 4)
    assert torch.equal(both.filled(Copier(4), BYTES, left, 4, right), right[:, :4])


def test_spans_of_every_length_are_compared(gpt, bert, seen):
    written = both.write(gpt, BYTES, seen[:, : both.GAP].tolist(), 2, Sampling(temperature=0.0))
    seen[:, both.GAP : both.GAP + 2] = torch.tensor(written)
    rows = both.span_rows(gpt, bert, BYTES, seen)
    assert [(row["model"], row["masks"]) for row in rows] == [(m, n) for n in both.SPANS for m in ("BERT", "GPT-1")]
    assert {row["masks"]: row["value"] for row in rows if row["model"] == "GPT-1"}[2] == 1.0


def test_bert_writes_one_mask_after_another(bert, seen):
    openings, n = seen[:, : both.OPENING].tolist(), 5
    found = both.write_by_filling(bert, BYTES, openings, n, Sampling(temperature=0.0))
    rows = torch.tensor(openings)
    for _ in range(n):
        shown = both.framed(BYTES, rows[:, -30:], 1, rows[:, :0])
        logits = bert(shown)[:, -1]
        logits[:, sorted(BYTES.special_ids)] = -torch.inf
        rows = torch.cat([rows, logits.argmax(-1, keepdim=True)], 1)
    assert found == rows[:, -n:].tolist()
    bold = [both.write_by_filling(bert, BYTES, openings, n, Sampling(seed=seed)) for seed in (0, 0, 1)]
    assert bold[0] == bold[1] != bold[2]


def test_writing_is_scored_per_token_and_by_its_bigrams(gpt, bert):
    pages = [[BYTES.end_of_text, *[65 + i] * 60] for i in range(3)]
    rows = both.writing_rows(gpt, bert, gpt, BYTES, pages, seed=0)
    of = {(row["model"], row["metric"]): row["value"] for row in rows}
    assert of["the page itself", "distinct bigrams"] == pytest.approx(3 / (3 * (both.WRITTEN - 1)), abs=1e-4)
    ids = torch.tensor([page[: both.OPENING + both.WRITTEN] for page in pages])
    losses = -gpt(ids[:, :-1]).log_softmax(-1).gather(2, ids[:, 1:, None])[:, both.OPENING - 1 :]
    assert of["the page itself", "judge's loss, nats per token"] == pytest.approx(losses.mean().item(), abs=1e-3)


@pytest.fixture(scope="module")
def bench() -> Bench:
    made = Bench({}, Labels(WORLD), BYTES)
    made.test = {task: examples[:8] for task, examples in made.test.items()}
    made.validation = {task: examples[:8] for task, examples in made.validation.items()}
    return made


@pytest.fixture
def hurried(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(both, "LABELS", 8)
    monkeypatch.setattr(both, "FINE_TUNING", {**both.FINE_TUNING, "steps": 2, "batch_size": 4})
    yield


def test_a_body_is_fine_tuned_and_left_alone(bench, gpt, bert, hurried):
    before = copy.deepcopy(bert.state_dict())
    rows = both.label_rows({"GPT-1": gpt, "BERT": bert}, bench, {"GPT-1": 1e-3, "BERT": 1e-3}, seed=0)
    assert [(row["task"], row["model"]) for row in rows] == [
        (task, model) for task in both.TASKS for model in ("GPT-1", "BERT", "commonest label", "bag of words")
    ]
    assert all(0 <= row["value"] <= 1 and row["n"] == 8 for row in rows)
    assert all(torch.equal(before[name], value) for name, value in bert.state_dict().items())


def test_the_start_that_bert_has_read_is_kept(bench, gpt, bert, hurried, monkeypatch):
    kept = {}
    monkeypatch.setattr(both, "train", lambda model, *_, **__: kept.update(body=model.body))
    for body, same in ((bert, True), (gpt, False)):
        both.accuracy(body, bench, "similarity", bench.test["similarity"], 1e-3, seed=0)
        assert torch.equal(kept["body"].tokens.weight[START], body.tokens.weight[START]) == same
        delimiter = BYTES.special["<|delimiter|>"]
        assert not torch.equal(kept["body"].tokens.weight[delimiter], body.tokens.weight[delimiter])


def test_each_body_gets_the_rate_that_validation_prefers(bench, monkeypatch):
    best = {"GPT-1": 3e-4, "BERT": 3e-3}
    asked = []

    def accuracy(body, bench, task, examples, lr, seed):
        asked.append(examples)
        return float(lr == best[body])

    monkeypatch.setattr(both, "accuracy", accuracy)
    rates, rows = both.chosen_rates({name: name for name in best}, bench, seed=0)
    assert rates == best and {row["metric"] for row in rows} == {"accuracy, validation"}
    assert all(examples is bench.validation[both.TASKS[0]] for examples in asked)


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_the_picture_is_drawn_from_rows(tmp_path, seeds):
    gaps = [(name, metric) for name in ("BERT", "GPT-1") for metric in ("accuracy", "log-probability, nats")]
    writing = [(name, metric) for name in ("BERT", "a page") for metric in (both.LOSS, "distinct bigrams")]
    needed = ("gaps that need the right side", gaps[::2], 1)
    panels = [("gaps", gaps, 1), needed, ("spans", gaps[::2], 1), ("spans", gaps[::2], 4), ("writing", writing, 0)]
    rows = [
        {**both.row(model, task, metric, 0.5, "ab"), "language": language, "seed": seed, "window": 128, "masks": masks}
        for seed in seeds
        for language in both.LANGUAGES
        for task, own, masks in panels
        for model, metric in own
    ]
    rows += [{**both.row("BERT", task, "accuracy", 0.5, "ab"), "seed": seed} for seed in seeds for task in both.TASKS]
    chart(rows, tmp_path / "pictures" / "bert.png")
    assert (tmp_path / "pictures" / "bert.png").stat().st_size > 10_000


def test_short_windows_are_in_the_rows_and_not_in_the_picture():
    rows = [{"window": 128}, {"window": 32}, {"masks": 4}]
    assert whole(rows) == [{"window": 128}, {"masks": 4}] and not whole([])
