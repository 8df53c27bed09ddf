"""The records that a generation fills in: what it is, what changed, how it is trained, what its paper claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import unknown
from ..model import Config, ModelConfig
from ..training import Recipe

# Every miniature speaks the one vocabulary in data/tokenizer.
MINI_VOCAB_SIZE = 3072
# How they are pretrained: Muon on the hidden matrices, which no paper used. apps/sweep.py tries other rates.
MINI_PRETRAINING: dict[str, Any] = dict(
    optimizer="muon", lr=6e-3, matrix_lr=0.04, schedule="flat", final_lr=0.0
)


@dataclass(frozen=True)
class Bilingual:
    """One sentence in both languages."""

    en: str
    zh: str

    def in_language(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True)
class Claim:
    """What the paper says, with its own number and where it stands there."""

    text: Bilingual
    source: str


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of training: its objective (a name in `stages.OBJECTIVES`), its recipe, and what else it needs.

    `quick` is the recipe that makes the whole line in under half an hour on two cores; `release` the longer one
    that the shipped weights come from.
    """

    objective: str
    release: Recipe
    quick: Recipe
    options: Mapping[str, Any] = field(default_factory=dict)

    def recipe(self, quick: bool) -> Recipe:
        return self.quick if quick else self.release


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One generation of the family. `changed` holds the fields of ModelConfig that its architecture altered.

    `single_turn` says that its demonstrations and comparisons are single instructions, not whole conversations.
    """

    name: str
    year: int
    title: str
    paper: str
    parent: str | None
    news: Bilingual
    mixture: str
    sizes: tuple[str, ...]
    configs: Mapping[str, Config]
    stages: tuple[Stage, ...]
    claims: tuple[Claim, ...] = ()
    changed: Mapping[str, Any] = field(default_factory=dict)
    starts_from: str | None = None
    single_turn: bool = False

    @property
    def continues_text(self) -> bool:
        """Whether it writes on from a beginning, as a decoder alone does; the others translate, or fill gaps."""
        config = self.configs["mini"]
        return isinstance(config, ModelConfig) and config.causal and not config.encoder_layers

    def config(self, size: str = "mini") -> Any:
        """The configuration of a size: "mini", or one that the paper published. Raises UserError for others."""
        if size not in self.configs:
            raise unknown(f"size of {self.name}", f"{self.name} 规格", size, self.sizes)
        return self.configs[size]

    def evolve(
        self,
        name: str,
        *,
        changed: Mapping[str, Any] | None = None,
        mini: Mapping[str, Any] | None = None,
        paper_sizes: Mapping[str, Mapping[str, Any]] | None = None,
        **records: Any,
    ) -> Generation:
        """A descendant: `changed` states the new choices, `mini` and `paper_sizes` the new sizes.

        Whatever is not mentioned stays as it was in this generation.
        """
        changed = dict(changed or {})
        parent = self.configs["mini"]
        assert isinstance(parent, ModelConfig), "what came before the Transformer has no such descendants"
        base = replace(parent, **changed)
        configs = {"mini": resized(base, mini or {})}
        for size, numbers in (paper_sizes or {}).items():
            configs[size] = resized(base, {"position_init": "normal", **numbers})
        return replace(
            self, name=name, parent=self.name, changed=changed, configs=configs, sizes=tuple(configs), **records
        )


def resized(config: ModelConfig, numbers: Mapping[str, Any]) -> ModelConfig:
    """The configuration at another size; the MLP follows the width unless given."""
    return replace(config, **{"d_ff": 0 if "d_model" in numbers else config.d_ff, **numbers})
