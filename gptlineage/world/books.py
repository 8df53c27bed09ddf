"""Books, the diet of GPT-1's miniature: stories put together from scenes that read and change a tracked state.

What is put somewhere stays there until it is moved, so the end of a story follows from all that went before.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from gptlineage.world.chance import Wheel, between, pick, sample, shuffled
from gptlineage.world.facts import sentence
from gptlineage.world.passages import Passages
from gptlineage.world.stories import People
from gptlineage.world.tracked import KIND, Bound, State, Step, genders, is_held_out, noun, nouns

THREADS = {"misses", "hid", "lent", "mourns", "waits"}  # marks that a story may not leave open
LENGTHS = {"en": (330, 900), "zh": (110, 290)}  # characters of a story before its evening
STAGES = ("later", "noon", "afternoon", "evening")


class Books:
    """Makes the stories and passages of books.toml."""

    def __init__(self, data: Mapping, people: People):
        self.data, self.people = data, people
        scenes = [(Step.of(raw), raw) for raw in data["scenes"]]
        self.openings = [step for step, raw in scenes if raw.get("kind") == "opening"]
        self.scenes = Wheel((step, raw.get("weight", 1)) for step, raw in scenes if raw.get("kind") != "opening")
        self.closers = [step for step in self.scenes.items if step.closes]
        self.nouns, self.gender = nouns(people), genders(people)
        passages = Passages(data, people)
        self.last_word, self.reading = passages.last_word, passages.reading
        self.reading_page, self.proofread = passages.reading_page, passages.proofreader.read
        self.contradictions = passages.proofreader.contradictions

    def page(self, rng: random.Random, language: str, split: str) -> str:
        """A story of two to five paragraphs."""
        while True:
            story = self._story(rng, language, split)
            if story is not None:
                return story

    def _story(self, rng: random.Random, language: str, split: str) -> str | None:
        """A story, or None when its cast leads to none of this split."""
        when, goal = self.data["when"], between(rng, *LENGTHS[language])
        cast, state = self._cast(rng, language)
        colours = {name: pick(rng, self.people.pools["colours"])[language] for name in cast["things"][1:]}
        colours |= {cast["things"][0]: ""}  # one thing of every story is without a colour
        roles = {"day": pick(rng, when["day"][language]), "job": pick(rng, self.people.jobs[language])}
        told: list[list[str]] = []
        first: dict[str, str] = {}
        used: list[Step] = []
        held_out, stage = False, 0
        for _ in range(60):
            size = sum(len(line) for lines in told for line in lines)
            open_thread = any(mark[1] in THREADS for mark in state.marks)
            if size >= goal and not open_thread:
                break
            closing = open_thread and (size >= goal or rng.random() < 0.5)
            step = pick(rng, self.openings) if not told else None
            step = step or (pick(rng, self.closers) if closing else self.scenes.spin(rng))
            if step in used or (size >= goal and not closing):
                continue
            bound = state.bind(step.needs, {kind: shuffled(rng, all_) for kind, all_ in cast.items()}, {})
            if bound is None:
                continue
            after = State(dict(state.spot), set(state.marks))
            signatures = after.apply(step.does, bound)
            if any(map(is_held_out, signatures)):
                if split == "train":
                    continue
                held_out = True
            state, now, prefix = after, min(3, size * 4 // goal), ""
            if told and rng.random() < (0.9 if now > stage else 0.35):
                prefix = pick(rng, when[STAGES[now] if now > stage else "later"][language])
            roles |= self._roles(bound, language, colours)
            told.append(self._sentences(rng, step.lines[language], roles, language, prefix))
            first = first or dict(roles)
            used.append(step)
            stage = now
        else:
            return None
        if split == "held-out" and not held_out:
            return None
        told.append(self._evening(rng, state, first, language, colours))
        return self._lay_out(rng, told, first, language)

    def _cast(self, rng: random.Random, language: str) -> tuple[dict[str, list[str]], State]:
        """Who and what may come in, and a state that knows what kind of things and places these are."""
        pools, state = self.people.pools, State()
        cast = {
            kind: [noun(item, language) for item in sample(rng, pools[kind], n)]
            for kind, n in (("things", 3), ("foods", 2), ("animals", 2))
        }
        cast["people"] = [name for name, _ in sample(rng, self.people.names[language], between(rng, 2, 3))]
        places = [pick(rng, pools["inside"]), *sample(rng, pools["outside"], 3)]
        cast["places"] = [noun(item, language) for item in places]
        for name in (*cast["things"], *cast["places"]):
            item = self.nouns[language][name]
            state.marks |= {(name, what, "") for what, who in self.data["properties"].items() if item["en"] in who}
            if "at" in item:
                state.marks.add((name, "inside" if item.get("inside") else "outside", ""))
        return cast, state

    def _roles(self, bound: Bound, language: str, colours: Mapping[str, str]) -> dict[str, str]:
        """Every form that a wording of a scene may ask for."""
        roles = {}
        for key, name in bound.items():
            roles[key] = name
            if KIND[key] == "people":
                roles[key + "he"], roles[key + "his"], roles[key + "him"] = self.gender[language][name]
                continue
            item = self.nouns[language][name]
            if KIND[key] == "places":
                roles[key] = item["en"] if language == "en" else name
                roles[f"at_{key}"] = at = item["at" if language == "en" else "at_zh"]
                roles[f"At_{key}"] = at[0].upper() + at[1:]
            elif language == "en":
                colour = colours.get(name)
                roles[f"c_{key}"] = f"{colour} {name}" if colour else name
                roles[f"a_{key}"] = f"a {colour} {name}" if colour else f"a {name}"
            else:
                colour = colours.get(name)
                roles[f"{key}_mw"] = item["mw"]
                roles[f"c_{key}"] = full = f"{colour}的{name}" if colour else name
                roles[f"a_{key}"] = f"一{item['mw']}{full}"
        return roles

    @staticmethod
    def _sentences(
        rng: random.Random, lines: Sequence[Sequence[str]], roles: Bound, language: str, prefix: str
    ) -> list[str]:
        told: list[str] = []
        for choices in lines:
            optional = "" in choices
            if optional and rng.random() < 0.45:
                continue
            line = pick(rng, choices)
            while not line:
                line = pick(rng, choices)
            if prefix and not told and line[0] not in '"“':
                line = f"{prefix} {line}" if language == "en" else prefix + line
            line = line.format_map(roles)
            told.append(sentence(line) if language == "en" else line)
        return told

    def _evening(
        self, rng: random.Random, state: State, roles: Bound, language: str, colours: Mapping[str, str]
    ) -> list[str]:
        """How the day ends: what became of one or two things, in the order of the state."""
        close, lines = self.data["close"], []
        ends = [(name, *spot) for name, spot in state.spot.items() if name in colours or spot[0] == "gone"]
        for name, relation, other in shuffled(rng, ends)[: between(rng, 1, 2)]:
            kind, bound = {
                "has": ("held", {"a": other, "t": name}),
                "at": ("lying", {"t": name, "p": other}),
                "gone": ("gone", {"f": name}),
            }[relation]
            choices = close[kind][language]
            lines.append(pick(rng, choices).format_map(self._roles(bound, language, colours)))
        first = pick(rng, close["home"][language]).format_map(roles)
        last = [pick(rng, close["feeling"][language]).format_map(roles)] if rng.random() < 0.7 else []
        lines = [first, *lines, *last]
        return [sentence(line) for line in lines] if language == "en" else lines

    def _lay_out(self, rng: random.Random, told: list[list[str]], roles: Bound, language: str) -> str:
        """Paragraphs of one to three scenes, perhaps with a title or the number of a chapter."""
        space = " " if language == "en" else ""
        count = min(between(rng, 2, 5), len(told))
        breaks = sorted(sample(rng, range(1, len(told)), count - 1))
        parts = [told[i:j] for i, j in zip([0, *breaks], [*breaks, len(told)], strict=True)]
        paragraphs = [space.join(line for lines in part for line in lines) for part in parts]
        titles, dice = self.data["titles"], rng.random()
        if dice < 0.25:
            paragraphs.insert(0, pick(rng, titles["chapter"][language]))
        if 0.2 < dice < 0.5:
            title = pick(rng, titles["story"][language]).format_map(roles)
            paragraphs.insert(0, title[0].upper() + title[1:])
        return "\n".join(paragraphs)
