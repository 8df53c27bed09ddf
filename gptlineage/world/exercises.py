"""Turns whose answer lies in the text that the user gives: scrambled words, passages, reviews, rewriting.

Everything is put together from asks.toml and the cast, and the state of a passage is known when it is told.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from gptlineage.world.chance import between, held_out_text, pick, sample
from gptlineage.world.facts import sentence
from gptlineage.world.judge import Check
from gptlineage.world.lists import MARKS, new_item
from gptlineage.world.reading import PUNCTUATION, value_keys
from gptlineage.world.stories import People
from gptlineage.world.translation import Translation
from gptlineage.world.wording import Turn, Wording

LANGUAGE_INDEX = {"en": 0, "zh": 1}
ENGLISH_ONLY = ("upper", "words")  # ways to rewrite that Chinese does not have


class Exercises:
    """Makes one turn at a time; every method gives a turn of the language and the split."""

    def __init__(self, data: Mapping, wording: Wording, people: People, translation: Translation):
        self.data, self.wording, self.people, self.translation = data, wording, people, translation
        self.words: dict[str, tuple[str, ...]] = {
            "en": tuple(en for en, _ in translation.words if en.isalpha() and en.islower() and len(en) > 3),
            "zh": tuple(zh for _, zh in translation.words if 2 <= len(zh) <= 3 and not zh.isascii()),
        }
        self.nouns = {
            language: tuple(item[language] for pool in ("animals", "things", "foods") for item in people.pools[pool])
            for language in LANGUAGE_INDEX
        }
        self.known = {language: frozenset(words) for language, words in self.words.items()}
        self.places = {
            language: tuple(key for place in people.pools["places"] for key in _place_keys(place, language))
            for language in LANGUAGE_INDEX
        }
        self.colours = {language: tuple(c[language] for c in people.pools["colours"]) for language in LANGUAGE_INDEX}
        self.rewriters: dict[str, Callable[[random.Random, str, str], tuple[str, str]]] = {
            "upper": self._upper, "repeat": self._repeat, "backwards": self._backwards,
            "letters": self._letters, "words": self._words,
        }  # fmt: skip
        self.ways = {
            "en": tuple(self.rewriters),
            "zh": tuple(way for way in self.rewriters if way not in ENGLISH_ONLY),
        }

    # ------------------------------------------------------------ scrambled words

    def scramble(self, rng: random.Random, language: str, split: str) -> Turn:
        """A word to restore, in the forms of GPT-3's word tasks; new items are those that no list page shows."""
        kind = pick(rng, ("cycled", "reversed", "inserted"))
        while True:
            word = pick(rng, self.words[language])
            shown = _scrambled(rng, kind, word)
            hard = shown not in self.known[language] and (kind != "cycled" or len(word) > 2)
            if hard and new_item((shown, word)) == (split == "held-out"):
                break
        user = self.wording.ask(rng, self.data["scramble"][kind], language, split).replace("{x}", shown)
        reply = pick(rng, self.data["scramble"][kind]["reply"][language]).replace("{y}", word)
        alike = [other for other in self.words[language] if len(other) == len(word) and other not in ("word", "letter")]
        rivals = tuple(other for other in alike if other != word)[:12]
        return Turn(user, reply, Check("sentence", language, ((word,),), rivals, (shown,)), keep=(shown,))

    # ------------------------------------------------------------ passages

    def passage(self, rng: random.Random, language: str, split: str) -> Turn:
        """Two to four sentences, and who has it, where it is or which colour it has at the end."""
        while True:
            slots, names, places = self._cast(rng, language)
            signature = f"{slots['thing']}/{slots['p1']}/{slots['a']}"
            if held_out_text(signature) == (split == "held-out"):
                break
        plot = pick(rng, self.data["passage"]["plots"])
        told = [pick(rng, choices) for choices in plot[language]]
        lines = [line.format_map(slots) for line in told if line]
        text = " ".join(sentence(line) for line in lines) if language == "en" else "".join(lines)
        what, about, answer = pick(rng, plot["ask"])
        x = slots.get(f"{about}_x", slots[about])
        if what == "where":
            y, key, rivals = slots[f"at{answer}"], _place_keys(places[int(answer) - 1], language), self.places[language]
        elif what == "who":
            y, key, rivals = slots[answer], (slots[answer],), names
        else:
            y, rivals = slots[answer], self.colours[language]
            key = value_keys(y, language)[0]
        question = self.wording.ask(rng, self.data["passage"][what], language, split).replace("{x}", x)
        reply = pick(rng, self.data["passage"][what]["reply"][language]).replace("{x}", x).replace("{y}", y)
        if language == "en":
            question, reply = sentence(question), sentence(reply)
        frame = self.wording.ask(rng, self.data["passage"], language, split)
        user = frame.replace("{p}", text).replace("{q}", question)
        allowed = (x, *(() if what == "who" else names))
        check = Check("sentence", language, (key,), tuple(r for r in rivals if r not in key), allowed)
        return Turn(user, reply, check, keep=(text, x))

    def _cast(self, rng: random.Random, language: str) -> tuple[dict[str, str], tuple[str, ...], Sequence[Mapping]]:
        people, zh = self.people, language == "zh"
        names = tuple(name for name, _ in sample(rng, people.names[language], 3))
        places = sample(rng, people.pools["places"], 2)
        thing = pick(rng, people.pools["things"])
        colours = [item[language] for item in sample(rng, people.pools["colours"], 2)]
        slots = dict(zip("abc", names, strict=True)) | {"thing": thing[language], "c1": colours[0], "c2": colours[1]}
        for i, place in enumerate(places, 1):
            slots |= {f"p{i}": place[language], f"at{i}": place["at_zh" if zh else "at"]}
        if zh:
            slots |= {"mw": thing["mw"], "a_thing": f"一{thing['mw']}{thing['zh']}"}
            slots |= {f"{who}_thing_of": f"{slots[who]}的{thing['zh']}" for who in "ab"}
            slots |= {f"{colour}_thing": f"{slots[colour]}的{thing['zh']}" for colour in ("c1", "c2")}
        else:
            slots["thing_x"] = f"the {thing['en']}"
            slots |= {f"{who}_thing_of": f"{slots[who]}'s {thing['en']}" for who in "ab"}
            slots |= {f"{colour}_thing": f"the {slots[colour]} {thing['en']}" for colour in ("c1", "c2")}
        return slots, names, places

    # ------------------------------------------------------------ reviews

    def sentiment(self, rng: random.Random, language: str, split: str) -> Turn:
        """A short review that is praise or blame throughout."""
        data, mood = self.data["sentiment"], pick(rng, ("good", "bad"))
        other = "bad" if mood == "good" else "good"
        while True:
            topic = pick(rng, data["topics"])[language]
            opinions = sorted(sample(rng, topic[mood], between(rng, 1, 2)), key=topic[mood].index)
            parts = [pick(rng, topic["open"]), *opinions]
            parts.append(pick(rng, data["close"][mood][language]))
            signature = "|".join(parts)
            if held_out_text(signature) == (split == "held-out"):
                break
        roles = self.people.cast(rng, language)
        roles |= {"mw": roles["thing_mw"]} if language == "zh" else {"a_food": f"a {roles['food']}"}
        review = (" " if language == "en" else "").join(part for part in parts if part).format_map(roles)
        review = sentence(review) if language == "en" else review
        user = self.wording.ask(rng, data, language, split).replace("{r}", review)
        keys = (tuple(data[f"keys_{mood}"][language]),)
        unhappy = tuple(data["unhappy"][language]) if mood == "bad" else ()  # these deny no blame
        check = Check("sentence", language, keys, tuple(data[f"keys_{other}"][language]), unhappy)
        return Turn(user, pick(rng, data[mood][language]), check, keep=(review,))

    # ------------------------------------------------------------ rewriting

    def rewrite(self, rng: random.Random, language: str, split: str) -> Turn:
        """Capitals, a copy, the opposite order, or a count of letters or words."""
        way = pick(rng, self.ways[language])
        while True:
            x, y = self.rewriters[way](rng, language, split)
            if way == "repeat" or held_out_text(f"{way}/{x}") == (split == "held-out"):
                break
        data = self.data["rewrite"][way]
        user = self.wording.ask(rng, data, language, split).replace("{x}", x)
        reply = pick(rng, data["reply"][language]).replace("{x}", x).replace("{y}", y)
        if way in ("letters", "words"):
            return Turn(user, reply, Check("number", language, ((y,),)), keep=(x,))
        return Turn(user, reply, Check("copy", language, ((y,),)), keep=(x,))

    def _upper(self, rng: random.Random, language: str, split: str) -> tuple[str, str]:
        x = pick(rng, self.words["en"])
        if rng.random() < 0.6:
            colour, noun = pick(rng, self.people.pools["colours"])["en"], pick(rng, self.nouns["en"])
            food, (name, _) = pick(rng, self.people.pools["foods"])["many"], pick(rng, self.people.names["en"])
            x = pick(rng, (f"the {colour} {noun}", f"my {noun}", f"{name} likes {food}", f"{food} for {name}"))
        return x, x.upper()

    def _repeat(self, rng: random.Random, language: str, split: str) -> tuple[str, str]:
        x = self.translation.sentence(rng, split)[LANGUAGE_INDEX[language]]
        if x[-1] not in ".?。？":
            x = x[0].upper() + x[1:] + ("." if language == "en" else "。")
        return x, x

    def _backwards(self, rng: random.Random, language: str, split: str) -> tuple[str, str]:
        if language == "zh":
            colour, x = pick(rng, self.people.pools["colours"])["zh"], pick(rng, self.nouns["zh"])
            x = f"{colour}的{x}" if rng.random() < 0.5 or len(x) == 1 else x
            return x, x[::-1]
        words = sample(rng, self.words["en"], between(rng, 3, 4))
        return " ".join(words), " ".join(reversed(words))

    def _letters(self, rng: random.Random, language: str, split: str) -> tuple[str, str]:
        x = pick(rng, self.words[language])
        if language == "zh" and rng.random() < 0.6:
            colour, x = pick(rng, self.people.pools["colours"])["zh"], pick(rng, self.nouns["zh"])
            x = colour + pick(rng, ("的", "的大")) + x
        return x, str(len(x))

    def _words(self, rng: random.Random, language: str, split: str) -> tuple[str, str]:
        x, _ = self._repeat(rng, "en", split)
        return x, str(len(PUNCTUATION.sub(" ", x.replace("'", "")).split()))


def _place_keys(place: Mapping, language: str) -> tuple[str, ...]:
    """The names of a place, without article or preposition."""
    if language == "en":
        return (place["en"].removeprefix("the "),)
    return tuple(dict.fromkeys((place["at_zh"], place["zh"])))


def _scrambled(rng: random.Random, kind: str, word: str) -> str:
    if kind == "reversed":
        return word[::-1]
    if kind == "cycled":
        cut = between(rng, 1, len(word) - 1)
        return word[cut:] + word[:cut]
    return "".join(letter + pick(rng, MARKS) for letter in word[:-1]) + word[-1]
