"""Losses and gradients of fine-tuning, reward model and DPO against trl's own trainers on the same tiny network.

trl has no PPO any more; that is held against its formulas in test_ppo.py.
"""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from gptlineage.model import ModelConfig, Scorer
from gptlineage.training.dpo import dpo_loss, reply_logprob
from gptlineage.training.reward import reward_loss, scores_of
from gptlineage.training.sft import collate, reply_loss
from tests.model import foreign

trl = pytest.importorskip("trl", reason="trl is in the test extra")
datasets = pytest.importorskip("datasets")
transformers = pytest.importorskip("transformers")

CONFIG = ModelConfig(n_layers=2, d_model=16, n_heads=2, n_ctx=24, vocab_size=40)
PROMPTS = [[5, 6, 7], [8, 9], [10, 11, 12, 13]]
BETTER, WORSE = [[20, 21, 1], [22, 1], [23, 24, 25, 1]], [[30, 1], [31, 32, 33, 1], [34, 35, 1]]
ROWS = dict(prompt_ids=PROMPTS, chosen_ids=BETTER, rejected_ids=WORSE)


def examples() -> list[dict]:
    return [dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)]


def rows(replies: list[list[int]]) -> list[tuple[list[int], list[bool]]]:
    return [(p + r, [False] * len(p) + [True] * len(r)) for p, r in zip(PROMPTS, replies, strict=True)]


def words():
    """A tokenizer of trl's kind, whose words are the numbers."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    inner = Tokenizer(models.WordLevel({f"t{i}": i for i in range(40)}, unk_token="t2"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="t0", eos_token="t1", unk_token="t2")


def spoken(ids: list[int]) -> str:
    return " ".join(f"t{i}" for i in ids)


def settings(kind: type, folder, **choices):
    return kind(output_dir=str(folder), report_to=[], use_cpu=True, bf16=False, **choices)


def same_gradients(theirs, ours, names: dict[str, str]) -> None:
    """The gradients of a few matrices of every kind, ours and theirs."""
    own, other = dict(ours.named_parameters()), dict(theirs.named_parameters())
    for their_name, our_name in names.items():
        gradient = other[their_name].grad
        gradient = gradient.T if "c_" in their_name else gradient
        assert gradient.abs().max() > 1e-6
        assert torch.allclose(own[our_name].grad, gradient, atol=2e-5, rtol=2e-3), our_name


NAMES = {
    "transformer.wte.weight": "tokens.weight",
    "transformer.h.0.attn.c_attn.weight": "blocks.0.attention.qkv.weight",
    "transformer.h.1.mlp.c_proj.weight": "blocks.1.mlp.down.weight",
}


def test_dpo(tmp_path):
    torch.manual_seed(0)
    theirs, ours = foreign.gpt2(CONFIG)
    reference_theirs, reference = foreign.gpt2(CONFIG)
    data = datasets.Dataset.from_list(
        [
            {"prompt": spoken(p), "chosen": spoken(c), "rejected": spoken(r)}
            for p, c, r in zip(*ROWS.values(), strict=True)
        ]
    )
    trainer = trl.DPOTrainer(
        model=theirs, ref_model=reference_theirs, args=settings(trl.DPOConfig, tmp_path, beta=0.3),
        train_dataset=data, processing_class=words(),
    )  # fmt: skip
    batch = trainer.data_collator(examples())
    trainer.model.eval()
    expected = trainer.compute_loss(trainer.model, batch)
    expected.backward()
    with torch.no_grad():
        gap = reply_logprob(reference, *collate(rows(BETTER))) - reply_logprob(reference, *collate(rows(WORSE)))
    loss = dpo_loss(reply_logprob(ours, *collate(rows(BETTER))), reply_logprob(ours, *collate(rows(WORSE))), gap, 0.3)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    same_gradients(trainer.model, ours, NAMES)


def test_fine_tuning_counts_the_reply_alone(tmp_path):
    torch.manual_seed(1)
    theirs, ours = foreign.gpt2(CONFIG)
    data = datasets.Dataset.from_list(
        [{"prompt": spoken(p), "completion": spoken(c)} for p, c in zip(PROMPTS, BETTER, strict=True)]
    )
    trainer = trl.SFTTrainer(
        model=theirs, args=settings(trl.SFTConfig, tmp_path), train_dataset=data, processing_class=words()
    )
    batch = trainer.data_collator(
        [
            {"input_ids": ids, "labels": [i if own else -100 for i, own in zip(ids, said, strict=True)]}
            for ids, said in rows(BETTER)
        ]
    )
    trainer.model.eval()
    expected = trainer.compute_loss(trainer.model, batch)
    expected.backward()
    loss = reply_loss(ours, *collate(rows(BETTER)))
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    same_gradients(trainer.model, ours, NAMES)


def test_the_reward_model(tmp_path):
    torch.manual_seed(2)
    source, ours = foreign.gpt2(CONFIG)
    theirs = transformers.GPT2ForSequenceClassification(
        transformers.GPT2Config(
            vocab_size=40, n_positions=24, n_embd=16, n_layer=2, n_head=2, num_labels=1, pad_token_id=0
        )
    )
    theirs.transformer.load_state_dict(source.transformer.state_dict())
    scorer = Scorer(ours)
    torch.nn.init.normal_(scorer.score.weight, std=0.5)
    with torch.no_grad():
        theirs.score.weight.copy_(scorer.score.weight)
    data = datasets.Dataset.from_list(
        [{"chosen": spoken(p + c), "rejected": spoken(p + r)} for p, c, r in zip(*ROWS.values(), strict=True)]
    )
    trainer = trl.RewardTrainer(
        model=theirs, args=settings(trl.RewardConfig, tmp_path), train_dataset=data, processing_class=words()
    )
    batch = trainer.data_collator(
        [{"chosen_ids": p + c, "rejected_ids": p + r} for p, c, r in zip(*ROWS.values(), strict=True)]
    )
    trainer.model.eval()
    expected = trainer.compute_loss(trainer.model, batch)
    expected.backward()
    scorer.eval()
    better, worse = (scores_of(scorer, [ids for ids, _ in rows(replies)]) for replies in (BETTER, WORSE))
    loss = torch.stack([reward_loss(torch.stack(pair)) for pair in zip(better, worse, strict=True)]).mean()
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    assert loss.item() == pytest.approx(-F.logsigmoid(better - worse).mean().item(), rel=1e-5)
    same_gradients(trainer.model, scorer, {name: f"body.{own}" for name, own in NAMES.items()})
