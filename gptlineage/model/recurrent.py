"""Before the Transformer: recurrent networks that translate, with attention and without.

RNNsearch (Bahdanau, Cho and Bengio 2014, appendix A): a gated recurrent network reads the source in both directions;
another writes the target and, before each word, weighs all states of the reader anew:

    e_ij = v . tanh(W s_(i-1) + U h_j)      alpha_ij = softmax over j      c_i = sum of alpha_ij h_j

Its rival, RNNencdec, gets one fixed context instead: what the reader's two directions ended with. The notation is
the paper's; it writes no biases, so there are none. `RecurrentLM` is the LSTM of GPT-1's ablation (table 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import ConfigError


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig:
    """Sizes as in appendix A.2.3: embeddings of `d_embed` (620), states of `d_hidden` (1000), `d_align` (1000) for the
    alignment and `d_maxout` (500) before the output. With `d_align` 0 there is no attention.

    `shared` embeds source and target with one matrix (the miniatures have one vocabulary; the paper has two).
    `kind` is "translator", or "lm" for an LSTM of `n_layers` that continues text. Raises ConfigError on a bad size.
    """

    kind: str = "translator"
    d_embed: int
    d_hidden: int
    d_align: int = 0
    d_maxout: int = 0
    n_layers: int = 1
    n_ctx: int
    vocab_size: int
    shared: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in ("translator", "lm"):
            raise ConfigError(
                f"kind is {self.kind!r}; choose translator or lm.", f"kind 是 {self.kind!r}；请选 translator 或 lm。"
            )
        needed = ("d_embed", "d_hidden", "n_layers", "n_ctx", "vocab_size")
        for name in (*needed, "d_maxout") if self.kind == "translator" else needed:
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}; make it a whole number of at least 1.",
                    f"{name} 是 {getattr(self, name)!r}；请改为不小于 1 的整数。",
                )

    @property
    def d_model(self) -> int:
        """The width, under the name that the Transformers use."""
        return self.d_hidden

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RecurrentConfig:
        """The configuration stored in a checkpoint. Raises ConfigError on unknown or missing fields."""
        strange = sorted(set(values) - {field.name for field in fields(cls)})
        missing = sorted({"d_embed", "d_hidden", "n_ctx", "vocab_size"} - set(values))
        if strange or missing:
            raise ConfigError(
                f"The configuration does not fit this version (unknown: {strange}, missing: {missing}).",
                f"该配置与本版本不符（未知字段：{strange}，缺少字段：{missing}）。",
            )
        return cls(**values)


class GatedUnit(nn.Module):
    """The gated hidden unit (appendix A.1.1): what comes in and the state before make the next state.

    The reset gate acts on the state before its matrix does, as in the paper; torch's GRU has it the other way round.
    """

    def __init__(self, d_input: int, d_hidden: int):
        super().__init__()
        self.inputs = nn.Linear(d_input, 3 * d_hidden, bias=False)  # for the candidate, update and reset
        self.gates = nn.Linear(d_hidden, 2 * d_hidden, bias=False)
        self.candidate = nn.Linear(d_hidden, d_hidden, bias=False)

    def forward(self, given: Tensor, state: Tensor) -> Tensor:
        """`given [B, 3 d_hidden]` is what comes in, already through `inputs`; `state [B, d_hidden]`."""
        new, update, reset = given.chunk(3, dim=-1)
        update_gate, reset_gate = torch.sigmoid(torch.cat((update, reset), -1) + self.gates(state)).chunk(2, dim=-1)
        candidate = torch.tanh(new + self.candidate(reset_gate * state))
        return torch.lerp(state, candidate, update_gate)


@dataclass
class Reading:
    """What the decoder knows of the sources, and where it stands; one row each."""

    states: Tensor  # h, [B, S, 2 d_hidden]
    keys: Tensor | None  # U h, computed once, [B, S, d_align]
    mask: Tensor  # [B, S], true for what is no padding
    context: Tensor  # without attention: the fixed c, [B, 2 d_hidden]
    state: Tensor  # s, [B, d_hidden]

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows, in this order; one may be taken twice (beam search)."""
        self.keys = None if self.keys is None else self.keys[rows]
        self.states, self.mask = self.states[rows], self.mask[rows]
        self.context, self.state = self.context[rows], self.state[rows]


class RNNSearch(nn.Module):
    """`model(source[B, S], target[B, T], lengths[B]) -> logits[B, T, vocab_size]`, float32."""

    def __init__(self, config: RecurrentConfig):
        super().__init__()
        self.config = config
        embed, hidden = config.d_embed, config.d_hidden
        self.source = nn.Embedding(config.vocab_size, embed)
        if not config.shared:
            self.target = nn.Embedding(config.vocab_size, embed)
        self.forwards, self.backwards = GatedUnit(embed, hidden), GatedUnit(embed, hidden)
        self.initial = nn.Linear(hidden, hidden, bias=False)  # W_s
        self.writer = GatedUnit(embed + 2 * hidden, hidden)
        if config.d_align:
            self.query = nn.Linear(hidden, config.d_align, bias=False)  # W_a
            self.key = nn.Linear(2 * hidden, config.d_align, bias=False)  # U_a
            self.align = nn.Linear(config.d_align, 1, bias=False)  # v_a
        self.deep = nn.Linear(hidden + embed + 2 * hidden, 2 * config.d_maxout, bias=False)  # U_o, V_o, C_o
        self.output = nn.Linear(config.d_maxout, config.vocab_size, bias=False)  # W_o
        self.dropout = nn.Dropout(config.dropout)
        self.init_weights()

    def init_weights(self) -> None:
        """Appendix B.1: recurrent matrices orthogonal, v zero, W_a and U_a N(0, 0.001^2), the others N(0, 0.01^2).

        A miniature's widths are a tenth of the paper's, so its matrices start wider: N(0, 1/columns).
        """
        small = self.config.d_hidden < 1000
        for name, parameter in self.named_parameters():
            recurrent = name.endswith(("gates.weight", "candidate.weight"))
            if recurrent:
                for square in parameter.data.split(self.config.d_hidden):
                    nn.init.orthogonal_(square)
            elif name in ("query.weight", "key.weight") and not small:
                nn.init.normal_(parameter, std=0.001)
            elif name == "align.weight" and not small:
                nn.init.zeros_(parameter)
            else:
                nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5 if small else 0.01)

    def embed_target(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = (self.source if self.config.shared else self.target)(tokens)
        return embedded

    def begin(self, source: Tensor, lengths: Tensor) -> Reading:
        """Read the sources, `[B, S]`, of which `lengths [B]` tokens each are no padding, and be ready to write.

        Raises ConfigError when they are longer than the trained lengths.
        """
        check_length(source.shape[1], self.config.n_ctx)
        mask = torch.arange(source.shape[1], device=source.device) < lengths[:, None]
        words = self.dropout(self.source(source))
        ahead = self.run(self.forwards, words, mask)
        back = self.run(self.backwards, words.flip(1), mask.flip(1)).flip(1)
        states = torch.cat((ahead, back), dim=-1)
        last = ahead[torch.arange(len(source)), lengths - 1]
        return Reading(
            states=states,
            keys=self.key(states) if self.config.d_align else None,
            mask=mask,
            context=torch.cat((last, back[:, 0]), dim=-1),
            state=torch.tanh(self.initial(back[:, 0])),
        )

    def run(self, unit: GatedUnit, words: Tensor, mask: Tensor) -> Tensor:
        """The unit's states over `words [B, S, d_embed]`; padding leaves a state as it was."""
        given, state, states = unit.inputs(words), words.new_zeros(len(words), self.config.d_hidden), []
        for t in range(words.shape[1]):
            state = torch.where(mask[:, t, None], unit(given[:, t], state), state)
            states.append(state)
        return torch.stack(states, dim=1)

    def alignment(self, reading: Reading) -> Tensor:
        """alpha: how much the next word reads of each source word, `[B, S]`."""
        assert reading.keys is not None, "only with attention"
        energy = self.align(torch.tanh(self.query(reading.state)[:, None] + reading.keys)).squeeze(-1)
        return energy.masked_fill(~reading.mask, -torch.inf).softmax(-1)

    def advance(self, word: Tensor, reading: Reading) -> Tensor:
        """Take in one word of each target, `[B, d_embed]`; returns the features that the output layer reads.

        These come from the state *before* the word is taken in, as appendix A.2.2 has it.
        """
        context = reading.context
        if self.config.d_align:
            context = (self.alignment(reading)[:, None] @ reading.states)[:, 0]
        features = torch.cat((reading.state, word, context), dim=-1)
        given = self.writer.inputs(torch.cat((word, context), dim=-1))
        reading.state = self.writer(given, reading.state)
        return features

    def unembed(self, features: Tensor) -> Tensor:
        """A maxout layer (each unit the larger of two sums), then the logits."""
        pairs = self.deep(self.dropout(features))
        return self.output(pairs.unflatten(-1, (self.config.d_maxout, 2)).amax(-1)).float()

    def forward(self, source: Tensor, target: Tensor, lengths: Tensor) -> Tensor:
        reading = self.begin(source, lengths)
        words = self.dropout(self.embed_target(target))
        features = [self.advance(words[:, t], reading) for t in range(target.shape[1])]
        return self.unembed(torch.stack(features, dim=1))

    def step(self, tokens: Tensor, writing: Reading) -> Tensor:
        """Add one token to each target, `[B]`, and return the logits of the next, `[B, vocab_size]`."""
        return self.unembed(self.advance(self.embed_target(tokens), writing))

    @property
    def n_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())


class RecurrentLM(nn.Module):
    """An LSTM language model with the face of a `Stack`: `model(ids[B, T]) -> logits[B, T, vocab_size]`, float32."""

    def __init__(self, config: RecurrentConfig):
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.d_embed)
        self.lstm = nn.LSTM(config.d_embed, config.d_hidden, config.n_layers, batch_first=True)
        self.narrow = nn.Linear(config.d_hidden, config.d_embed)
        self.dropout = nn.Dropout(config.dropout)
        nn.init.normal_(self.tokens.weight, std=0.02)

    def hidden(self, ids: Tensor) -> Tensor:
        """The last layer's states, `[B, T] -> [B, T, d_hidden]`."""
        check_length(ids.shape[1], self.config.n_ctx)
        states: Tensor = self.lstm(self.dropout(self.tokens(ids)))[0]
        return states

    def unembed(self, hidden: Tensor) -> Tensor:
        return F.linear(self.narrow(hidden), self.tokens.weight)

    def forward(self, ids: Tensor) -> Tensor:
        return self.unembed(self.hidden(ids)).float()

    @property
    def n_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())


def check_length(length: int, n_ctx: int) -> None:
    if length > n_ctx:
        raise ConfigError(
            f"{length} tokens do not fit the {n_ctx} that the network was trained on; shorten the text.",
            f"{length} 个词元超出了网络训练时的 {n_ctx} 个；请缩短文本。",
        )
