"""Single turns of conversation: what the user asks, what the assistant answers, and the check for it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from gptlineage.world.advice import Advice
from gptlineage.world.chance import Wheel, between, held_out_text, pick, shuffled
from gptlineage.world.exercises import Exercises
from gptlineage.world.facts import Entity, Fact, Facts, Relation, sentence
from gptlineage.world.judge import Check
from gptlineage.world.reading import value_keys
from gptlineage.world.small_talk import SmallTalk
from gptlineage.world.stories import Stories
from gptlineage.world.sums import Sums, held_out_pair
from gptlineage.world.translation import Translation
from gptlineage.world.wording import Turn, Wording

VARIED = ("sum", "fact", "fact_short", "list_three", "opposite", "unknown", "recommend")


class Turns:
    """Makes turns of every kind."""

    def __init__(
        self,
        data: Mapping,
        talk: Mapping,
        facts: Facts,
        stories: Stories,
        sums: Sums,
        translation: Translation,
    ):
        self.data, self.facts, self.stories, self.sums = data, facts, stories, sums
        self.translation, self.people = translation, stories.people
        self.wording = Wording(data, facts)
        self.small_talk = SmallTalk(data["memory"], talk, self.wording, self.people)
        self.exercises = Exercises(data, self.wording, self.people, translation)
        self.advice = Advice(data, self.wording, facts, self.fact_check, self.small_talk.intents["harmful"])
        self.names = {
            kind: {language: tuple(e.name[language] for e in members) for language in ("en", "zh")}
            for kind, members in facts.members.items()
        }
        asked = {"train": facts.asked_in_training, "held-out": facts.asked}
        self.asked: dict[tuple[str, str], Wheel[Fact]] = {}
        for split, wheel in asked.items():
            rows = [(f, f.entity.weight) for f in wheel.items]
            self.asked[split, "fact"] = wheel
            self.asked[split, "fact_short"] = Wheel((f, w) for f, w in rows if f.relation.short)
            opposites = [(f, w) for f, w in rows if f.relation.name == "opposite"]
            self.asked[split, "opposite"] = Wheel(opposites or rows)
        self.together: dict[tuple[str, Relation], list[Fact]] = {}
        for split, wheel in asked.items():
            for fact in wheel.items:
                self.together.setdefault((split, fact.relation), []).append(fact)
        self.rivals = {
            key: tuple(dict.fromkeys(w for v in values for g in ((v,), *value_keys(v, key[2])) for w in g))
            for key, values in facts.known.items()
        }
        self.sets = self._sets()

    def turn(self, rng: random.Random, kind: str, language: str, split: str, varied: bool = True) -> Turn:
        """One turn of the kind, now and then with a greeting and the like unless `varied` is False.

        Raises StopIteration for a kind that needs several turns.
        """
        if kind in ("fact", "opposite"):
            made = self.fact(rng, language, split, kind)
        elif kind == "follow_up":
            made = self.fact(rng, language, split, "fact")
        else:
            maker = next(m for m in (self, self.exercises, self.advice, self.small_talk) if hasattr(m, kind))
            made = getattr(maker, kind)(rng, language, split)
        if varied and kind in VARIED and rng.random() < 0.25:
            made = replace(made, user=self.wording.vary(rng, made.user, language))
        return made

    # ------------------------------------------------------------ facts

    def fact(self, rng: random.Random, language: str, split: str, kind: str = "fact") -> Turn:
        fact = self.asked[split, kind].spin(rng)
        return self.about(rng, fact, language, fact.ask(rng, language, split))

    def about(self, rng: random.Random, fact: Fact, language: str, question: str) -> Turn:
        """A question about a fact; a template that still has its braces is filled."""
        if "{" in question:
            question = fact.fill(question, language)
        reply = fact.answer(rng, language)
        check = self.fact_check(fact, language, reply)
        return Turn(question, reply, check, fact.entity.held_out, names_of(fact), fact)

    def fact_check(self, fact: Fact, language: str, reply: str, form: str = "sentence") -> Check:
        """What a right answer of the form names, and which other values of the relation contradict it."""
        entity, value = fact.entity, fact.value
        allowed = (entity.name[language], *entity.alias[language])
        if language == "en":
            allowed += (entity.plural,)
        others = tuple(name for name in self.names[entity.kind][language] if name.casefold() not in reply.casefold())
        if value.keys[language]:
            allowed += (value.text[language],)
            rivals = () if fact.relation.short else others
            return Check(form, language, value.keys[language], rivals, allowed, exact=False)
        rivals = self.rivals[entity.kind, fact.relation.name, language]
        keys = value_keys(value.text[language], language)
        own = {value.text[language], *(word for group in keys for word in group)}
        wrong = tuple(word for word in (*rivals, *others) if word not in own)  # of this subject, and of another one
        return Check(form, language, keys, wrong, allowed)

    def fact_short(self, rng: random.Random, language: str, split: str) -> Turn:
        fact = self.asked[split, "fact_short"].spin(rng)
        user = self._pick(rng, "short", language, split).replace("{q}", fact.ask(rng, language, split))
        return self.alone(fact, user, language)

    def alone(self, fact: Fact, user: str, language: str, form: str = "word") -> Turn:
        """The question answered with the value alone."""
        reply = fact.short(language)
        check = self.fact_check(fact, language, reply, form)
        return Turn(user, reply, check, fact.entity.held_out, names_of(fact), fact)

    def follow_up(self, rng: random.Random, language: str, split: str) -> list[Turn]:
        """A question, and then the same of another subject in a few words."""
        fact = self.asked[split, "fact"].spin(rng)
        others = [f for f in self.together[split, fact.relation] if f.entity is not fact.entity]
        first = self.about(rng, fact, language, fact.ask(rng, language, split))
        if not others:
            return [first]
        other = pick(rng, others)
        user = self._pick(rng, "follow_up", language, split).replace("{x}", _noun(other, language))
        user = sentence(user) if language == "en" else user
        reply = other.answer(rng, language)
        check = self.fact_check(other, language, reply)
        return [first, Turn(user, reply, check, other.entity.held_out, names_of(other), other)]

    def more(self, rng: random.Random, earlier: Turn, language: str, split: str) -> Turn | None:
        """Another question about the subject of an earlier turn, or None when nothing else is known of it."""
        if earlier.fact is None or earlier.fact.entity.kind in ("word", "idea"):
            return None
        entity = earlier.fact.entity
        others = [f for f in self.facts.of_entity[entity] if f.relation.ask and f is not earlier.fact]
        if not others:
            return None
        fact = pick(rng, others)
        turn = self.about(rng, fact, language, pick(rng, fact.relation.questions(language, split)))
        return self.wording.led(rng, "back", turn, language, split, _several(entity, language))

    def unknown(self, rng: random.Random, language: str, split: str) -> Turn:
        """A question that nobody here can answer: about an invented thing, or about the world outside."""
        keys = tuple(tuple(group) for group in self.data["unknown"]["keys"][language])
        check = Check("talk", language, keys, exact=False)
        if rng.random() < 0.3:
            reply = pick(rng, self.data["beyond"]["reply"][language])
            return Turn(self._pick(rng, "beyond", language, split), reply, check)
        relation = self.asked[split, "fact"].spin(rng).relation
        while relation.kind in ("word", "weekday", "month", "season", "idea"):
            relation = self.asked[split, "fact"].spin(rng).relation
        capital = self.facts.members[relation.kind][0].name["en"][0].isupper()
        name = self._invented(rng, language, split)
        name = name if capital else name.lower()
        user = pick(rng, relation.questions(language, split)).replace("{s}", name).replace("{p}", name + "s")
        user = sentence(user) if language == "en" else user
        reply = pick(rng, self.data["unknown"]["reply"][language]).replace(
            "{x}", name if capital or language == "zh" else f"a {name}"
        )
        reply = sentence(reply) if language == "en" else reply
        rivals = self.rivals.get((relation.kind, relation.name, language), ())
        check = replace(check, rivals=tuple(word for word in rivals if len(word) > 1), allowed=(name,))
        return Turn(user, reply, check, keep=(name,))

    def _invented(self, rng: random.Random, language: str, split: str) -> str:
        parts = self.people.data["made_up"][language]
        while True:
            name = pick(rng, parts["start"]) + pick(rng, parts["middle"]) + pick(rng, parts["end"])
            if held_out_text(name, 4) == (split == "held-out"):
                return name

    # ------------------------------------------------------------ skills

    def sum(self, rng: random.Random, language: str, split: str) -> Turn:
        user, reply, numbers = self.sums.question(rng, language, split)
        check = Check("number", language, ((numbers["c"],),), allowed=(numbers["a"], numbers["b"]))
        return Turn(user, reply, check)

    def sum_more(self, rng: random.Random, language: str, split: str) -> list[Turn]:
        """A sum, and then a little more of it."""
        first = self.sum(rng, language, split)
        c = int(first.check.keys[0][0])
        fitting = [d for d in shuffled(rng, range(2, 21)) if held_out_pair(c, d) == (split == "held-out")]
        if not fitting or c == 0:
            return [first]
        slots = {"c": str(c), "d": str(fitting[0]), "e": str(c + fitting[0])}
        user = self._pick(rng, "sum_more", language, split).format_map(slots)
        reply = pick(rng, self.data["sum_more"]["reply"][language]).format_map(slots)
        return [first, Turn(user, reply, Check("number", language, ((slots["e"],),), allowed=(str(c), slots["d"])))]

    def translate(self, rng: random.Random, language: str, split: str) -> Turn:
        to = pick(rng, ("en", "zh"))
        if rng.random() < 0.45:
            english, chinese = self.translation.word(rng)
            x, y = (chinese, english) if to == "en" else (english, chinese)
            user = self._pick(rng, f"word_to_{to}", language, split).replace("{x}", x)
            reply = pick(rng, self.data[f"word_to_{to}"]["reply"][language])
            reply = reply.replace("{x}", x).replace("{y}", y)
            keys = tuple(dict.fromkeys((y, *self.translation.also(x, to))))
            longer = tuple(w for pair in self.translation.words for w in pair if w not in keys and y in w)
            check = Check("translation", "both", (keys,), longer, (x,), exact=False)
        else:
            english, chinese = self.translation.sentence(rng, split)
            x, y = (chinese, english) if to == "en" else (english, chinese)
            user = self._pick(rng, f"sentence_to_{to}", language, split).replace("{x}", x)
            reply = y if y[-1] in ".?。？" else y[0].upper() + y[1:] + ("." if to == "en" else "。")
            check = Check("translation", "both", ((y,),), allowed=(x,))
        return Turn(user, reply, check, keep=(x,))

    def story(self, rng: random.Random, language: str, split: str) -> Turn:
        count = pick(rng, (2, 3)) if rng.random() < 0.3 else None
        frame = self._pick(rng, "story", language, split)
        if "{count}" not in frame:
            count = None
        told = self.stories.short(rng, language, split, count)
        about, phrase = told.about, self.data["story_count"][language][count - 2] if count else ""
        if language == "en" and not about[0].isupper():
            about = "a " + about
        user = frame.replace("{x}", about).replace("{count}", phrase)
        user = sentence(user) if language == "en" else user
        names = tuple(name for name, _ in self.people.names[language])
        low, high = (count, count) if count else (2, 6)
        check = Check("story", language, ((told.about,),), names, low=low, high=high)
        return Turn(user, told.text, check, keep=(about,))

    # ------------------------------------------------------------ three of a kind

    def _sets(self) -> dict[str, list[tuple[str, str, tuple[Entity, ...]]]]:
        """For each language the kinds of things (words for it, kind, members) that have three members or more."""
        sets: dict[str, list[tuple[str, str, tuple[Entity, ...]]]] = {"en": [], "zh": []}
        for language, found in sets.items():
            for kind, members in self.facts.members.items():
                if len(members) >= 6 and kind not in ("word", "idea", "weekday"):
                    words = self.facts.kinds[kind]
                    found.extend([(words["en_plural"] if language == "en" else words["zh"], kind, members)] * 2)
            for kind, relations in self.data["sets"].items():
                for relation, frames in relations.items():
                    for value in self.facts.known.get((kind, relation, language), ()):
                        members = tuple(
                            e for e in self.facts.members[kind]
                            if relation in e.values and e.values[relation].text[language] == value
                        )  # fmt: skip
                        if len(members) >= 3:
                            what = frames[language == "zh"].replace("{v}", value)
                            found.append((what, kind, members))
        return sets

    def list_three(self, rng: random.Random, language: str, split: str) -> Turn:
        what, kind, members = pick(rng, self.sets[language])
        user = self._pick(rng, "list_three", language, split).replace("{x}", what)
        reply = pick(rng, self.data["list_three"]["reply"][language]).replace("{x}", what)
        first = between(rng, 0, len(members) - 1)  # in the order of the world, as a person recites: none comes twice
        for i, entity in enumerate([*members, *members][first : first + 3], 1):
            reply = reply.replace(f"{{{i}}}", _several(entity, language))
        reply = reply[0].upper() + reply[1:]
        keys = tuple((entity.name[language], _several(entity, language)) for entity in members)
        rivals = tuple(entity.name[language] for entity in self.facts.members[kind] if entity not in members)
        return Turn(user, reply, Check("list", language, keys, rivals, (what,), low=3, high=3), keep=(what,))

    # ------------------------------------------------------------ wording

    def _pick(self, rng: random.Random, name: str, language: str, split: str) -> str:
        return self.wording.ask(rng, self.data[name], language, split)


def names_of(fact: Fact) -> tuple[str, ...]:
    """The names of the subject, which nobody may mistype."""
    entity = fact.entity
    return (*entity.name.values(), *entity.alias["en"], *entity.alias["zh"], entity.plural)


def _noun(fact: Fact, language: str) -> str:
    """The subject as it stands alone: "a cat" where the questions say so, else the name."""
    name = fact.entity.name[language]
    if language == "en" and any("a {s}" in question for question in fact.relation.question["en"]):
        return "a " + name
    return name


def _several(entity: Entity, language: str) -> str:
    """The entity in a list: "cats", but "France" and "Mars"."""
    name = entity.name[language]
    return entity.plural if language == "en" and name.islower() else name
