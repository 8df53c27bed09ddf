"""The pages of the micro-world, one method per kind, and the mixtures of kinds that the generations read.

"books" is nearly all stories, like the books of GPT-1; "web" is every kind with much knowledge, like the WebText of
GPT-2; "crawl" mixes four sources by GPT-3's weights (table 2.2), most of it a noisy crawl with lists and repeats.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from gptlineage.world.books import Books
from gptlineage.world.chance import Wheel, below, between, pick, sample, shuffled, stream
from gptlineage.world.entailment import Entailment
from gptlineage.world.facts import LANGUAGES, Facts
from gptlineage.world.lists import Lists
from gptlineage.world.papers import Papers
from gptlineage.world.press import Press
from gptlineage.world.recipes import Recipes
from gptlineage.world.stories import Stories
from gptlineage.world.sums import Sums
from gptlineage.world.translation import Translation
from gptlineage.world.verses import Verses

SPLITS = ("train", "held-out")
BOOKS = {"book": 0.56, "story": 0.30, "encyclopedia": 0.06, "dialogue_page": 0.08}
WEB = {
    "story": 0.07, "book": 0.05, "reading": 0.06, "encyclopedia": 0.20, "qa": 0.15, "letter": 0.03, "notice": 0.02,
    "recipe": 0.02, "review": 0.06, "news": 0.04, "entailment": 0.05, "dialogue_page": 0.04, "translation": 0.06,
    "sum": 0.10, "list": 0.03, "verse": 0.02,
}  # fmt: skip
COMMON_CRAWL = {
    "story": 0.03, "book": 0.01, "reading": 0.04, "encyclopedia": 0.14, "qa": 0.14, "letter": 0.01, "notice": 0.01,
    "recipe": 0.01, "review": 0.05, "news": 0.02, "entailment": 0.03, "dialogue_page": 0.02, "translation": 0.07,
    "sum": 0.11, "list": 0.25, "verse": 0.06,
}  # fmt: skip
# Each mixture is a weighing of sources; GPT-3's weights add up to 1.01 in the paper as well.
SOURCES: dict[str, dict[str, float]] = {
    "books": BOOKS, "web": WEB, "common crawl": COMMON_CRAWL, "wikipedia": {"encyclopedia": 1.0},
}  # fmt: skip
MIXTURES: dict[str, dict[str, float]] = {
    "books": {"books": 1.0},
    "web": {"web": 1.0},
    "crawl": {"common crawl": 0.60, "web": 0.22, "books": 0.16, "wikipedia": 0.03},
}
PAGE_KINDS = tuple(COMMON_CRAWL)
CHINESE = 0.33  # share of the pages; Chinese says the same in fewer characters but about as many tokens
REPEATED, NOISY = 0.02, 0.03  # shares of the crawl


@dataclass(frozen=True)
class Document:
    """A page; `language` is "en", "zh" or "both"."""

    text: str
    kind: str
    language: str


class Pages:
    """Makes pages of every kind; each method takes (rng, language, split) and returns the text."""

    def __init__(
        self,
        data: Mapping,
        facts: Facts,
        stories: Stories,
        sums: Sums,
        translation: Translation,
        lists: Lists,
        books: Books,
        papers: Papers,
        recipes: Recipes,
        press: Press,
        entailment: Entailment,
        verses: Verses,
    ):
        self.data, self.facts, self.people, self.stories = data, facts, stories.people, stories
        self.makers: dict[str, Callable[[random.Random, str, str], str]] = {
            "story": self.story, "book": books.page, "reading": books.reading_page, "encyclopedia": self.encyclopedia,
            "qa": self.qa, "letter": papers.letter, "notice": papers.notice, "recipe": recipes.page,
            "review": press.review, "news": press.news, "entailment": entailment.page,
            "dialogue_page": self.dialogue_page, "sum": sums.page, "list": lists.page,
            "verse": verses.page,
            "translation": lambda rng, language, split: translation.page(rng, split),
        }  # fmt: skip
        self.kinds = {source: Wheel(kinds.items()) for source, kinds in SOURCES.items()}
        self.sources = {mixture: Wheel(sources.items()) for mixture, sources in MIXTURES.items()}

    def documents(self, mixture: str, seed: int, split: str) -> Iterator[Document]:
        """Endless pages of the mixture."""
        rng = stream(seed, "documents", mixture, split)
        recent: list[Document] = []
        while True:
            source = self.sources[mixture].spin(rng)
            noisy = source == "common crawl"
            if noisy and recent and rng.random() < REPEATED:
                yield pick(rng, recent)
                continue
            page = self.make(rng, self.kinds[source].spin(rng), LANGUAGES[rng.random() < CHINESE], split)
            if noisy:
                if rng.random() < NOISY:
                    page = replace(page, text=self.noise(rng, page))
                recent = [*recent[-49:], page]
            yield page

    def of_kind(self, kind: str, seed: int, split: str, language: str | None) -> Iterator[Document]:
        """Endless pages of one kind, without noise."""
        rng = stream(seed, "pages", kind, split, language or "")
        while True:
            yield self.make(rng, kind, language or LANGUAGES[rng.random() < CHINESE], split)

    def make(self, rng: random.Random, kind: str, language: str, split: str) -> Document:
        return Document(self.makers[kind](rng, language, split), kind, "both" if kind == "translation" else language)

    def noise(self, rng: random.Random, page: Document) -> str:
        """A page as a careless crawl finds it: cut off at either end, without capitals, or amid a site's own words."""
        kind = below(rng, 4)
        if kind == 0:
            return page.text.lower()
        if kind == 3:
            lines = self.data["noise"]["zh" if page.language == "zh" else "en"]
            return f"{pick(rng, lines)}\n{page.text}\n{pick(rng, lines)}"
        text = page.text
        cut = below(rng, max(1, len(text) // 2))
        cut = cut if kind == 2 else len(text) - cut
        while cut < len(text) and (text[cut].isdigit() or text[cut - 1].isdigit()):  # half a number: a wrong sum
            cut += 1
        return text[:cut] if kind == 1 else text[cut:]

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
        if split == "train" and entity.article[language] and rng.random() < 0.3:  # told word for word
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


def _fill(turn: str, roles: Mapping[str, str]) -> str:
    """Fill the frames of our own; sentences about facts have no braces and pass."""
    return turn.format_map(roles) if "{" in turn else turn


def _inner(text: str) -> str:
    """Quotation marks inside a Chinese quotation."""
    return text.replace("“", "‘").replace("”", "’")
