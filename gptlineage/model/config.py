"""One configuration for the whole family: sizes, and the historical choices between which the papers differ.

Every field that is not a size is a choice some paper made (`norm`, `positions`, `attention`, ...), so the
difference between two generations is the difference between two of these records (see `diff`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


class ConfigError(ValueError):
    """A configuration that cannot be built; `en` and `zh` say what to change."""

    def __init__(self, en: str, zh: str):
        super().__init__(en)
        self.en, self.zh = en, zh


CHOICES: dict[str, tuple[str, ...]] = {
    "positions": ("learned", "sinusoidal", "none"),
    "norm": ("post", "pre"),
    "activation": ("gelu_tanh", "gelu", "relu"),
    "residual_init": ("plain", "1/sqrt(2L)"),
    "position_init": ("normal", "sinusoidal"),
    "output": ("linear", "transform"),
}
ATTENTION_KINDS = ("dense", "banded")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A Transformer stack, in the papers' own terms.

    Sizes: `n_layers` blocks of width `d_model`, `n_heads` heads of `d_model / n_heads` each, an MLP of `d_ff`
    (0 means 4 x d_model), windows of `n_ctx` tokens, `vocab_size` token ids.

    Choices: `encoder_layers` (2017: that many blocks read the source, and the others attend to them; 0, since GPT-1,
    builds one stack), `positions` (sinusoidal in the Transformer, learned since GPT-1), `norm` after or before each
    sub-layer, `final_norm` after the last block, `activation` ("gelu_tanh" is what GPT-1 to GPT-3 compute),
    `attention`, a pattern repeated over the layers ("banded" layers see the last `band` tokens, the token
    itself included), `causal`, `tied` input and output embeddings, `bias` in every linear map and norm,
    `residual_init` (GPT-2, section 2.3: projections into the residual stream shrink with depth; the paper says
    1/sqrt(N) for N residual layers, and 2L is the count that its re-implementations use), `position_init`, how
    learned positions start (the papers': normal; the miniatures': as the Transformer's waves, which saves a tiny model
    the tokens that it would need to find out which positions are neighbours), `dropout`; and what only BERT has:
    embeddings of `segments` kinds of sentence, a norm over the embeddings (`embedding_norm`), and an `output` that
    transforms the states once more before it compares them with the embeddings.

    Raises ConfigError when the fields do not fit together.
    """

    n_layers: int
    d_model: int
    n_heads: int
    d_ff: int = 0
    n_ctx: int
    vocab_size: int
    positions: str = "learned"
    norm: str = "pre"
    final_norm: bool = True
    activation: str = "gelu_tanh"
    attention: tuple[str, ...] = ("dense",)
    band: int = 0
    causal: bool = True
    tied: bool = True
    bias: bool = True
    residual_init: str = "1/sqrt(2L)"
    position_init: str = "normal"
    dropout: float = 0.0
    encoder_layers: int = 0
    segments: int = 0
    embedding_norm: bool = False
    output: str = "linear"
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        if isinstance(self.attention, str):
            object.__setattr__(self, "attention", (self.attention,))
        object.__setattr__(self, "attention", tuple(self.attention))
        if self.d_ff == 0:
            object.__setattr__(self, "d_ff", 4 * self.d_model)
        for name in ("n_layers", "d_model", "n_heads", "d_ff", "n_ctx", "vocab_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigError(
                    f"{name} is {value!r}; make it a whole number of at least 1.",
                    f"{name} 是 {value!r}；请改为不小于 1 的整数。",
                )
        if self.d_model % self.n_heads:
            raise ConfigError(
                f"d_model {self.d_model} does not divide into {self.n_heads} heads; make it a multiple of n_heads.",
                f"d_model {self.d_model} 不能平分给 {self.n_heads} 个注意力头；请改为 n_heads 的倍数。",
            )
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}.",
                    f"{name} 是 {getattr(self, name)!r}；请从 {'、'.join(choices)} 中选择。",
                )
        for name in ("encoder_layers", "segments"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 0:
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}; make it a whole number, 0 for none.",
                    f"{name} 是 {getattr(self, name)!r}；请改为整数，0 表示没有。",
                )
        if self.encoder_layers and not (self.causal and self.output == "linear" and not self.segments):
            raise ConfigError(
                "An encoder and decoder need causal=True, output='linear' and no segments.",
                "编码器—解码器需要 causal=True、output='linear'，且没有 segments。",
            )
        if not self.attention or any(kind not in ATTENTION_KINDS for kind in self.attention):
            raise ConfigError(
                f"attention is {self.attention!r}; give a pattern made of {', '.join(ATTENTION_KINDS)}.",
                f"attention 是 {self.attention!r}；请用 {'、'.join(ATTENTION_KINDS)} 组成模式。",
            )
        if "banded" in self.attention and not (self.causal and self.band >= 1):
            raise ConfigError(
                "Banded attention needs causal=True and a band of at least 1 token.",
                "带状注意力需要 causal=True，且 band 至少为 1 个词元。",
            )
        if self.positions == "sinusoidal" and self.d_model % 2:
            raise ConfigError(
                f"Sinusoidal positions need an even d_model; {self.d_model} is odd.",
                f"正弦位置编码要求 d_model 为偶数，而 {self.d_model} 是奇数。",
            )
        if not 0.0 <= self.dropout < 1.0:
            raise ConfigError(
                f"dropout is {self.dropout}; choose a share from 0 up to, but not including, 1.",
                f"dropout 是 {self.dropout}；请取 0（含）到 1（不含）之间的值。",
            )

    @property
    def d_head(self) -> int:
        return self.d_model // self.n_heads

    def layer_band(self, layer: int) -> int | None:
        """How many tokens layer number `layer` sees, itself included; None when it sees them all."""
        return self.band if self.attention[layer % len(self.attention)] == "banded" else None

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "attention": list(self.attention)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """The configuration stored in a checkpoint. Raises ConfigError on unknown or missing fields."""
        known = {field.name for field in fields(cls)}
        strange = sorted(set(values) - known)
        missing = sorted({"n_layers", "d_model", "n_heads", "n_ctx", "vocab_size"} - set(values))
        if strange or missing:
            raise ConfigError(
                f"The configuration does not fit this version (unknown: {strange}, missing: {missing}).",
                f"该配置与本版本不符（未知字段：{strange}，缺少字段：{missing}）。",
            )
        return cls(**values)


def diff(old: Any, new: Any) -> dict[str, tuple[Any, Any]]:
    """The fields in which two configurations differ: `{name: (old, new)}`, in the order of the records.

    A field that only one of two kinds of network has is None in the other.
    """
    names = dict.fromkeys(field.name for config in (old, new) for field in fields(config))
    pairs = {name: (getattr(old, name, None), getattr(new, name, None)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
