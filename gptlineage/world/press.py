"""Reviews that end in a verdict, and news of a small town with a summary.

More than half of the reviews deny, contrast or turn round what they say, so that counting good and bad words does not
find the verdict. A summary says only what its article says.
"""

from __future__ import annotations

import itertools
import random
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gptlineage.world.chance import Wheel, below, between, held_out_text, pick, sample
from gptlineage.world.facts import LANGUAGES, capital, sentence
from gptlineage.world.items import Item
from gptlineage.world.stories import People

SIDES = ("good", "bad")
IT = {"en": {"x": "it", "X": "It"}, "zh": {"x": "它", "X": "它"}}
SHAPES = Wheel([("plain", 0.42), ("denied", 0.12), ("twist", 0.36), ("side", 0.1)])


@dataclass(frozen=True)
class Opinion:
    """A review without its verdict; side 0 is good and 1 is bad."""

    text: str
    side: int
    roles: dict[str, str]
    key: str  # what the split goes by


@dataclass(frozen=True)
class Line:
    """A template with the roles that it names."""

    text: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Story:
    """What can be told of one event: its parts (lead, before, more, ...) and the days on which it may happen."""

    key: str
    days: Sequence[str]
    parts: Mapping[str, Sequence[Line]]


@dataclass(frozen=True)
class Report:
    """A news article with a headline and the summary."""

    text: str
    headline: str
    summary: str
    roles: Mapping[str, str]
    key: str  # what the split goes by


class Press:
    """Makes reviews and news from data/world/reviews.toml and news.toml."""

    def __init__(self, reviews: Mapping, news: Mapping, people: People):
        self.reviews, self.news_data, self.people = reviews, news, people
        self.kinds = {language: [kind[language] for kind in reviews["kinds"]] for language in LANGUAGES}
        self.frames = {
            language: {
                shape: [(frame, _points(frame)) for frame in texts[language]]
                for shape, texts in reviews["frames"].items()
            }
            for language in LANGUAGES
        }
        parts = ("lead", "before", "more", "quote", "end", "headline", "summary")
        self.stories = {
            language: [
                Story(
                    key=f"{story['name']}/{story['key']}",
                    days=news["words"]["day"][language][: 4 if story.get("weekday") else 7],
                    parts={part: _lines(story[language][part]) for part in parts},
                )
                for story in news["stories"]
            ]
            for language in LANGUAGES
        }

    # ------------------------------------------------------------ reviews

    def review(self, rng: random.Random, language: str, split: str) -> str:
        """A review with its verdict at the end or, at times, at the beginning; or a few short ones in one layout."""
        labels, count = self.reviews["labels"], between(rng, 2, 4) if rng.random() < 0.4 else 1
        asked = pick(rng, labels["train" if split == "train" else "held_out"][language])
        words, space = self.reviews["words"]["answers"][language], " " if language == "en" else ""
        verdicts = [asked + space + word for word in words]
        if rng.random() < 0.25:
            verdicts = pick(rng, labels["other"][language])
        first, headed = rng.random() < 0.12, count == 1 and rng.random() < 0.25
        line_break = "\n" if first or rng.random() < 0.7 else space
        pages = []
        for _ in range(count):
            opinion = self.opine(rng, language, split, long=count == 1)
            parts = [opinion.text, verdicts[opinion.side]]
            pages.append(line_break.join(parts[::-1] if first else parts))
        if headed:
            named = opinion.roles | {"x": opinion.roles["full"], "X": opinion.roles["Full"]}
            heading = pick(rng, self.reviews["sides"]["headings"][language]).format_map(named)
            pages[0] = (sentence(heading) if language == "en" else heading) + "\n" + pages[0]
        return "\n\n".join(pages)

    def review_item(self, rng: random.Random, language: str, split: str) -> Item:
        """A review without its verdict, the label that asks for it, and "good" or "bad" (好 or 不好)."""
        opinion = self.opine(rng, language, split, long=rng.random() < 0.7)
        question = pick(rng, self.reviews["labels"]["train" if split == "train" else "held_out"][language])
        answers = tuple(self.reviews["words"]["answers"][language])
        return Item(opinion.text, question, answers[opinion.side], answers, language)

    def opine(self, rng: random.Random, language: str, split: str, long: bool = True) -> Opinion:
        """A review of the split; a short one has only its core."""
        side, shape = below(rng, 2), SHAPES.spin(rng)
        frames = self.frames[language][{"denied": "plain", "side": SIDES[side]}.get(shape, shape)]
        frame, points = pick(rng, frames)
        while True:
            kind = pick(rng, self.kinds[language])
            x, aspects = pick(rng, kind["x"]), sample(rng, kind["aspects"], points)
            key = "/".join([x, SIDES[side], *sorted(aspect[0] for aspect in aspects)])
            if held_out_text(key) == (split == "held-out"):
                break
        roles = self._roles(rng, language, kind, x, side)
        for i, aspect in enumerate(aspects, start=1):
            self._remark(rng, language, roles, aspect, i, side, shape)

        data = self.reviews["sides"]
        lines = []
        # the thing must be named, or the same text could stand in both splits
        if not ("{x}" in frame or "{full}" in frame or "{Full}" in frame) or rng.random() < 0.5:
            opening = pick(rng, kind["intro"] if rng.random() < 0.7 else data["open"][language])
            lines.append(opening.format_map(roles))
            roles |= IT[language]
        lines.append(frame.format_map(roles))
        if long and rng.random() < 0.3:
            lines.insert(len(lines) - below(rng, 2), pick(rng, data["neutral"][language]).format_map(roles))
        if rng.random() < (0.4 if long else 0.2):
            lines.append(pick(rng, data[SIDES[side]][language]).format_map(roles))
        text = " ".join(sentence(line) for line in lines) if language == "en" else "".join(lines)
        return Opinion(text, side, roles, key)

    def _roles(self, rng: random.Random, language: str, kind: Mapping, x: str, side: int) -> dict[str, str]:
        name, gender = pick(rng, self.people.names[language])
        words, other = self.reviews["words"], pick(rng, kind["other"])
        when = pick(rng, words["when"][language])
        return {
            "x": x, "X": capital(x), "full": x, "Full": capital(x), "other": other, "Other": capital(other),
            "again": kind["again"], "name": name, "He": gender.capitalize(), "when": when, "When": capital(when),
            "w": pick(rng, words["weather"][language]), "wo": pick(rng, kind["whole"][1 - side]),
        }  # fmt: skip

    def _remark(
        self,
        rng: random.Random,
        language: str,
        roles: dict[str, str],
        aspect: Sequence,
        i: int,
        side: int,
        shape: str,
    ) -> None:
        """Add the remarks of the i-th aspect: s for the review's side, o for the other."""
        what, (good, bad), forms = aspect[0], aspect[-2:], self.reviews["forms"]
        verb = aspect[1] if language == "en" else ""
        mine, others = (good, bad) if side == 0 else (bad, good)
        a, w = pick(rng, mine), pick(rng, others)
        own = "own_" if shape in ("plain", "denied") and rng.random() < 0.3 else ""
        denied = shape == "denied" or (shape != "plain" and rng.random() < 0.35)
        form = pick(rng, forms[own + ("denied" if denied else "plain")][language])
        s = form.format(n=what, b=verb, a=w if denied else a)
        o = pick(rng, forms["plain"][language]).format(n=what, b=verb, a=w)
        roles |= {f"s{i}": s, f"S{i}": capital(s), f"o{i}": o, f"O{i}": capital(o)}
        roles |= {f"n{i}": what, f"b{i}": verb, f"B{i}": verb.capitalize(), f"w{i}": w}

    # ------------------------------------------------------------ news

    def news(self, rng: random.Random, language: str, split: str) -> str:
        """An article with a headline, a summary, or both."""
        report = self.report(rng, language, split)
        dice, text = rng.random(), report.text
        if dice < 0.55:
            label = pick(rng, self.news_data["labels"]["train" if split == "train" else "held_out"][language])
            space = " " if language == "en" else ""
            text += ("\n\n" if rng.random() < 0.4 else "\n") + label + space + report.summary
        if dice > 0.45:
            text = report.headline + "\n" + text
        if rng.random() < 0.15:
            text = pick(rng, self.news_data["labels"]["papers"][language]).format_map(report.roles) + "\n" + text
        return text

    def news_item(self, rng: random.Random, language: str, split: str) -> Item:
        """An article, the label of a summary, and the summary."""
        report = self.report(rng, language, split)
        question = pick(rng, self.news_data["labels"]["train" if split == "train" else "held_out"][language])
        return Item(report.text, question, report.summary, (), language)

    def report(self, rng: random.Random, language: str, split: str) -> Report:
        """An article of 3 to 7 sentences of the split."""
        story = pick(rng, self.stories[language])
        for attempt in itertools.count():
            if attempt % 12 == 0:  # a new cast is slow to draw, new words are not
                cast = self.people.cast(rng, language)
            roles = cast | self._news_words(rng, language, story.days)
            key = story.key.format_map(roles)
            if held_out_text(key) == (split == "held-out"):
                break
        lead = pick(rng, story.parts["lead"])
        told = [lead]
        if rng.random() < 0.35:
            told.insert(0, pick(rng, story.parts["before"]))
        # a number that the lead has said is not said again as news
        more = [line for line in story.parts["more"] if not any(number in lead.roles & line.roles for number in "nmk")]
        chosen = sample(rng, range(len(more)), between(rng, 2, 4))
        told += [more[i] for i in (sorted(chosen) if rng.random() < 0.75 else chosen)]
        if rng.random() < 0.5:
            told.insert(len(told) - below(rng, 2), pick(rng, story.parts["quote"]))
        if len(told) < 7 and rng.random() < 0.4:
            told.append(pick(rng, story.parts["end"]))
        known = frozenset().union(*(line.roles for line in told))
        for part in ("headline", "summary"):
            told.append(pick(rng, [line for line in story.parts[part] if line.roles <= known]))
        parts = [line.text.format_map(roles) for line in told]
        if language == "en":
            parts = [sentence(part) for part in parts]
        *lines, headline, short = parts
        return Report((" " if language == "en" else "").join(lines), headline, short, roles, key)

    def _news_words(self, rng: random.Random, language: str, days: Sequence[str]) -> dict[str, str]:
        words = self.news_data["words"]
        roles = dict(zip(("town", "town2"), sample(rng, words["town"][language], 2), strict=True))
        roles["day"] = pick(rng, days)
        for role in ("hour", "part", "new", "new_job", "pet", "race"):
            roles[role] = pick(rng, words[role][language])
        crop = below(rng, len(words["crop"][language]))
        roles |= {"crop": words["crop"][language][crop], "crop_mw": words["crop_mw"]["zh"][crop]}
        roles |= {"n": str(between(rng, 20, 95)), "m": str(between(rng, 3, 9)), "k": str(between(rng, 10, 19))}
        return roles


def _points(frame: str) -> int:
    """How many aspects a frame of a review speaks of."""
    return max(i for i in range(4) if i == 0 or f"{i}}}" in frame)


def _lines(texts: Sequence[str]) -> list[Line]:
    named = string.Formatter().parse
    return [Line(text, frozenset(field for _, field, _, _ in named(text) if field)) for text in texts]
