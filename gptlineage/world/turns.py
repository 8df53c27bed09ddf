"""Single turns of conversation: what the user asks, what the assistant answers, and the check for it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gptlineage.world.chance import Wheel, held_out_text, pick, sample
from gptlineage.world.facts import Entity, Fact, Facts, Relation, sentence
from gptlineage.world.judge import Check
from gptlineage.world.reading import value_keys
from gptlineage.world.stories import Stories
from gptlineage.world.sums import Sums
from gptlineage.world.translation import Translation


@dataclass(frozen=True)
class Turn:
    """A question, the reference reply, its check, and whether it asks about a held-out entity."""

    user: str
    reply: str
    check: Check
    held_out: bool = False


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
        self.intents = {intent["name"]: intent for intent in talk["intents"]}
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

    def turn(self, rng: random.Random, kind: str, language: str, split: str) -> Turn:
        """One turn of the kind; raises KeyError for a kind that needs several."""
        if kind in ("fact", "opposite"):
            made = self.fact(rng, language, split, kind)
        elif kind == "follow_up":
            made = self.fact(rng, language, split, "fact")
        else:
            made = getattr(self, kind)(rng, language, split)
        if kind in ("sum", "fact", "fact_short", "list_three", "opposite", "unknown") and rng.random() < 0.25:
            made = replace(made, user=self._vary(rng, made.user, language))
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
        return Turn(question, reply, self._fact_check(fact, language, reply), fact.entity.held_out)

    def _fact_check(self, fact: Fact, language: str, reply: str, form: str = "sentence") -> Check:
        entity, value = fact.entity, fact.value
        allowed = (entity.name[language], *entity.alias[language])
        if language == "en":
            allowed += (entity.plural,)
        if value.keys[language]:
            names = () if fact.relation.short else self.names[entity.kind][language]
            rivals = tuple(name for name in names if name.casefold() not in reply.casefold())
            allowed += (value.text[language],)
            return Check(form, language, value.keys[language], rivals, allowed, exact=False)
        rivals = self.rivals[entity.kind, fact.relation.name, language]
        keys = value_keys(value.text[language], language)
        own = {value.text[language], *(word for group in keys for word in group)}
        return Check(form, language, keys, tuple(word for word in rivals if word not in own), allowed)

    def fact_short(self, rng: random.Random, language: str, split: str) -> Turn:
        fact = self.asked[split, "fact_short"].spin(rng)
        frames = self.data["short"]["train" if split == "train" else "held_out"][language]
        user = pick(rng, frames).replace("{q}", fact.ask(rng, language, split))
        reply = fact.short(language)
        return Turn(user, reply, self._fact_check(fact, language, reply, "word"), fact.entity.held_out)

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
        return [first, Turn(user, reply, self._fact_check(other, language, reply), other.entity.held_out)]

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
        rivals = self.rivals.get((relation.kind, relation.name, language), ())
        check = replace(check, rivals=tuple(word for word in rivals if len(word) > 1), allowed=(name,))
        return Turn(user, reply, check)

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

    def translate(self, rng: random.Random, language: str, split: str) -> Turn:
        to = pick(rng, ("en", "zh"))
        if rng.random() < 0.45:
            english, chinese = self.translation.word(rng)
            x, y = (chinese, english) if to == "en" else (english, chinese)
            user = self._pick(rng, f"word_to_{to}", language, split).replace("{x}", x)
            reply = pick(rng, self.data[f"word_to_{to}"]["reply"][language])
            reply = reply.replace("{x}", x).replace("{y}", y)
            keys = tuple(dict.fromkeys((y, *self.translation.also(x, to))))
        else:
            english, chinese = self.translation.sentence(rng, split)
            x, y = (chinese, english) if to == "en" else (english, chinese)
            user = self._pick(rng, f"sentence_to_{to}", language, split).replace("{x}", x)
            reply = y if y[-1] in ".?。？" else y[0].upper() + y[1:] + ("." if to == "en" else "。")
            keys = (y,)
        return Turn(user, reply, Check("translation", "both", (keys,), allowed=(x,)))

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
        return Turn(user, told.text, Check("story", language, ((told.about,),), names, low=low, high=high))

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
        for i, entity in enumerate(sample(rng, members, 3), 1):
            reply = reply.replace(f"{{{i}}}", _several(entity, language))
        keys = tuple((entity.name[language], _several(entity, language)) for entity in members)
        rivals = tuple(entity.name[language] for entity in self.facts.members[kind] if entity not in members)
        return Turn(user, reply, Check("list", language, keys, rivals, (what,), low=3, high=3))

    # ------------------------------------------------------------ talk

    def memory(self, rng: random.Random, language: str, split: str) -> tuple[Turn, Turn]:
        """Two turns: the user tells something of themselves, and asks for it."""
        subject = pick(rng, ("name", "colour", "pet"))
        data = self.data["memory"][subject]
        extra = "" if split == "train" else "_held_out"
        if subject == "name":
            pool = [name for name, _ in self.people.names[language]]
            x = a_x = pick(rng, pool)
        else:
            items = self.people.pools["colours" if subject == "colour" else "pets"]
            pool = [item[language] for item in items]
            item = pick(rng, items)
            x = item[language]
            a_x = f"一{item['mw']}{x}" if "mw" in item else x

        def said(name: str) -> str:
            text = pick(rng, data[name][language]).format(x=x, a_x=a_x, X=x[0].upper() + x[1:])
            return sentence(text) if language == "en" else text

        keys = ((x,),)
        tell = Turn(said("tell" + extra), said("ack"), Check("talk", language, keys))
        check = Check("memory", language, keys, tuple(pool), (x,), tuple(data["cue"][language]))
        return tell, Turn(said("ask" + extra), said("reply"), check)

    def talk(self, rng: random.Random, language: str, split: str) -> Turn:
        return self.intent(rng, pick(rng, tuple(self.intents)), language, split)

    def intent(self, rng: random.Random, name: str, language: str, split: str) -> Turn:
        intent = self.intents[name]
        user = pick(rng, intent["user" if split == "train" else "held_out"][language])
        keys = tuple(tuple(group) for group in intent[f"keys_{language}"])
        return Turn(user, pick(rng, intent["reply"][language]), Check("talk", language, keys, exact=False))

    # ------------------------------------------------------------ wording

    def _pick(self, rng: random.Random, name: str, language: str, split: str) -> str:
        return pick(rng, self.data[name]["train" if split == "train" else "held_out"][language])

    def _vary(self, rng: random.Random, user: str, language: str) -> str:
        """People write carelessly: a greeting before it, thanks after it, no capital, no question mark."""
        dice, vary = rng.random(), self.data["vary"]
        if dice < 0.3:
            before = pick(rng, vary["before"][language])
            inside = before.endswith((", ", ": ")) and user.split(" ")[0].lower() in vary["small"]
            return before + (user[0].lower() + user[1:] if inside else user)
        if dice < 0.5:
            return user + pick(rng, vary["after"][language])
        if dice < 0.75:
            return user.rstrip("?？.。")
        return user[0].lower() + user[1:]


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
