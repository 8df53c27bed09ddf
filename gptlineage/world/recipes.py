"""Recipes: every food of the listing is used in one step, and the minutes add up.

The words lie in recipes.toml. One dish in ten with its amounts is held out, and no training page has it.
"""

from __future__ import annotations

import random
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gptlineage.world.chance import below, held_out_text, pick
from gptlineage.world.stories import People
from gptlineage.world.sums import held_out_pair

SPACE, STEP = {"en": " ", "zh": ""}, {"en": "Step {i}: {x}", "zh": "第{i}步：{x}"}
NUMBERED, LISTED = ("{i}. {x}", "{i}) {x}", "- {x}", "{x}"), ("- {x}", "* {x}", "{x}")


@dataclass(frozen=True)
class Recipe:
    """A recipe as a page, with what it is made of: the listing, the foods by name, the steps and their minutes."""

    text: str
    listing: tuple[str, ...]
    foods: tuple[str, ...]
    steps: tuple[str, ...]
    minutes: tuple[int, ...]


@dataclass(frozen=True)
class _Need:
    """One food of a dish: the word of the steps for it, the foods to choose from, and the amounts."""

    slot: str
    foods: tuple[str, ...]
    amounts: tuple[int, ...]
    optional: bool


@dataclass(frozen=True)
class _Dish:
    names: Sequence[str]
    needs: tuple[_Need, ...]
    minutes: Sequence[Sequence[str]]
    steps: tuple[tuple[frozenset[str], Sequence[str]], ...]  # the foods a step uses, and its wordings


def _braces(template: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


def _dish(raw: Mapping, foods: Mapping) -> _Dish:
    """Raises ValueError, naming the dish, when a food is unknown or is not used in exactly one step."""
    needs = []
    for spec in raw["needs"]:
        name, *amounts = spec.lstrip("?").split()
        slot, _, several = name.partition("=")
        needs.append(_Need(slot, tuple((several or slot).split("|")), tuple(map(int, amounts)), spec[0] == "?"))
    steps = []
    for wordings in raw["steps"]:
        used = {_braces(wording) for wording in wordings}
        if len(used) != 1:
            raise ValueError(f"{raw['names'][0]}: the wordings of a step use different things: {wordings}")
        steps.append((frozenset(name for name in used.pop() if not (name[0] == "t" and name[1:].isdigit())), wordings))
    slots = sorted(slot for used_slots, _ in steps for slot in used_slots)
    unknown = [food for need in needs for food in need.foods if food not in foods]
    if slots != sorted(need.slot for need in needs) or unknown:
        raise ValueError(f"{raw['names'][0]}: every food must be known and used in exactly one step ({unknown})")
    return _Dish(raw["names"], tuple(needs), raw["minutes"], tuple(steps))


class Recipes:
    """Writes recipes; `page` takes (rng, language, split) and returns the text."""

    def __init__(self, data: Mapping, people: People):
        """Raises ValueError when a dish does not use each of its foods in exactly one step."""
        self.data, self.people = data, people
        self.dishes = {
            language: [_dish(raw, data["foods"][language]) for raw in data["dishes"][language]]
            for language in ("en", "zh")
        }

    def page(self, rng: random.Random, language: str, split: str) -> str:
        """A recipe: what goes in, and the steps that use all of it."""
        return self.compose(rng, language, split).text

    def compose(self, rng: random.Random, language: str, split: str) -> Recipe:
        """The recipe with its parts, so that they can be checked."""
        while True:
            i = below(rng, len(self.dishes[language]))
            dish, factor = self.dishes[language][i], (1, 1, 2, 2, 3)[below(rng, 5)]
            roles: dict[str, str] = {}
            listing = []
            for need in dish.needs:
                if need.optional and rng.random() < 0.5:
                    continue
                food = pick(rng, need.foods)
                amount = pick(rng, need.amounts) * factor if need.amounts else 0
                roles[need.slot], listed = self._food(food, amount, language)
                listing.append(listed)
            if held_out_text(f"{language}/{i}/{'/'.join(listing)}") == (split == "held-out"):
                break
        foods, minutes, steps = tuple(roles.values()), [], []
        for nr, choices in enumerate(dish.minutes, 1):
            minutes.append(int(pick(rng, choices)))
            roles[f"t{nr}"] = str(minutes[-1])
        for used, wordings in dish.steps:
            if used <= roles.keys():
                steps.append(pick(rng, wordings).format_map(roles))
        name = pick(rng, self.people.names[language])[0]
        roles = {"dish": pick(rng, dish.names), "n": str(2 * factor), "name": name}
        text = self._laid_out(rng, language, split, roles, listing, steps, minutes)
        return Recipe(text, tuple(listing), foods, tuple(steps), tuple(minutes))

    def _food(self, food: str, amount: int, language: str) -> tuple[str, str]:
        """What the steps call the food, and its line in the listing."""
        entry = self.data["foods"][language][food]
        if language == "zh":
            return food, f"{food}{amount}{entry}" if amount else f"{food}{entry}"
        if len(entry) == 1:
            return entry[0], f"a little {entry[0]}"
        counted = entry[0] if amount == 1 else entry[1]
        return (entry[2] if len(entry) == 3 else counted), f"{amount} {counted}"

    def _laid_out(
        self,
        rng: random.Random,
        language: str,
        split: str,
        roles: Mapping[str, str],
        listing: Sequence[str],
        steps: Sequence[str],
        minutes: Sequence[int],
    ) -> str:
        words, space = self.data["words"][language], SPACE[language]

        def say(part: str, **more: str) -> str:
            return pick(rng, words[part]).format_map({**roles, **more})

        lines = [say("title")]
        if rng.random() < 0.3:
            lines.append(say("intros"))
        if rng.random() < 0.5:
            lines.append(say("serves"))
        prepare = pick(rng, (5, 10, 15))
        timed, header = rng.random() < 0.6 and bool(minutes), rng.random() < 0.4
        times = [prepare, *minutes] if header else list(minutes)
        if split == "train" and _adds_held_out(times):
            timed = False
        total = {"s": str(sum(times)), "p": str(prepare), "c": str(sum(minutes))}
        if timed and header:
            lines += [say(part, **total) for part in ("prepare", "cook", "total")]
        if rng.random() < 0.3:
            listed = _and(listing, language)
            lines.append(say("buy", list=listed))
        else:
            lines += [say("needs"), *marked(rng, listing, LISTED)]
        if rng.random() < 0.4:
            told = [_joined(say("first"), steps[0])]
            told += [_joined(say("next"), step) for step in steps[1:-1]]
            told.append(_joined(say("last"), steps[-1]))
            lines.append(space.join(told))
        else:
            lines += [say("how")] if rng.random() < 0.6 else []
            lines += marked(rng, steps, (*NUMBERED, STEP[language]))
        if timed and not header:
            unit = " minutes" if language == "en" else "分钟"
            plus = (" plus " if language == "en" else "加").join(f"{m}{unit}" for m in minutes)
            several = {"sum": " + ".join(map(str, minutes)), "plus": plus}
            lines.append(say("adds" if len(minutes) > 1 else "single", **total, **several))
        if rng.random() < 0.35:
            lines.append(say("tips"))
        return "\n".join(lines)


def marked(rng: random.Random, lines: Sequence[str], forms: Sequence[str]) -> list[str]:
    """The lines numbered, with bullets or bare, in one of the forms."""
    form = pick(rng, forms)
    return [form.format(i=i, x=line) for i, line in enumerate(lines, 1)]


def _and(items: Sequence[str], language: str) -> str:
    if language == "zh":
        return "、".join(items)
    return ", ".join(items[:-1]) + " and " + items[-1]


def _joined(lead: str, step: str) -> str:
    return lead + (step[0].lower() + step[1:] if lead else step)


def _adds_held_out(times: Sequence[int]) -> bool:
    """Whether adding the times up, from either end, adds two numbers that training pages must not add."""
    ways = (list(times), list(times)[::-1])
    return any(held_out_pair(sum(way[:i]), way[i]) for way in ways for i in range(1, len(way)))
