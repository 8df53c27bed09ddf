"""Passages that must be read closely: people carry things about, and only the whole passage tells where all is.

Each sentence comes from one wording of a step, so that the same table writes a passage, answers questions about it,
and finds what contradicts it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gptlineage.world.chance import Wheel, between, pick, sample, shuffled
from gptlineage.world.facts import sentence
from gptlineage.world.items import Item
from gptlineage.world.proofreading import IT, Proofreader
from gptlineage.world.stories import People
from gptlineage.world.tracked import KIND, Bound, Signature, State, Step, fill, genders, is_held_out, noun, nouns

Target = tuple[dict[str, str], Signature]


@dataclass
class Passage:
    """The sentences of a passage with the state after them, and what may be asked about it."""

    cast: Mapping[str, Sequence[str]]
    sentences: list[str] = field(default_factory=list)
    state: State = field(default_factory=State)
    named: dict[str, dict[str, None]] = field(default_factory=lambda: {"people": {}, "things": {}, "places": {}})
    last: dict[str, Signature] = field(default_factory=dict)  # how each came to where it is
    gifts: list[tuple[dict[str, str], Signature]] = field(default_factory=list)
    moved: dict[str, None] = field(default_factory=dict)

    def targets(self) -> dict[str, list[Target]]:
        """What has one answer, by the kind of question: who and what it is about, and what makes it held out."""
        found: dict[str, list[Target]] = {}
        for name, signature in self.last.items():
            relation, other = self.state.spot[name]
            if name in self.cast["people"]:
                found.setdefault("where_person", []).append(({"b": name, "p": other}, signature))
            elif name in self.moved:  # a thing that nobody has touched asks for no reading
                kind, key = ("who_has", "b") if relation == "has" else ("where_thing", "p")
                found.setdefault(kind, []).append(({"t": name, key: other}, signature))
        for bound, signature in self.gifts:
            for kind, keys in (("what_given", "ab"), ("who_gave", "tb")):
                if sum(all(other[key] == bound[key] for key in keys) for other, _ in self.gifts) == 1:
                    found.setdefault(kind, []).append((bound, signature))
        return found


class Passages:
    """Makes the passages of books.toml with their questions, and reads them for contradictions."""

    def __init__(self, data: Mapping, people: People):
        self.data, self.people = data, people
        self.starts = Wheel((Step.of(raw), raw.get("weight", 1)) for raw in data["starts"])
        self.steps = Wheel((Step.of(raw), raw.get("weight", 1)) for raw in data["steps"])
        self.ends: dict[str, list[Step]] = {}
        for raw in data["ends"]:
            self.ends.setdefault(raw["kind"], []).append(Step.of(raw))
        self.questions = {raw["kind"]: raw for raw in data["questions"]}
        self.nouns = nouns(people)
        self.gender = genders(people)
        places = people.pools["places"]
        self.near = {  # 院子 and 村子 do not stand after 在 without 里
            "en": [noun(item, "en") for item in places],
            "zh": [item["zh"] for item in places if not item["zh"].endswith("子")],
        }
        self.alike = [
            [noun(item, "en") for item in places if item["at"].startswith(preposition)]
            for preposition in ("in ", "in ", "in ", "at ")
        ]
        every = (*self.starts.items, *self.steps.items, *(end for ends in self.ends.values() for end in ends))
        self.proofreader = Proofreader(every, data["passage"]["linkers"], people)

    def _passage(self, rng: random.Random, language: str, split: str, few: int = 2) -> Passage:
        """Up to seven sentences about `few` (2 or 3) or more people and things that are carried about."""
        while True:
            told = self._try_passage(rng, language, split, few)
            if told.moved:
                return told

    def _try_passage(self, rng: random.Random, language: str, split: str, few: int) -> Passage:
        size, pools, join = between(rng, few + 1, 7), self.people.pools, " " if language == "en" else ""
        places = self.near[language]
        if language == "en" and rng.random() < 0.8:  # one preposition for all, so that it gives no place away
            places = pick(rng, self.alike)
        cast = {
            "people": [name for name, _ in sample(rng, self.people.names[language], between(rng, few, 3))],
            "things": [noun(item, language) for item in sample(rng, pools["things"], between(rng, few, 4))],
            "places": sample(rng, places, between(rng, few + 1, 5)),
        }
        told, rare = Passage(cast), split == "held-out"
        alone, only = "", ""  # the one person and the one thing of the last sentence
        before: Step | None = None
        if rng.random() < 0.25:
            told.sentences.append(pick(rng, self.data["passage"]["weather"][language]))
        for i in range(120):
            if len(told.sentences) >= size:
                break
            starting = not told.last or rng.random() < (0.7 if i < 4 else 0.12)
            step = (self.starts if starting else self.steps).spin(rng)
            bound = told.state.bind(step.needs, {kind: shuffled(rng, all_) for kind, all_ in cast.items()}, {})
            if bound is None or self._idle(step, before, bound, alone, only):
                continue
            after = State(dict(told.state.spot))
            signatures = after.apply(step.does, bound)
            if any(map(is_held_out, signatures)) != rare and (not rare or rng.random() < 0.5):
                continue  # never in training; in the other split more often than by chance
            told.state = after
            lines, roles = step.lines[language], self._plain(bound, language)
            line = lines[0] if starting and told.last else pick(rng, lines)  # "in the beginning" comes first
            subject = line.startswith("{a}") and "{b}" not in line
            if subject and bound["a"] == alone and rng.random() < 0.4:
                roles["a"] = roles["ahe"]
            pronoun = IT[language]
            replaced = "{t}" in line and "} {t}" not in line and pronoun not in line  # nobody says "gave him it"
            if only and bound.get("t") == only and replaced and rng.random() < 0.5:
                roles["t"] = pronoun
            if not starting and rng.random() < 0.25:
                line = pick(rng, self.data["passage"]["linkers"][language]) + join + line
            told.sentences.append(fill(line, roles, language))
            alone, only, before = bound["a"] if subject else "", bound.get("t", ""), step
            for (_, x, relation, y), signature in zip(step.does, signatures, strict=True):
                name = bound[y if relation == "has" else x]
                told.last[name] = signature
                if not starting and name in cast["things"]:
                    told.moved[name] = None
            if step.kind == "give":
                told.gifts.append(({key: bound[key] for key in "abt"}, signatures[-1]))
            for key, name in bound.items():
                if "{" + key in line or (key == "t" and "a_t" in line) or (key == "p" and "{at}" in line):
                    told.named[KIND[key]][name] = None
        return told

    @staticmethod
    def _idle(step: Step, before: Step | None, bound: Bound, alone: str, only: str) -> bool:
        """Whether nobody would tell this next: to take what one has just put down, or to give a thing straight back."""
        if before is None or (bound.get("t") != only and step is not before):
            return False
        if step.kind == "give":
            return before.kind == "give"
        return bound.get("a") == alone and (step is before or step.does[0][1:] != ("a", "at", "p"))

    def _plain(self, bound: Bound, language: str) -> dict[str, str]:
        """The forms that the wordings of passages and questions ask for."""
        roles = {}
        for key, name in bound.items():
            roles[key] = name
            if KIND[key] == "people":
                roles[key + "he"], _, roles[key + "him"] = self.gender[language][name]
            elif KIND[key] == "things":
                item = self.nouns[language][name]
                roles["a_t"] = f"a {name}" if language == "en" else f"一{item['mw']}{name}"
                roles["t"] = f"the {name}" if language == "en" else name
            elif key == "p":
                roles["at"] = self.nouns[language][name]["at" if language == "en" else "at_zh"]
        return roles

    def last_word(self, rng: random.Random, language: str, split: str) -> Item:
        """A passage that breaks off before its last word, which only the whole passage tells."""
        while True:
            told = self._passage(rng, language, split, few=3)
            for kind, bound, signature in self._in_turn(rng, told, self.ends):
                if is_held_out(signature) != (split == "held-out"):
                    continue
                end = pick(rng, self.ends[kind])
                full = told.state.bind(end.needs, {k: shuffled(rng, all_) for k, all_ in told.cast.items()}, bound)
                item = full and self._break_off(rng, told, end, full, language, split)
                if item:
                    return item

    @staticmethod
    def _in_turn(rng: random.Random, told: Passage, kinds: Iterable[str]) -> Iterator[tuple[str, Bound, Signature]]:
        """The targets of these kinds, in a random order of kinds."""
        targets = told.targets()
        for kind in shuffled(rng, kinds):
            if kind != "where_person" or rng.random() < 0.15:  # people walk about in every passage
                for bound, signature in shuffled(rng, targets.get(kind, ())):
                    yield kind, bound, signature

    def _break_off(
        self, rng: random.Random, told: Passage, end: Step, bound: Bound, language: str, split: str
    ) -> Item | None:
        """The passage with this end up to its last word, or None where the end gives it away."""
        answer, line, choices = bound[end.answer], pick(rng, end.lines[language]), told.named[KIND[end.answer]]
        goes_to = State(dict(told.state.spot)).apply(end.does, bound)
        if split == "train" and any(map(is_held_out, goes_to)):
            return None
        if not self._fair(rng, told, answer, choices) or ("{at}" in line and self._told_by_preposition(choices)):
            return None
        last = fill(line, self._plain(bound, language), language)
        text = (" " if language == "en" else "").join([*told.sentences, last])[: -len(answer) - 1].rstrip(" ")
        return Item(text, "", answer, tuple(shuffled(rng, choices)), language)

    def _told_by_preposition(self, places: Iterable[str]) -> bool:
        """Whether "in", "at", "on" or "by" gives one of the English places away."""
        return len({self.nouns["en"][place]["at"].split(" ")[0] for place in places}) > 1

    @staticmethod
    def _fair(rng: random.Random, told: Passage, answer: str, choices: Iterable[str]) -> bool:
        """Whether to take this one: the candidate named last must be no better guess than the others."""
        choices = list(choices)
        if len(choices) < 3 or answer not in choices:
            return False
        text = " ".join(told.sentences)
        rank = sorted(choices, key=text.rfind).index(answer)
        return rank == 0 or rng.random() < (0.35 if rank == len(choices) - 1 else 0.5)

    def reading(self, rng: random.Random, language: str, split: str) -> Item:
        """A passage, a question about it, and the short answer."""
        while True:
            told = self._passage(rng, language, split, few=3)
            for kind, bound, signature in self._in_turn(rng, told, self.questions):
                if is_held_out(signature) != (split == "held-out"):
                    continue
                answer, choices = (
                    bound[self.questions[kind]["answer"]],
                    told.named[KIND[self.questions[kind]["answer"]]],
                )
                if self._fair(rng, told, answer, choices):
                    text = (" " if language == "en" else "").join(told.sentences)
                    question = self._ask(rng, kind, bound, language, split)
                    return Item(text, question, answer, tuple(shuffled(rng, choices)), language)

    def _ask(self, rng: random.Random, kind: str, bound: Bound, language: str, split: str) -> str:
        forms = self.questions[kind]["train" if split == "train" else "held_out"][language]
        return fill(pick(rng, forms), {**self._plain(bound, language), "t": bound.get("t", "")}, language)

    def reading_page(self, rng: random.Random, language: str, split: str) -> str:
        """A passage with two to four questions and their answers, as a page sets them."""
        while True:
            told = self._passage(rng, language, split)
            all_targets = [(kind, *target) for kind, found in told.targets().items() for target in found]
            targets = shuffled(rng, all_targets)[: between(rng, 2, 4)]
            if len(targets) >= 2 and (split == "train" or any(is_held_out(target[2]) for target in targets)):
                break
        layout = self.data["layouts"]
        parts = [(" " if language == "en" else "").join(told.sentences)]
        style = pick(rng, layout["qa"][language])
        one_word = style[0] not in '"“' and rng.random() < 0.3  # quoted speech begins with a capital
        if rng.random() < 0.35:
            parts.insert(0, pick(rng, layout["before"][language]))
        if one_word and rng.random() < 0.5:
            parts.append(pick(rng, layout["one_word"][language]))
        elif rng.random() < 0.35:
            parts.append(pick(rng, layout["between"][language]))
        pupil = pick(rng, self.people.names[language])[0]
        while pupil in told.cast["people"]:
            pupil = pick(rng, self.people.names[language])[0]
        whole = 0.0 if one_word else pick(rng, (0.0, 0.5, 1.0))
        for n, (kind, bound, _) in enumerate(targets, 1):
            reply, roles = bound[self.questions[kind]["answer"]], self._plain(bound, language)
            if rng.random() < whole:
                reply = pick(rng, self.questions[kind]["sentence"][language]).format_map({**roles, "t": bound.get("t")})
            elif not one_word:
                reply = roles[{"p": "at"}.get(self.questions[kind]["answer"], self.questions[kind]["answer"])]
            reply = reply.rstrip(".。")
            if language == "en" and not one_word:
                reply = sentence(reply)
            question = self._ask(rng, kind, bound, language, split)
            parts.append(style.format(q=question, r=reply, n=n, pupil=pupil))
        return "\n".join(parts)
