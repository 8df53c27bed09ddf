"""The facts of the micro-world, read from data/world/facts/*.toml, and how one is said or asked.

A fact is (entity, relation, value); a relation carries its wordings in both languages. Every seventh entity
of a kind is held out: pages tell of it, training dialogues never ask about it (the lineage itself excepted).
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gptlineage.world.chance import Wheel, pick

LANGUAGES = ("en", "zh")
ALWAYS_ASKED = ("lineage",)  # a model that has never been asked about GPT-1 would be a strange guide to this story
# How often the facts of a file are told, against 1 for the others.
FILE_WEIGHTS = {"lineage": 1.9, "town": 0.7, "nature": 0.7}
Texts = Mapping[str, tuple[str, ...]]  # language -> wordings
Keys = tuple[tuple[str, ...], ...]  # groups of alternatives; a right reply has one of every group

_AN = tuple((f" a {v}", f" an {v}") for v in (*"aeiouAEIO", "hour", "honest"))
_A_AFTER_ALL = tuple((f" an {v}", f" a {v}") for v in ("uni", "use", "usu", "eu", "Eu", "one ", "once"))


def capital(text: str) -> str:
    """The text with its first letter upper-cased and the others as they are."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """An English sentence with its first letter upper-cased and `a` made `an` before a vowel sound."""
    text = capital(text)
    if " a " in text or text.startswith("A "):
        text = " " + text[0].lower() + text[1:] if text.startswith("A ") else text
        for wrong, right in _AN:
            text = text.replace(wrong, right)
        for wrong, right in _A_AFTER_ALL:
            text = text.replace(wrong, right)
        text = text[1].upper() + text[2:] if text[0] == " " else text
    return text


@dataclass(frozen=True)
class Value:
    """What a relation says of an entity, with the keys for the checker where it is a sentence."""

    text: Mapping[str, str]
    keys: Mapping[str, Keys]


@dataclass(frozen=True, eq=False)
class Relation:
    """A relation of one kind of entity and all its wordings."""

    name: str
    kind: str
    ask: bool
    short: bool
    statement: Texts
    question: Texts
    held_out: Texts
    answer: Texts

    def questions(self, language: str, split: str) -> tuple[str, ...]:
        return (self.question if split == "train" else self.held_out)[language]


@dataclass(frozen=True, eq=False)
class Entity:
    """A thing of the world, in both languages."""

    kind: str
    name: Mapping[str, str]
    plural: str
    alias: Texts
    article: Texts
    values: Mapping[str, Value]
    held_out: bool
    weight: float


@dataclass(frozen=True, eq=False)
class Fact:
    """One entity, one of its relations, and the value."""

    entity: Entity
    relation: Relation
    value: Value

    def fill(self, template: str, language: str, subject: str | None = None) -> str:
        """The template with subject, plural and value in their places."""
        entity = self.entity
        text = template.replace("{s}", subject or entity.name[language])
        if "{p}" in text:
            text = text.replace("{p}", entity.plural)
        text = text.replace("{v}", self.value.text[language])
        return sentence(text) if language == "en" else text

    def state(self, rng: random.Random, language: str) -> str:
        return self.fill(pick(rng, self.relation.statement[language]), language)

    def ask(self, rng: random.Random, language: str, split: str) -> str:
        names = self.entity.alias[language]
        subject = pick(rng, names) if names and rng.random() < 0.2 else None
        return self.fill(pick(rng, self.relation.questions(language, split)), language, subject)

    def answer(self, rng: random.Random, language: str) -> str:
        return self.fill(pick(rng, self.relation.answer[language]), language)

    def short(self, language: str) -> str:
        """The value alone with a full stop: "Paris." or 巴黎。"""
        value = self.value.text[language]
        return value[:1].upper() + value[1:] + "." if language == "en" else value + "。"


@dataclass(frozen=True)
class Facts:
    """Everything that is so, with the wheels that choose evenly among it."""

    kinds: Mapping[str, Mapping[str, str]]
    relations: tuple[Relation, ...]
    entities: tuple[Entity, ...]
    of_entity: Mapping[Entity, tuple[Fact, ...]]
    members: Mapping[str, tuple[Entity, ...]]
    known: Mapping[tuple[str, str, str], tuple[str, ...]]  # (kind, relation, language) -> all its values
    told: Wheel[Entity] = field(repr=False)
    asked: Wheel[Fact] = field(repr=False)  # for pages and held-out dialogues
    asked_in_training: Wheel[Fact] = field(repr=False)  # for training dialogues: no held-out entity

    def askable(self) -> list[Fact]:
        return [f for facts in self.of_entity.values() for f in facts if f.relation.ask]


def load_facts(folder: Path) -> Facts:
    """Read every fact file of the folder, in the order of the names.

    Raises ValueError, naming the file, for an entity of an unknown kind, a value of an unknown relation,
    or a missing wording; FileNotFoundError when there is no fact file.
    """
    kinds: dict[str, Mapping[str, str]] = {}
    relations: dict[tuple[str, str], Relation] = {}
    raw_entities: list[tuple[Path, dict]] = []
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise FileNotFoundError(f"no fact files in {folder}")
    for path in paths:
        page = tomllib.loads(path.read_text(encoding="utf-8"))
        kinds.update(page.get("kinds", {}))
        for raw in page.get("relations", []):
            relations[raw["kind"], raw["name"]] = _relation(raw, path)
        raw_entities += [(path, raw) for raw in page.get("entities", [])]

    members: dict[str, list[Entity]] = {kind: [] for kind in kinds}
    of_entity: dict[Entity, tuple[Fact, ...]] = {}
    for path, raw in raw_entities:
        if raw["kind"] not in members:
            raise ValueError(f"{path.name}: {raw['name']} has the unknown kind {raw['kind']!r}")
        entity = _entity(raw, path, index=len(members[raw["kind"]]), relations=relations)
        members[entity.kind].append(entity)
        of_entity[entity] = tuple(
            Fact(entity, relations[entity.kind, name], value) for name, value in entity.values.items()
        )

    known: dict[tuple[str, str, str], dict[str, None]] = {}
    for entity, facts in of_entity.items():
        for fact in facts:
            for language in LANGUAGES:
                said = known.setdefault((entity.kind, fact.relation.name, language), {})
                if not fact.value.keys[language]:
                    said[fact.value.text[language]] = None
    askable = [f for facts in of_entity.values() for f in facts if f.relation.ask]
    return Facts(
        kinds=kinds,
        relations=tuple(relations.values()),
        entities=tuple(of_entity),
        of_entity=of_entity,
        members={kind: tuple(found) for kind, found in members.items()},
        known={key: tuple(values) for key, values in known.items()},
        told=Wheel((e, e.weight * len(f)) for e, f in of_entity.items()),
        asked=Wheel((f, f.entity.weight) for f in askable),
        asked_in_training=Wheel((f, f.entity.weight) for f in askable if not f.entity.held_out),
    )


def _texts(raw: Mapping, path: Path, what: str, needed: bool) -> Texts:
    texts = {language: tuple(raw.get(language, ())) for language in LANGUAGES}
    missing = [language for language in LANGUAGES if needed and not texts[language]]
    if missing:
        raise ValueError(f"{path.name}: {what} has no wording in {', '.join(missing)}")
    return texts


def _relation(raw: Mapping, path: Path) -> Relation:
    name, ask = raw["name"], raw.get("ask", True)
    where = f"relation {raw['kind']}.{name}:"
    return Relation(
        name=name,
        kind=raw["kind"],
        ask=ask,
        short=raw.get("short", False),
        statement=_texts(raw.get("statement", {}), path, f"{where} statement", True),
        question=_texts(raw.get("question", {}), path, f"{where} question", ask),
        held_out=_texts(raw.get("held_out", {}), path, f"{where} held_out", ask),
        answer=_texts(raw.get("answer", {}), path, f"{where} answer", ask),
    )


def _entity(raw: Mapping, path: Path, index: int, relations: Mapping[tuple[str, str], Relation]) -> Entity:
    apart = ("kind", "name", "plural", "alias", "article")
    values = {name: _value(value) for name, value in raw.items() if name not in apart}
    unknown = [name for name in values if (raw["kind"], name) not in relations]
    if unknown:
        raise ValueError(f"{path.name}: {raw['name']['en']} has unknown relations: {', '.join(unknown)}")
    return Entity(
        kind=raw["kind"],
        name=raw["name"],
        plural=raw.get("plural", raw["name"]["en"] + "s"),
        alias=_texts(raw.get("alias", {}), path, "alias", False),
        article=_texts(raw.get("article", {}), path, "article", False),
        values=values,
        held_out=index % 7 == 3 and path.stem not in ALWAYS_ASKED,
        weight=FILE_WEIGHTS.get(path.stem, 1.0),
    )


def _value(raw: Mapping | str | int) -> Value:
    if not isinstance(raw, Mapping):
        raw = {"en": str(raw), "zh": str(raw)}

    def groups(found: Sequence[Sequence[str]]) -> Keys:
        return tuple(tuple(group) for group in found)

    return Value(
        text={language: str(raw[language]) for language in LANGUAGES},
        keys={language: groups(raw.get(f"keys_{language}", ())) for language in LANGUAGES},
    )
