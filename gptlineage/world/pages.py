"""The pages of the micro-world, one method per kind, and the mixtures of kinds that the generations read.

"books" is nearly all stories, like the books of GPT-1; "web" is every kind with much knowledge, like the
WebText of GPT-2; "crawl" adds lists, exercises, repeats and noise, like the filtered crawl of GPT-3.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gptlineage.world.chance import Wheel, below, between, pick, sample, shuffled, stream
from gptlineage.world.facts import LANGUAGES, Facts
from gptlineage.world.lists import Lists
from gptlineage.world.stories import Stories
from gptlineage.world.sums import Sums
from gptlineage.world.translation import Translation

SPLITS = ("train", "held-out")
MIXTURES: dict[str, dict[str, float]] = {
    "books": {"story": 0.84, "encyclopedia": 0.07, "dialogue_page": 0.09},
    "web": {
        "story": 0.23, "encyclopedia": 0.25, "qa": 0.14, "sum": 0.10, "translation": 0.06,
        "list": 0.10, "dialogue_page": 0.08, "opinion": 0.04,
    },
    "crawl": {
        "story": 0.12, "encyclopedia": 0.23, "qa": 0.15, "sum": 0.16, "translation": 0.08,
        "list": 0.17, "dialogue_page": 0.06, "opinion": 0.03,
    },
}  # fmt: skip
CHINESE = 0.37  # share of the pages; Chinese says the same in fewer characters but about as many tokens
REPEATED, NOISY = 0.02, 0.02  # shares of the crawl


@dataclass(frozen=True)
class Document:
    """A page; `language` is "en", "zh" or "both"."""

    text: str
    kind: str
    language: str


class Pages:
    """Makes pages of every kind; each method takes (rng, language, split) and returns the text."""

    def __init__(self, data: Mapping, facts: Facts, stories: Stories, sums: Sums, translation: Translation):
        self.data, self.facts, self.people, self.stories = data, facts, stories.people, stories
        self.translation, self.lists = translation, Lists(data["lists"], facts, translation)
        self.makers = {
            "story": self.story, "encyclopedia": self.encyclopedia, "qa": self.qa, "sum": sums.page,
            "list": lambda rng, language, split: self.lists.page(rng, language),
            "dialogue_page": self.dialogue_page, "opinion": self.opinion,
        }  # fmt: skip

    def documents(self, mixture: str, seed: int, split: str) -> Iterator[Document]:
        """Endless pages of the mixture."""
        rng = stream(seed, "documents", mixture, split)
        kinds = Wheel(MIXTURES[mixture].items())
        recent: list[Document] = []
        while True:
            if mixture == "crawl" and recent and rng.random() < REPEATED:
                yield pick(rng, recent)
                continue
            kind = kinds.spin(rng)
            language = LANGUAGES[rng.random() < CHINESE]
            if kind == "translation":
                page = Document(self.translation.page(rng, split), kind, "both")
            else:
                page = Document(self.makers[kind](rng, language, split), kind, language)
            if mixture == "crawl":
                if rng.random() < NOISY:
                    page = Document(_noise(rng, page.text), kind, page.language)
                recent = [*recent[-49:], page]
            yield page

    def story(self, rng: random.Random, language: str, split: str) -> str:
        short = rng.random() < 0.25  # as short as in conversations, so that these find the form known
        told = (self.stories.short if short else self.stories.tell)(rng, language, split)
        if rng.random() < 0.5:
            return f"{self.stories.title(rng, told)}\n{told.text}"
        return told.text

    def encyclopedia(self, rng: random.Random, language: str, split: str) -> str:
        """An entry about one entity, or single statements about several."""
        entity = self.facts.told.spin(rng)
        if rng.random() < 0.2 or len(self.facts.of_entity[entity]) < 2:
            facts = [pick(rng, self.facts.of_entity[entity])]
            for _ in range(between(rng, 3, 7)):
                facts.append(pick(rng, self.facts.of_entity[self.facts.told.spin(rng)]))
            return "\n".join(fact.state(rng, language) for fact in facts)
        if entity.article[language] and rng.random() < 0.3:
            return pick(rng, entity.article[language])
        facts = shuffled(rng, self.facts.of_entity[entity])[: between(rng, 2, 6)]
        text = (" " if language == "en" else "").join(fact.state(rng, language) for fact in facts)
        if rng.random() < 0.5:
            name = entity.name[language]
            text = f"{name[0].upper()}{name[1:]}\n{text}"
        return text

    def qa(self, rng: random.Random, language: str, split: str) -> str:
        """Two to six questions about facts, with full or short answers."""
        data = self.data["qa"]
        ask, answer = pick(rng, data["labels"][language])
        about = self.facts.told.spin(rng) if rng.random() < 0.3 else None
        if about and not any(fact.relation.ask for fact in self.facts.of_entity[about]):
            about = None
        if about:
            facts = [fact for fact in self.facts.of_entity[about] if fact.relation.ask]
            facts = sample(rng, facts, between(rng, 2, 5))
        else:
            facts = [self.facts.asked.spin(rng) for _ in range(between(rng, 2, 6))]
        pairs, brief = [], rng.random() < 0.35
        for fact in facts:
            short = fact.relation.short and (brief or rng.random() < 0.1)
            reply = fact.short(language) if short else fact.answer(rng, language)
            pairs.append(f"{ask}{fact.ask(rng, language, split)}\n{answer}{reply}")
        text = ("\n\n" if rng.random() < 0.3 else "\n").join(pairs)
        if rng.random() < 0.15:
            text = pick(rng, data["titles"][language]) + "\n" + text
        return text

    def dialogue_page(self, rng: random.Random, language: str, split: str) -> str:
        """Two people talk, as a transcript with names or as in a book."""
        data = self.data["transcript"]
        roles = self.people.cast(rng, language)
        if language == "zh" and rng.random() < 0.3:
            roles["third"] = "老师"
        roles |= {"a": roles["hero"], "b": roles["friend"], "c": roles["third"]}
        roles |= {"hour": pick(rng, data["hours"][language]), "next": pick(rng, data["next"][language])}
        colon = ": " if language == "en" else "："
        if rng.random() < 0.3:
            return self._in_book(rng, language, split, roles)
        turns: list[str] = []
        if rng.random() < 0.6:
            turns += pick(rng, data["openings"][language])
        if rng.random() < 0.25:
            turns += pick(rng, data["plans"][language])
        else:
            for _ in range(between(rng, 2, 4)):
                fact = self.facts.asked.spin(rng)
                turns += [fact.ask(rng, language, split), fact.answer(rng, language)]
        if rng.random() < 0.5:
            turns += pick(rng, data["closings"][language])
        names = (roles["a"], roles["b"])
        return "\n".join(names[i % 2] + colon + _fill(turn, roles) for i, turn in enumerate(turns))

    def _in_book(self, rng: random.Random, language: str, split: str, roles: dict[str, str]) -> str:
        data, said = self.data["transcript"], []
        for _ in range(between(rng, 2, 3)):
            fact = self.facts.asked.spin(rng)
            q, r = fact.ask(rng, language, split), fact.answer(rng, language)
            q, r = (q.replace('"', "'"), r.replace('"', "'")) if language == "en" else (_inner(q), _inner(r))
            asked = pick(rng, data["in_book"][language]).format(q=q, **roles)
            reply = pick(rng, data["said"][language]).format(r=r, **roles).replace('." said', '," said')
            said.append(asked + ("\n" if rng.random() < 0.5 else " " * (language == "en")) + reply)
        return "\n".join(said)

    def opinion(self, rng: random.Random, language: str, split: str) -> str:
        """A review whose last word is the judgement that most of its remarks share."""
        data = self.data["opinion"]
        x, side = pick(rng, data["things"][language]), below(rng, 2)
        remarks = sample(rng, data[("good", "bad")[side]][language], between(rng, 2, 4))
        if rng.random() < 0.3:
            remarks.append(pick(rng, data[("bad", "good")[side]][language]))
        if rng.random() < 0.6:
            slots = {"w": "weather", "when": "when"}
            filled = {slot: pick(rng, data[pool][language]) for slot, pool in slots.items()}
            name = pick(rng, self.people.names[language])[0]
            remarks.append(pick(rng, data["but"][language]).format(name=name, **filled))
        space = " " if language == "en" else ""
        text = space.join(shuffled(rng, remarks)).format(x=x, X=x[0].upper() + x[1:])
        rating = pick(rng, data["rating"][language]).format(r=data["words"][language][side])
        return text + ("\n" if rng.random() < 0.5 else space) + rating


def _fill(turn: str, roles: Mapping[str, str]) -> str:
    """Fill the frames of our own; sentences about facts have no braces and pass."""
    return turn.format_map(roles) if "{" in turn else turn


def _inner(text: str) -> str:
    """Quotation marks inside a Chinese quotation."""
    return text.replace("“", "‘").replace("”", "’")


def _noise(rng: random.Random, text: str) -> str:
    """A page as a careless crawl finds it: cut off at either end, or without capitals."""
    kind = below(rng, 3)
    if kind == 0:
        return text.lower()
    cut = below(rng, max(1, len(text) // 2))
    cut = cut if kind == 2 else len(text) - cut
    while cut < len(text) and (text[cut].isdigit() or text[cut - 1].isdigit()):  # half a number makes a wrong sum
        cut += 1
    return text[:cut] if kind == 1 else text[cut:]
