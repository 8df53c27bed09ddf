"""Songs with a refrain and rows of words that are said twice: pages on which something comes back word for word.

What came before tells what comes next there, whatever the words mean; a reader who learns to look back for it has
learnt half of what examples in a prompt ask for.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from gptlineage.world.chance import between, pick, sample
from gptlineage.world.facts import capital, sentence
from gptlineage.world.stories import People
from gptlineage.world.translation import Translation


class Verses:
    """Makes the pages of verses.toml."""

    def __init__(self, data: Mapping, people: People, translation: Translation):
        self.data, self.people = data, people
        self.words = {"en": [en for en, _ in translation.words], "zh": [zh for _, zh in translation.words]}

    def page(self, rng: random.Random, language: str, split: str) -> str:
        """A song or a page of rows; nothing in it can be held out."""
        return self.song(rng, language) if rng.random() < 0.4 else self.rows(rng, language)

    def song(self, rng: random.Random, language: str) -> str:
        """Two to four verses, each followed by the same refrain."""
        songs, roles = self.data["songs"], self.people.cast(rng, language)
        refrain = pick(rng, songs["marks"][language]) + _lines(pick(rng, songs["refrains"][language]), roles)
        verses = sample(rng, songs["verses"][language], between(rng, 2, 4))
        parts = [part for verse in verses for part in (_lines(verse, roles), refrain)]
        text = ("\n\n" if rng.random() < 0.5 else "\n").join(parts)
        if rng.random() < 0.4:
            text = capital(pick(rng, songs["titles"][language]).format_map(roles)) + "\n" + text
        return text

    def rows(self, rng: random.Random, language: str) -> str:
        """Two to five rows of words in one layout, every row twice."""
        again = self.data["again"]
        frame, join = pick(rng, again["frames"][language]), pick(rng, again["joins"][language])
        (hero, _), (friend, _) = sample(rng, self.people.names[language], 2)
        rows = []
        for _ in range(between(rng, 2, 5)):
            row = join.join(sample(rng, self.words[language], between(rng, 3, 8)))
            rows.append(frame.format(w=row, hero=hero, friend=friend))
        if rng.random() < 0.2:
            rows.insert(0, pick(rng, again["titles"][language]))
        return "\n".join(rows)


def _lines(lines: list[str], roles: Mapping[str, str]) -> str:
    return "\n".join(sentence(line.format_map(roles)) for line in lines)
