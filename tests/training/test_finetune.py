"""Fine-tuning: the rows of every task, agreement with `transformers` and with formulas, and that it learns."""

from __future__ import annotations

import random

import pytest
import torch
import torch.nn.functional as F
from transformers import BertConfig, BertForSequenceClassification, OpenAIGPTConfig, OpenAIGPTDoubleHeadsModel

from gptlineage.model import Classifier, ModelConfig, RecurrentConfig, build
from gptlineage.training import Recipe, train
from gptlineage.training.finetune import FineTuning, Row, block_of, renew_marks, row_loss, transform
from gptlineage.world.labels import Example
from tests.model import foreign
from tests.tiny import BYTES, complaint, tiny_model

S, D, E = (BYTES.special[mark] for mark in ("<|start|>", "<|delimiter|>", "<|extract|>"))
GPT1 = dict(norm="post", final_norm=False, residual_init="plain")
ONE = Example(("ab",), 1, "en")
TWO = Example(("ab", "c"), 1, "en")
FOUR = Example(("ab",), 2, "en", ("p", "q", "rs", "t"))


def ids_of(task: str, example: Example, n_ctx: int = 24, **options) -> list[list[int]]:
    return [row.ids for row in transform(BYTES, task, example, n_ctx, **options)]


def test_the_four_transformations():
    a, b, c, p, q, r, s, t = map(ord, "abcpqrst")
    assert ids_of("classification", ONE) == [[S, a, b, E]]
    assert ids_of("entailment", TWO) == [[S, a, b, D, c, E]]
    assert ids_of("similarity", TWO) == [[S, a, b, D, c, E], [S, c, D, a, b, E]]
    assert ids_of("choice", FOUR) == [[S, a, b, D, *own, E] for own in ([p], [q], [r, s], [t])]
    for task, example in (("classification", ONE), ("similarity", TWO), ("choice", FOUR)):
        for row in transform(BYTES, task, example, 24):
            assert row.ids[row.place] == E and row.place == len(row.ids) - 1


def test_both_ways_reads_the_start_and_tells_the_sentences_apart():
    a, b, c = map(ord, "abc")
    assert transform(BYTES, "classification", ONE, 24, both_ways=True) == [Row([S, a, b, D], [0, 0, 0, 0], 0)]
    two = Row([S, a, b, D, c, D], [0, 0, 0, 0, 1, 1], 0)
    assert transform(BYTES, "similarity", TWO, 24, both_ways=True) == [two]
    assert transform(BYTES, "entailment", TWO, 24, both_ways=True) == [two]
    assert len(transform(BYTES, "choice", FOUR, 24, both_ways=True)) == 4


def test_long_texts_are_cut_and_the_marks_stay():
    long = Example(("x" * 90, "y" * 12), 0, "en")
    (row,) = transform(BYTES, "entailment", long, 24)
    assert len(row.ids) == 24 and [i for i in row.ids if i > 255] == [S, D, E]
    assert {row.ids.count(ord("x")), row.ids.count(ord("y"))} == {10, 11}


@pytest.mark.parametrize(("task", "example"), [("rhyme", ONE), ("entailment", ONE), ("choice", ONE)])
def test_an_example_of_another_task_is_refused(task, example):
    with complaint("is no example"):
        transform(BYTES, task, example, 24)


def test_what_cannot_be_learnt_is_refused():
    options = dict(task="classification", batch_size=2, n_ctx=24)
    with complaint("no labelled examples"):
        FineTuning([], [ONE], BYTES, **options)
    with complaint("no next token"):
        FineTuning([ONE], [ONE], BYTES, both_ways=True, **options)


def theirs_and_ours() -> tuple[OpenAIGPTDoubleHeadsModel, Classifier]:
    """GPT-1 with its two heads, and ours with the same weights."""
    torch.manual_seed(3)
    config = ModelConfig(n_layers=3, d_model=32, n_heads=4, n_ctx=24, vocab_size=BYTES.vocab_size, **GPT1)
    theirs = OpenAIGPTDoubleHeadsModel(
        OpenAIGPTConfig(vocab_size=config.vocab_size, n_positions=24, n_embd=32, n_layer=3, n_head=4, num_labels=1)
    )
    foreign.randomize(theirs)
    names = {"tokens": "transformer.tokens_embed.weight", "positions": "transformer.positions_embed.weight"}
    body = foreign.load(config, foreign.gpt2_style(theirs.state_dict(), 3, names))
    ours = Classifier(body, 1, choice=True)
    ours.score.load_state_dict(theirs.multiple_choice_head.summary.state_dict())
    return theirs.eval(), ours.eval()


def choices(n: int, seed: int = 0) -> list[Example]:
    """Multiple choice with rows of one length, so that their loss averages over tokens as ours does over rows."""
    rng = random.Random(seed)

    def word() -> str:
        return "".join(rng.choice("abcdefg") for _ in range(4))

    return [Example((word() + word(),), rng.randrange(4), "en", tuple(word() for _ in range(4))) for _ in range(n)]


def test_choice_agrees_with_transformers_before_and_after_a_step():
    theirs, ours = theirs_and_ours()
    examples = choices(6)
    objective = FineTuning(examples, examples, BYTES, task="choice", batch_size=6, n_ctx=24)
    order = [objective._order(i) for i in range(6)]
    ids, _, _, places = block_of([objective.rows[i] for i in order], torch.device("cpu"))
    labels = torch.tensor([examples[i].label for i in order])
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.05) for model in (theirs, ours)]
    losses = []
    for _ in range(3):
        grouped = ids.view(6, 4, -1)
        found = theirs(input_ids=grouped, mc_token_ids=places, labels=grouped, mc_labels=labels)
        loss, tokens = objective.loss(ours, 0, 0, 1)
        assert tokens == ids.numel()
        assert (ours(ids, places) - found.mc_logits).abs().max() < 1e-4
        assert loss.item() == pytest.approx((found.mc_loss + 0.5 * found.loss).item(), abs=1e-4)
        for optimizer, total in zip(optimizers, (found.mc_loss + 0.5 * found.loss, loss), strict=True):
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
        losses.append(loss.item())
    assert losses[0] - losses[-1] > 0.01  # the steps were steps


def test_summed_states_and_the_mean_over_rows_by_formula():
    """Similarity has no counterpart in `transformers`: logits and loss in float64, row by row, without padding."""
    torch.manual_seed(1)
    model = Classifier(tiny_model(spread=0.3, **GPT1), 2).double().eval()
    examples = [Example(("abcd", "e"), 1, "en"), Example(("f", "gh"), 0, "en")]
    objective = FineTuning(examples, [], BYTES, task="similarity", batch_size=2, n_ctx=24, auxiliary=0.3)
    wanted, language = [], []
    for example in examples:
        state = torch.zeros(16, dtype=torch.float64)
        for row in transform(BYTES, "similarity", example, 24):
            ids = torch.tensor([row.ids])
            hidden = model.body.hidden(ids)[0]
            state = state + hidden[-1]
            logits = model.body.unembed(hidden[:-1])
            language.append(F.cross_entropy(logits, ids[0, 1:]).item())
        logits = model.score.weight @ state + model.score.bias
        wanted.append((logits.logsumexp(0) - logits[example.label]).item())
    total = sum(wanted) / 2 + 0.3 * sum(language) / 4
    loss, _ = objective.loss(model, 0, 0, 1)
    assert loss.item() == pytest.approx(total, abs=1e-6)  # logits are float32


def test_both_ways_agrees_with_transformers():
    """BERT's classifier with its pooler undone: padding hidden, segments told apart, the first state read."""
    torch.manual_seed(2)
    sizes = dict(n_layers=2, d_model=32, n_heads=4, n_ctx=24, vocab_size=BYTES.vocab_size)
    config = ModelConfig(
        **sizes, norm="post", final_norm=False, activation="gelu", causal=False, embedding_norm=True, segments=2,
        output="transform", norm_eps=1e-12,
    )  # fmt: skip
    theirs = BertForSequenceClassification(
        BertConfig(
            vocab_size=BYTES.vocab_size, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=128, max_position_embeddings=24, num_labels=3,
        )
    ).eval()  # fmt: skip
    foreign.randomize(theirs)
    ours = Classifier(build(config), 3).eval()
    source = theirs.bert.state_dict()
    names = {
        "tokens.weight": "embeddings.word_embeddings.weight",
        "positions.weight": "embeddings.position_embeddings.weight",
        "segments.weight": "embeddings.token_type_embeddings.weight",
        "embedding_norm.weight": "embeddings.LayerNorm.weight",
        "embedding_norm.bias": "embeddings.LayerNorm.bias",
    }
    weights = {own: source[name] for own, name in names.items()}
    for layer in range(2):
        here, there = f"blocks.{layer}", f"encoder.layer.{layer}"
        for kind in ("weight", "bias"):
            parts = [source[f"{there}.attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            weights[f"{here}.attention.qkv.{kind}"] = torch.cat(parts)
            for own, name in (
                ("attention.out", "attention.output.dense"), ("norm1", "attention.output.LayerNorm"),
                ("mlp.up", "intermediate.dense"), ("mlp.down", "output.dense"), ("norm2", "output.LayerNorm"),
            ):  # fmt: skip
                weights[f"{here}.{own}.{kind}"] = source[f"{there}.{name}.{kind}"]
    missing, strange = ours.body.load_state_dict(weights, strict=False)
    assert not strange and all(name.startswith(("transform", "head_bias")) for name in missing)
    ours.score.load_state_dict(theirs.classifier.state_dict())
    theirs.bert.pooler = First()
    examples = [Example(("abcdefg", "hi"), 2, "en"), Example(("f", "gh"), 0, "en")]
    objective = FineTuning(
        examples, [], BYTES, task="entailment", batch_size=2, n_ctx=24, auxiliary=0, both_ways=True
    )
    ids, real, segments, _ = block_of(objective.rows, torch.device("cpu"))
    with torch.inference_mode():
        expected = theirs(ids, attention_mask=real.long(), token_type_ids=segments).logits
        logits = objective.logits(ours, objective.rows)
    assert expected.std() > 0.1
    assert (logits - expected).abs().max() < 1e-4


class First(torch.nn.Module):
    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden[:, 0]


def lstm() -> torch.nn.Module:
    return build(RecurrentConfig(kind="lm", d_embed=16, d_hidden=24, n_ctx=24, vocab_size=BYTES.vocab_size))


@pytest.mark.parametrize("make", [lambda: tiny_model(**GPT1), lambda: tiny_model(causal=False), lstm])
def test_padding_changes_nothing(make):
    torch.manual_seed(5)
    model = Classifier(make(), 2).eval()
    both_ways = not getattr(model.config, "causal", True)
    examples = [Example(("ab",), 0, "en"), Example(("a" * 20,), 1, "en")]
    objective = FineTuning(
        examples, [], BYTES, task="classification", batch_size=2, n_ctx=24, auxiliary=0, both_ways=both_ways
    )
    together = objective.logits(model, objective.rows)
    alone = torch.cat([objective.logits(model, [row]) for row in objective.rows])
    assert (together - alone).abs().max() < 1e-5


@pytest.mark.parametrize("make", [lambda: tiny_model(**GPT1), lambda: tiny_model(causal=False), lstm])
def test_every_body_learns_a_label(tmp_path, make):
    """Which of two letters stands in the middle; a head that read the wrong place of a causal body would not know."""
    rng, examples = random.Random(0), []
    for _ in range(160):
        label, others = rng.randrange(2), [rng.choice("cdef") for _ in range(4)]
        examples.append(Example(("".join((*others[:2], "ab"[label], *others[2:])),), label, "en"))
    torch.manual_seed(0)
    body = make()
    torch.nn.init.normal_(body.tokens.weight, std=0.3)  # louder than usual, so that a moment of training is enough
    both_ways = not getattr(body.config, "causal", True)
    objective = FineTuning(
        examples[:128], examples[128:], BYTES,
        task="classification", batch_size=16, n_ctx=24, both_ways=both_ways, auxiliary=0 if both_ways else 0.5,
    )  # fmt: skip
    model = Classifier(body, 2)
    recipe = Recipe(steps=200, batch_size=16, lr=1e-2, weight_decay=0.0)
    train(model, objective, recipe, tmp_path, precision="float32")
    assert objective.evaluate(model)["accuracy"] > 0.9
    assert [set(shown) for shown in objective.sample(model)] == [{"prompt", "text"}] * 3


def test_an_epoch_reads_every_example_once():
    examples = [Example((letter,), 0, "en") for letter in "abcdefg"]
    objective = FineTuning(examples, [], BYTES, task="classification", batch_size=2, n_ctx=24)
    for epoch in range(2):
        assert sorted(objective._order(7 * epoch + i) for i in range(7)) == list(range(7))
    assert objective.evaluate(Classifier(tiny_model(), 2)) == {}


def test_only_the_marks_are_renewed():
    model = tiny_model(spread=1.0)
    before = model.tokens.weight.clone()
    renew_marks(model, BYTES)
    changed = (model.tokens.weight != before).any(-1).nonzero().flatten().tolist()
    assert changed == sorted([S, D, E])
    assert model.tokens.weight[[S, D, E]].std() < 0.05


def test_the_language_modelling_loss_leaves_padding_out():
    model = tiny_model(spread=0.3)
    ids, real, *_ = block_of([[Row([S, 1, 2, E], [0] * 4, 3)], [Row([S, E], [0] * 2, 1)]], torch.device("cpu"))
    expected = [F.cross_entropy(model(row[None])[0, :-1], row[1:]) for row in (ids[0], ids[1, :2])]
    found = row_loss(model, model.hidden(ids), ids, real)
    assert found.item() == pytest.approx((sum(expected) / 2).item(), abs=1e-5)
