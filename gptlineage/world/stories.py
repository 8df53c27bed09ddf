"""Short stories from plots with a cast that stays the same from the first sentence to the last.

A plot lists its sentences as choices of wordings with roles in braces (data/world/stories.toml); people.toml
has the cast. A `day` has no plot: people carry things about, and its end follows from the tracked state.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gptlineage.world.chance import Wheel, between, held_out_text, pick, sample, shuffled
from gptlineage.world.facts import sentence

PRONOUNS = {
    "en": {"he": ("he", "his", "him"), "she": ("she", "her", "her")},
    "zh": {"he": ("他", "他的", "他"), "she": ("她", "她的", "她")},
}
POOLS = {  # role -> pool of people.toml
    "animal": "animals", "beast": "animals", "fast": "fast", "slow": "slow",
    "thing": "things", "other": "things", "food": "foods", "food2": "foods",
    "place": "places", "place2": "places", "place3": "places",
    "out": "outside", "inside": "inside", "soil": "soil",
}  # fmt: skip


class People:
    """The cast of data/world/people.toml."""

    def __init__(self, data: Mapping):
        self.data = data
        self.names = {
            language: [(name, gender) for gender in ("he", "she") for name in data[gender][language]]
            for language in ("en", "zh")
        }
        places, animals = data["places"], data["animals"]
        self.pools: dict[str, Sequence[Mapping]] = {
            **{name: pool for name, pool in data.items() if isinstance(pool, list)},
            "fast": [a for a in animals if a.get("fast")],
            "slow": [a for a in animals if a.get("slow")],
            "inside": [p for p in places if p.get("inside")],
            "soil": [p for p in places if p.get("soil")],
            "outside": [p for p in places if not p.get("inside")],
        }
        self.jobs: Mapping[str, Sequence[str]] = data["jobs"]

    def cast(self, rng: random.Random, language: str) -> dict[str, str]:
        """A value for every role that a template may name; no two roles are the same thing or place."""
        roles: dict[str, str] = {}
        names = sample(rng, self.names[language], 3)
        for role, prefix, (name, gender) in (("hero", "", names[0]), ("friend", "f", names[1])):
            he, his, him = PRONOUNS[language][gender]
            roles |= {role: name, f"{prefix}he": he, f"{prefix}his": his, f"{prefix}him": him}
        roles |= {"He": roles["he"].capitalize(), "His": roles["his"].capitalize()}
        roles["third"] = names[2][0]

        taken: list[str] = []
        for role, pool in POOLS.items():
            item = pick(rng, self.pools[pool])
            while item["en"] in taken:
                item = pick(rng, self.pools[pool])
            taken.append(item["en"])
            self._add(roles, role, item, language)

        hue, colour = (item[language] for item in sample(rng, self.pools["colours"], 2))
        roles |= {"colour": colour, "hue": hue, "skill": pick(rng, self.pools["skills"])[language]}
        roles["small"] = pick(rng, self.data["small"][language])
        roles["job"] = pick(rng, self.jobs[language])
        roles["one_day"] = pick(rng, self.data["one_day"][language])
        if language == "zh":
            roles["a_colour_thing"] = f"一{roles['thing_mw']}{colour}的{roles['thing']}"
            roles["a_hue_other"] = f"一{roles['other_mw']}{hue}的{roles['other']}"
            roles["a_small_animal"] = f"一{roles['animal_mw']}{roles['small']}{roles['animal']}"
        return roles

    @staticmethod
    def _add(roles: dict[str, str], role: str, item: Mapping, language: str) -> None:
        name = roles[role] = item[language]
        if "at" in item:  # "place2" gives at2, "out" gives out_at
            at = role.replace("place", "at") if role.startswith("place") else f"{role}_at"
            roles[at] = item["at" if language == "en" else "at_zh"]
            roles[at[0].upper() + at[1:]] = roles[at][0].upper() + roles[at][1:]
            return
        if language == "zh":
            roles[f"{role}_mw"] = item["mw"]
            roles[f"a_{role}"] = f"一{item['mw']}{name}"
        else:
            roles[{"food": "foods", "food2": "foods2"}.get(role, f"{role}s")] = item["many"]


@dataclass(frozen=True)
class Story:
    """A told story: its sentences and what a title would say it is about."""

    sentences: tuple[str, ...]
    about: str
    language: str

    @property
    def text(self) -> str:
        return (" " if self.language == "en" else "").join(self.sentences)


class Stories:
    """Tells stories; `numbers` draws two operands of the split, so that stories show no held-out sum."""

    def __init__(self, data: Mapping, people: People, numbers: Callable[[random.Random, str], tuple[int, int]]):
        self.data, self.people, self.numbers = data, people, numbers
        self.kinds = Wheel([(plot, 1.0) for plot in data["plots"]] + [(None, 3.0)])

    def tell(self, rng: random.Random, language: str, split: str) -> Story:
        """A story of 4 to 12 sentences for a page."""
        plot = self.kinds.spin(rng)
        return self.day(rng, language, split) if plot is None else self._fill(rng, plot, language, split, keep=0.6)

    def short(self, rng: random.Random, language: str, split: str, count: int | None = None) -> Story:
        """A story of 2 to 5 sentences for a conversation; exactly `count` (2 or 3) of them if given."""
        if count is None and rng.random() < 0.4:
            return self._fill(rng, pick(rng, self.data["plots"]), language, split, keep=0.0)
        two = (count or between(rng, 2, 3)) == 2
        return self._fill(rng, pick(rng, self.data["minis"]), language, split, keep=0.0, skip_middle=two)

    def _fill(
        self,
        rng: random.Random,
        plot: Mapping,
        language: str,
        split: str,
        keep: float,
        skip_middle: bool = False,
    ) -> Story:
        """The plot with one cast; optional lines are kept with probability `keep`."""
        roles = self.people.cast(rng, language)
        n, m = self.numbers(rng, split)
        while m < 2 or n - m < 2:  # "1 coins" is no English
            n, m = self.numbers(rng, split)
        roles |= {"n": str(n), "m": str(m), "k": str(n - m)}
        lines = plot[language]
        told = []
        for i, choices in enumerate(lines):
            if skip_middle and i == 1:
                continue
            if choices[0]:
                line = pick(rng, choices)
            elif rng.random() < keep:
                line = pick(rng, choices[1:])
            else:
                continue
            line = line.format_map(roles)
            told.append(sentence(line) if language == "en" else line)
        role = pick(rng, plot["about"])
        return Story(tuple(told), roles[role], language)

    def title(self, rng: random.Random, story: Story) -> str:
        template = pick(rng, self.data["titles"][story.language])
        about, count = story.about, len(story.sentences)
        if story.language == "en" and not about[0].isupper():
            about = "a " + about
        told = template.format(x=about, X=about[0].upper() + about[1:], count=count)
        return sentence(told) if story.language == "en" else told

    def day(self, rng: random.Random, language: str, split: str) -> Story:
        """A day with tracked state: who is where, who holds what, what lies where.

        What training passages may not say (see `tracked.is_held_out`), a training story does not say either.
        """
        people, events = self.people, self.data["events"]
        roles = people.cast(rng, language)
        who = [roles["hero"], roles["friend"], roles["third"]]
        places = sample(rng, people.pools["places"], 4)
        things = [item[language] for item in sample(rng, people.pools["things"], 2)]
        at_key = "at" if language == "en" else "at_zh"
        where: dict[str, Mapping | None] = dict.fromkeys(who)
        holder: dict[str, str] = {}
        lying: dict[str, Mapping] = {}
        told = [pick(rng, events["start"][language]).format_map(roles)]
        happened: list[tuple[str, str, str]] = []  # who, with what, where

        def bare(place: Mapping | None) -> str:
            return place[language].removeprefix("the ") if place else ""

        def say(event: str, **slots: str) -> None:
            choices = events[event][language]
            choices = choices[:2] if len(told) == 1 else choices  # the last one begins with "Then"
            told.append(pick(rng, choices).format(**slots))

        for _ in range(between(rng, 4, 9)):
            a = pick(rng, who)
            place = where[a]
            mine = [thing for thing in things if holder.get(thing) == a]
            here = [thing for thing in things if place is not None and lying.get(thing) is place]
            fresh = [thing for thing in things if thing not in holder and thing not in lying]
            others = [b for b in who if b != a and where[b] is place]
            dice = rng.random()
            if (here or fresh) and dice < 0.45 and place is not None:
                thing = pick(rng, here or fresh)
                lying.pop(thing, None)
                holder[thing] = a
                say("take", a=a, thing=thing)
                happened.append((a, thing, bare(place)))
            elif mine and others and dice < 0.7:
                thing, b = pick(rng, mine), pick(rng, others)
                holder[thing] = b
                say("give", a=a, b=b, thing=thing)
                happened.append((b, thing, bare(where[b])))
            elif mine and place is not None and dice < 0.85:
                thing = pick(rng, mine)
                del holder[thing]
                lying[thing] = place
                say("put", a=a, thing=thing, at=place[at_key])
                happened.append((a, thing, bare(place)))
            else:
                there = where[a] = pick(rng, [other for other in places if other is not place])
                say("go", a=a, place=there[language])
                happened.append((a, "", bare(there)))
        known = shuffled(rng, [*holder, *lying])
        if not known or (split == "train" and any(held_out_text("/".join(event)) for event in happened)):
            return self.day(rng, language, split)
        thing = known[0]
        if thing in holder:
            say("end_held", thing=thing, a=holder[thing])
        else:
            say("end_lying", thing=thing, at=lying[thing][at_key])
        return Story(tuple(told), thing, language)
