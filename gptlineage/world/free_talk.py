"""What people say to a chat model that the exam has no kind for.

Another question about what was just spoken of, which a pronoun names; a story about any animal, not only those of the
world's own stories; your name beside mine; numbers in words; half a sentence to be finished; noise; sayings of every
day; a doubt about the last answer; and a question for what the user never told. These are demonstrations, and questions
by which to see what came of them; the exam's kinds stay as they are.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from gptlineage.paths import data_dir
from gptlineage.world import World
from gptlineage.world.chance import Wheel, below, between, held_out_text, pick, stream
from gptlineage.world.dialogues import Dialogue, dialogue
from gptlineage.world.facts import LANGUAGES, Fact, sentence
from gptlineage.world.judge import Check
from gptlineage.world.newcomers import renamed
from gptlineage.world.small_talk import SmallTalk
from gptlineage.world.wording import Turn

WEIGHTS = {
    "pronoun": 0.21, "story": 0.15, "names": 0.12, "numbers": 0.12, "half": 0.07, "noise": 0.06, "sayings": 0.12,
    "after": 0.10, "untold": 0.05,
}  # fmt: skip
WAYS = tuple(WEIGHTS)
THINGS = ("animal", "country", "model", "river_or_mountain", "instrument", "produce", "object", "planet")
# Before a pronoun these would be no English ("the capital of it"), and the others no Chinese.
STIFF_EN = re.compile(
    r"(?i)\b(?:of|in|on|at|to|for|from|about|with|by|than|and|baby) (?:a |an |the )?\{s\}|\{s\}'s|\{p\}"
)
STIFF_ZH = re.compile(r"[在去过用让做和与“]\{s\}|\{s\}[人”]|谁.*\{s\}")


class FreeTalk:
    """Makes one conversation at a time; every method gives one of the language and the split."""

    def __init__(self, world: World | None = None, path: Path | None = None):
        """Raises FileNotFoundError or ValueError when the data is not as it should be."""
        self.data = tomllib.loads((path or data_dir() / "free_talk.toml").read_text(encoding="utf-8"))
        self.world = world or World()
        self.turns = self.world.turns
        talk = self.turns.small_talk
        self.sayings = SmallTalk(talk.told, {"intents": self.data["sayings"]}, talk.wording, talk.people)
        held_out = {name for e in self.world.facts.members["animal"] if e.held_out for name in e.name.values()}
        self.animals = {
            (split, language): [one for one in self.data["animals"][language] if (one in held_out) == kept]
            for split, kept in (("train", False), ("held-out", True))
            for language in LANGUAGES
        }
        cast = self.turns.people.pools["animals"]
        # One character may be part of another word: 马 of 马上.
        self.cast = {"en": {one["en"] for one in cast}, "zh": {one["zh"] for one in cast if len(one["zh"]) > 1}}

    def stream(self, seed: int, split: str = "train", way: str | None = None) -> Iterator[Dialogue]:
        """Endless conversations of all ways of talking, or of one of WAYS."""
        rng, wheel = stream(seed, "free talk", split, way or ""), Wheel(WEIGHTS.items())
        whole = {kind: self.world.dialogues(seed=seed, split=split, kinds=[kind]) for kind in ("story", "sum")}
        makers: dict[str, Callable[[str], Dialogue]] = {
            "pronoun": lambda language: self.pronoun(rng, language, split),
            "names": lambda language: self.names(rng, language, split),
            "half": lambda language: self.half(rng, language, split),
            "sayings": lambda language: dialogue([self.sayings.talk(rng, language, split)], "talk", language),
            "after": lambda language: self.after(rng, language, split),
            "untold": lambda language: self.untold(rng, language, split),
            "noise": lambda _: self.noise(rng, split),
            "story": lambda _: self.story(rng, whole["story"], split),
            "numbers": lambda _: self.numbers(whole["sum"]),
        }
        while True:
            yield makers[way or wheel.spin(rng)](LANGUAGES[rng.random() < 0.45])

    def pronoun(self, rng: random.Random, language: str, split: str) -> Dialogue:
        """A question, and one or two more of which the subject is a pronoun."""
        while True:
            fact = self.turns.asked[split, "fact"].spin(rng)
            more = self.about_the_same(fact, language, split) if fact.entity.kind in THINGS else []
            if more:
                break
        asked = [self.turns.about(rng, fact, language, fact.ask(rng, language, split))]
        for other in dict.fromkeys(pick(rng, more)[0] for _ in range(between(rng, 1, 2))):
            question = pick(rng, [question for one, question in more if one is other])
            if rng.random() < 0.5:
                before = pick(rng, self.data["and"][language])
                small = language == "en" and before.endswith(("And ", "So ")) and not re.match(r"I\b", question)
                question = before + (question[0].lower() + question[1:] if small else question)
            asked.append(self.turns.about(rng, other, language, question))
        return dialogue(asked, "follow_up", language)

    def about_the_same(self, fact: Fact, language: str, split: str) -> list[tuple[Fact, str]]:
        """The other facts of its subject with the questions that can be put with a pronoun."""
        return [
            (other, question)
            for other in self.world.facts.of_entity[fact.entity]
            if other.relation.ask and other is not fact
            for template in other.relation.questions(language, split)
            if (question := with_pronoun(template, language))
        ]

    def story(self, rng: random.Random, stories: Iterator[Dialogue], split: str) -> Dialogue:
        """A story about an animal of which the world's own stories never tell."""
        for told in stories:
            (old, *_), *_ = told.check.keys
            if old in self.cast[told.language]:
                fitting = [new for new in self.animals[split, told.language] if vowel(new) == vowel(old)]
                if fitting:
                    return renamed(told, old, pick(rng, fitting))
        raise AssertionError("the world's dialogues have no end")

    def names(self, rng: random.Random, language: str, split: str) -> Dialogue:
        """Who is called what: the user may say their name, and asks for the assistant's, or for their own."""
        talk = self.turns.small_talk
        cast = {name for name, _ in self.turns.people.names[language]}
        told, mine = talk.memory(rng, language, split)
        while told.keep[0] not in cast:
            told, mine = talk.memory(rng, language, split)
        yours = talk.intent(rng, "what_is_your_name", language, split)
        turns = pick(rng, ([yours], [told, yours], [told, yours, mine], [told, mine, yours]))
        return dialogue(turns, "memory" if turns[-1] is mine else "talk", language)

    def numbers(self, sums: Iterator[Dialogue]) -> Dialogue:
        """A sum of numbers that the user writes in words."""
        asked = next(d for d in sums if re.fullmatch(r"[^-+=]*\d[^-+=]*", d.prompt[-1]["content"]))
        *before, last = asked.prompt
        spelt = re.sub(r"\d+", lambda found: self.spelt(int(found[0]), asked.language), last["content"])
        spelt = re.sub("二(?=[个只页])", "两", spelt) if asked.language == "zh" else sentence(spelt)
        return replace(asked, messages=(*before, {**last, "content": spelt}, asked.messages[-1]))

    def spelt(self, n: int, language: str) -> str:
        """A number below a thousand in words."""
        words, (hundreds, rest) = self.data["numbers"], divmod(n, 100)
        tens, ones = divmod(rest, 10)
        if language == "en":
            small = words["en"][rest] if rest < 20 else words["tens"][tens] + (f"-{words['en'][ones]}" if ones else "")
            return f"{words['en'][hundreds]} hundred" + (f" and {small}" if rest else "") if hundreds else small
        digits = words["zh"]
        small = (digits[tens] if tens > 1 or hundreds else "") + "十" if tens else ""
        small += digits[ones] if ones or not (tens or hundreds) else ""
        return digits[hundreds] + "百" + ("零" if rest and not tens else "") + small if hundreds else small

    def half(self, rng: random.Random, language: str, split: str) -> Dialogue:
        """The beginning of a statement, which the assistant makes whole."""
        advice = self.turns.advice
        while True:
            fact = advice.claimed[split].spin(rng)
            frames = advice.claims[fact.entity.kind, fact.relation.name][language == "zh"]
            open_ended = [text for frame in frames if (text := frame.rstrip("”")).endswith("{v}")]
            begun = [text.removesuffix("{v}").rstrip(" “") for text in open_ended if "}{" not in text]
            if begun:
                break
        text = fact.fill(pick(rng, begun), language)
        text = sentence(text) if language == "en" else text
        text = text.rstrip(".。") + pick(rng, ("", "", "...", "…", " ___"))
        reply = fact.answer(rng, language)
        check = self.turns.fact_check(fact, language, reply)
        return dialogue([Turn(text, reply, check, fact.entity.held_out, (), fact)], "fact", language)

    def after(self, rng: random.Random, language: str, split: str) -> Dialogue:
        """A question, and then the wish to hear the answer again, a doubt about it, or why it is so."""
        fact = self.turns.asked[split, "fact"].spin(rng)
        asked = self.turns.about(rng, fact, language, fact.ask(rng, language, split))
        said = self.data["after"][pick(rng, sorted(self.data["after"]))]
        user = pick(rng, said["train" if split == "train" else "held_out"][language])
        reply = pick(rng, said["reply"][language]).format(a=asked.reply)
        return dialogue([asked, Turn(user, reply, asked.check, asked.held_out, (), fact)], "follow_up", language)

    def untold(self, rng: random.Random, language: str, split: str) -> Dialogue:
        """The user asks for what they never told, at once or after something else."""
        talk = self.turns.small_talk
        _, asked = talk.memory(rng, language, split)
        check = Check("talk", language, tuple(map(tuple, self.data["untold"]["keys"][language])), exact=False)
        turns = [replace(asked, reply=pick(rng, self.data["untold"][language]), check=check)]
        if rng.random() < 0.5:
            before = pick(rng, (talk, self.sayings)).talk(rng, language, split)
            turns.insert(0, before)
        return dialogue(turns, "talk", language)

    def noise(self, rng: random.Random, split: str) -> Dialogue:
        """Something that is no language; answered in Chinese where it has Chinese signs."""
        data = self.data["noise"]
        while True:
            signs, letters = [pick(rng, data["signs"]) for _ in range(between(rng, 1, 6))], data["letters"]
            words = ["".join(pick(rng, letters) for _ in range(between(rng, 2, 7))) for _ in range(between(rng, 1, 3))]
            text = (pick(rng, ("", " ")).join(signs), " ".join(words), " ".join([*words, *signs]))[below(rng, 3)]
            if held_out_text(text, 4) == (split == "held-out"):
                break
        language = "zh" if re.search("[。，！？～—]", text) else "en"
        check = Check("talk", language, tuple(map(tuple, data["keys"][language])), exact=False)
        return dialogue([Turn(text, pick(rng, data["reply"][language]), check)], "talk", language)


def with_pronoun(template: str, language: str) -> str | None:
    """The question with a pronoun for its subject, or None where nobody would say it."""
    if (STIFF_EN if language == "en" else STIFF_ZH).search(template) or template.count("{s}") != 1:
        return None
    if language == "zh":
        return template.replace("{s}", "它")
    return sentence(re.sub(r"(?:\b(?:a|an|the) )?\{s\}", "it", template, flags=re.IGNORECASE))


def vowel(word: str) -> bool:
    """Whether English says "an" before it."""
    return word[0] in "aeiou"
