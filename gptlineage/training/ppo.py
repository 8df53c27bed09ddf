"""Proximal policy optimisation against a reward model (InstructGPT, section 3.5, step 3; Schulman et al. 2017).

The policy answers prompts; each reply gets the reward model's score at its end and, at every token, a penalty for
moving away from the model it started as:

    r_t = -beta * ( log pi(t) - log ref(t) )  [+ score, at the last token]

From these rewards and a value function come advantages (GAE), and the policy is moved towards the better tokens, but
never far from the one that wrote them. PPO-ptx mixes in the loss on pretraining pages, against what alignment costs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..corpus import Batches, Shard
from ..errors import UserError
from ..inference import Sampling, reply_to_all, sample_batch
from ..inference.padding import pad
from ..model import ModelConfig, Scorer, Stack
from ..text import Tokenizer, encode_prompt
from ..text.chat import Message
from ..world import Dialogue, judge
from .pretrain import held_out_loss, next_token_loss
from .reward import score_replies, scores_of
from .sft import sample_replies, share_right

# ---------------------------------------------------------------- the formulas


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """The mean of `values` where `mask` is true."""
    return (values * mask).sum() / mask.sum().clamp_min(1)


def whiten(values: Tensor, mask: Tensor) -> Tensor:
    """Mean 0 and variance 1 over the masked entries, so that a step's size does not hang on the scale of rewards."""
    mean = masked_mean(values, mask)
    variance = masked_mean((values - mean) ** 2, mask)
    return (values - mean) * torch.rsqrt(variance + 1e-8) * mask


def token_rewards(scores: Tensor, logprobs: Tensor, reference: Tensor, mask: Tensor, beta: float) -> Tensor:
    """The rewards above: `scores [B]`, the others `[B, T]`, of which `mask` marks the reply."""
    rewards = -beta * (logprobs - reference) * mask
    last = mask.long().cumsum(-1).argmax(-1)  # the first place where the count is full
    rewards[torch.arange(len(scores)), last] += scores
    return rewards


def advantages_and_returns(
    rewards: Tensor, values: Tensor, mask: Tensor, gamma: float = 1.0, lam: float = 0.95
) -> tuple[Tensor, Tensor]:
    """Generalised advantage estimation (Schulman et al. 2016, equation 16), `[B, T]` each; the reply is one block.

    InstructGPT does not discount (gamma = 1).
    """
    advantages, later = torch.zeros_like(rewards), torch.zeros(len(rewards), device=rewards.device)
    after = torch.zeros_like(later)  # the next token's value, 0 behind the end
    for t in reversed(range(rewards.shape[1])):
        delta = rewards[:, t] + gamma * after - values[:, t]
        later = torch.where(mask[:, t], delta + gamma * lam * later, later)
        after = torch.where(mask[:, t], values[:, t], after)
        advantages[:, t] = later * mask[:, t]
    return advantages, (advantages + values) * mask


def policy_loss(logprobs: Tensor, old: Tensor, advantages: Tensor, mask: Tensor, clip: float = 0.2) -> Tensor:
    """The clipped objective (Schulman et al. 2017, equation 7), to be made small."""
    ratio = torch.exp(logprobs - old)
    unclipped = -advantages * ratio
    clipped = -advantages * ratio.clamp(1 - clip, 1 + clip)
    return masked_mean(torch.maximum(unclipped, clipped), mask)


def value_loss(values: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float = 0.2) -> Tensor:
    """Half the squared error, also clipped around the values at the time of writing (OpenAI's code of 2019)."""
    near = old + (values - old).clamp(-clip, clip)
    return 0.5 * masked_mean(torch.maximum((values - returns) ** 2, (near - returns) ** 2), mask)


def adapted(beta: float, kl: float, target: float, n_replies: int, horizon: int = 10_000) -> float:
    """The KL coefficient for the next rollout (Ziegler et al. 2019, section 2.2)."""
    error = min(max(kl / target - 1, -0.2), 0.2)
    return beta * (1 + error * n_replies / horizon)


# ---------------------------------------------------------------- the run


class ActorCritic(nn.Module):
    """The policy and its value function as one thing to train; `beta` is the KL coefficient, which may adapt."""

    beta: Tensor
    policy: Stack
    critic: Scorer

    def __init__(self, policy: Stack, critic: Scorer, beta: float):
        super().__init__()
        self.policy, self.critic = policy, critic
        self.register_buffer("beta", torch.tensor(beta, dtype=torch.float64))

    @property
    def config(self) -> ModelConfig:
        return self.policy.config


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How PPO runs, with InstructGPT's names.

    `rollouts` replies are written before each round of updates, which reads them `epochs` times in `minibatches`
    parts. `beta` weighs the KL penalty (with `target_kl` it adapts), `ptx` the loss on pretraining pages. A reply that
    does not end within `max_new_tokens` gets `missing_end` in the place of a score (None: its score all the same).

    Their scale is that of miniatures with normalised scores: the paper's beta = 0.02 and ptx = 27.8 belong to others.
    """

    rollouts: int = 128
    minibatches: int = 4
    epochs: int = 1
    beta: float = 0.1
    target_kl: float = 0.0
    clip: float = 0.2
    lam: float = 0.95
    value_weight: float = 0.1
    ptx: float = 0.0
    max_new_tokens: int = 64
    missing_end: float | None = -2.0
    highest_kl: float = 60.0
    lowest_entropy: float = 0.002


@dataclass(frozen=True)
class Rollout:
    """What the policy wrote and how it was valued: all `[B, T]` but `scores [B]`. Targets follow inputs by one."""

    inputs: Tensor
    targets: Tensor
    mask: Tensor
    logprobs: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor
    scores: Tensor
    kl: float
    entropy: float

    def part(self, rows: Tensor) -> Rollout:
        """Some of the replies, without the columns that only longer ones need."""
        width = int(self.mask[rows].any(0).nonzero().max()) + 1

        def kept(values: Tensor) -> Tensor:
            return values[rows, :width]

        return replace(
            self,
            inputs=kept(self.inputs), targets=kept(self.targets), mask=kept(self.mask),
            logprobs=kept(self.logprobs), values=kept(self.values), advantages=kept(self.advantages),
            returns=kept(self.returns), scores=self.scores[rows],
        )  # fmt: skip

    def by_length(self) -> Tensor:
        """The replies' numbers, shortest conversation first, so that neighbours need little padding."""
        ends = self.mask.int().argmax(-1) + self.mask.sum(-1)
        return ends.argsort(stable=True)


def explained_variance(rollout: Rollout) -> float:
    """The share of the returns' variance that the value function foresaw: 1 at best, 0 if it only knew the mean."""
    values, returns = rollout.values[rollout.mask], rollout.returns[rollout.mask]
    return float(1 - (returns - values).var() / returns.var().clamp_min(1e-8))


class ProximalPolicy:
    """The objective of `training.loop.train` for PPO; what is trained is an `ActorCritic`.

    A step is one minibatch; the first of each round asks the policy for new replies. A run that is resumed between
    the minibatches of a round writes that round's replies anew. Raises UserError (the last checkpoint stays) when the
    policy collapses: scores or losses that are no numbers, a KL beyond `highest_kl`, or hardly any entropy.
    """

    def __init__(
        self,
        reference: Stack,
        reward: Scorer,
        tokenizer: Tokenizer,
        prompts: Sequence[Sequence[Message]],
        held_out: Sequence[Dialogue],
        pages: Shard,
        val: Shard,
        settings: Settings,
        *,
        page_rows: int = 8,
        seed: int = 0,
    ):
        self.reference, self.reward = reference.eval().requires_grad_(False), reward.eval().requires_grad_(False)
        self.tokenizer, self.held_out, self.val, self.settings, self.seed = tokenizer, held_out, val, settings, seed
        n_ctx = reference.config.n_ctx
        self.prompts = [encode_prompt(tokenizer, messages, n_ctx, settings.max_new_tokens) for messages in prompts]
        self.pages = Batches(pages, page_rows, n_ctx, seed + 1) if settings.ptx else None
        self.rollout: Rollout | None = None

    def loss(self, model: ActorCritic, step: int, part: int, parts: int) -> tuple[Tensor, int]:
        settings = self.settings
        number, minibatch = divmod(step, settings.minibatches * settings.epochs)
        if self.rollout is None or (minibatch == 0 and part == 0):
            self.rollout = self.collect(model, number)
            if settings.target_kl and minibatch == 0:  # not again where a run is resumed amid a round
                model.beta.fill_(adapted(model.beta.item(), self.rollout.kl, settings.target_kl, settings.rollouts))
        epoch, minibatch = divmod(minibatch, settings.minibatches)
        groups = self.rollout.by_length().tensor_split(settings.minibatches)
        order = np.random.default_rng((self.seed, number, epoch)).permutation(len(groups))
        roll = self.rollout.part(groups[order[minibatch]].tensor_split(parts)[part])
        inputs, targets, mask = roll.inputs, roll.targets, roll.mask
        logprobs, _ = self.logprobs(model.policy, inputs, targets, mask)
        loss = policy_loss(logprobs, roll.logprobs, roll.advantages, mask, settings.clip)
        values = model.critic(inputs)
        loss = loss + settings.value_weight * value_loss(values, roll.values, roll.returns, mask, settings.clip)
        tokens = int(mask.sum())
        if self.pages is not None:
            ids = self.pages.batch(step).chunk(parts)[part].to(inputs.device)
            loss = loss + settings.ptx * next_token_loss(model.policy, ids)
            tokens += ids.shape[0] * (ids.shape[1] - 1)
        return loss, tokens

    def logprobs(self, model: Stack, inputs: Tensor, targets: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The log-probability of each target and the entropy before it, as the sampler saw them; 0 off the reply."""
        logits = model(inputs)
        logits[..., self.banned()] = -torch.inf
        logprobs = F.log_softmax(logits, dim=-1)
        entropy = -(logprobs.exp() * logprobs.clamp_min(-1e4)).sum(-1)
        chosen = logprobs.gather(-1, targets[..., None]).squeeze(-1)
        return torch.where(mask, chosen, 0.0), (entropy * mask).detach()

    def banned(self) -> list[int]:
        """The special tokens that no reply may contain: all but its end."""
        return sorted(set(self.tokenizer.special_ids) - {self.tokenizer.special["<|end|>"]})

    @torch.no_grad()
    def collect(self, model: ActorCritic, number: int) -> Rollout:
        """Let the policy answer `rollouts` prompts, and value what it wrote."""
        settings, end = self.settings, self.tokenizer.special["<|end|>"]
        model.eval()
        rng = np.random.default_rng((self.seed, number))
        prompts = [self.prompts[i] for i in rng.integers(0, len(self.prompts), settings.rollouts)]
        replies = sample_batch(
            model.policy,
            prompts,
            max_new_tokens=settings.max_new_tokens,
            sampling=Sampling(temperature=1.0, top_k=0, seed=int(rng.integers(1 << 31))),
            stop=[end],
            banned=self.banned(),
        )
        rows = [prompt + reply for prompt, reply in zip(prompts, replies, strict=True)]
        ids, lengths = pad(rows, model.beta.device)
        inputs, targets = ids[:, :-1], ids[:, 1:]
        place = torch.arange(targets.shape[1], device=ids.device) + 1
        starts = torch.tensor([len(prompt) for prompt in prompts], device=ids.device)
        mask = (place >= starts[:, None]) & (place < lengths[:, None])
        logprobs, entropy = self.logprobs(model.policy, inputs, targets, mask)
        reference, _ = self.logprobs(self.reference, inputs, targets, mask)
        values = model.critic(inputs)
        scores = scores_of(self.reward, rows)
        ended = torch.tensor([bool(reply) and reply[-1] == end for reply in replies], device=ids.device)
        if settings.missing_end is not None:
            scores = torch.where(ended, scores, settings.missing_end)
        kl = float((logprobs - reference).sum(-1).mean())  # summed over a reply, as InstructGPT counts it
        disorder = float(masked_mean(entropy, mask))
        self.alarm(scores, kl, disorder)
        rewards = token_rewards(scores, logprobs, reference, mask, model.beta.item())
        advantages, returns = advantages_and_returns(rewards, values, mask, lam=settings.lam)
        advantages = whiten(advantages, mask)
        model.train()
        return Rollout(inputs, targets, mask, logprobs, values, advantages, returns, scores, kl, disorder)

    def alarm(self, scores: Tensor, kl: float, entropy: float) -> None:
        """Raise UserError when there is no sense in going on."""
        settings = self.settings
        if not bool(torch.isfinite(scores).all()):
            raise UserError(
                "The reward model gave a score that is no number; train it again with a lower learning rate.",
                "奖励模型给出了非数值的分数；请用更低的学习率重新训练它。",
            )
        if not math.isfinite(kl) or kl > settings.highest_kl or entropy < settings.lowest_entropy:
            raise UserError(
                f"The policy has collapsed (KL {kl:.1f}, entropy {entropy:.4f}); use a larger beta or a lower learning "
                "rate. The last checkpoint is intact.",
                f"策略已崩溃（KL {kl:.1f}，熵 {entropy:.4f}）；请增大 beta 或降低学习率。上一个检查点完好无损。",
            )

    def evaluate(self, model: ActorCritic) -> dict[str, float]:
        """What the reward model and the judge say of the same replies at temperature 1, the proxy and the truth.

        `held_out_right` is that of greedy replies, as in the other stages.
        """
        sampling = Sampling(temperature=1.0, top_k=0, seed=self.seed)
        replies = reply_to_all(
            model.policy, self.tokenizer, [d.prompt for d in self.held_out], sampling,
            max_new_tokens=self.settings.max_new_tokens,
        )  # fmt: skip
        verdicts = [judge(d, reply) for d, reply in zip(self.held_out, replies, strict=True)]
        scores = score_replies(self.reward, self.tokenizer, self.held_out, [[reply] for reply in replies])
        scored = [
            own if reply or self.settings.missing_end is None else self.settings.missing_end
            for reply, (own,) in zip(replies, scores, strict=True)
        ]
        figures = {
            "val_loss": held_out_loss(model.policy, self.val),
            "held_out_right": share_right(model.policy, self.tokenizer, self.held_out),
            "sampled_right": mean(verdict.right for verdict in verdicts),
            "sampled_score": mean(verdict.score for verdict in verdicts),
            "sampled_reward": mean(scored),
            "sampled_kl": self.distance(model.policy, replies),
        }
        if self.rollout is not None:
            score = float(self.rollout.scores.mean())
            figures |= {"reward": score, "kl": self.rollout.kl, "entropy": self.rollout.entropy}
            figures["value_explains"] = explained_variance(self.rollout)
        return figures

    def distance(self, policy: Stack, replies: Sequence[str]) -> float:
        """KL from the reference in nats a reply, estimated from the policy's own replies to the held-out prompts."""
        end, total, told = self.tokenizer.special["<|end|>"], 0.0, 0
        n_ctx, free = policy.config.n_ctx, self.settings.max_new_tokens
        for dialogue, reply in zip(self.held_out, replies, strict=True):
            if reply:
                prompt = encode_prompt(self.tokenizer, dialogue.prompt, n_ctx, free)
                row = [*prompt, *self.tokenizer.encode(reply), end][: n_ctx + 1]
                ids = torch.tensor([row], device=policy.tokens.weight.device)
                mask = torch.arange(1, ids.shape[1], device=ids.device)[None] >= len(prompt)
                ours, theirs = (self.logprobs(m, ids[:, :-1], ids[:, 1:], mask)[0] for m in (policy, self.reference))
                total, told = total + float((ours - theirs).sum()), told + 1
        return total / max(1, told)

    def sample(self, model: ActorCritic) -> list[dict[str, Any]]:
        return sample_replies(model.policy, self.tokenizer, self.held_out)
