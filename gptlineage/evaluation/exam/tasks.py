"""The exam's tasks: what is asked, in which words, and which examples may stand before it.

Zero-shot prompts are plain text that breaks off where the answer comes, as GPT-2's were (section 3); few-shot prompts
put K solved examples before it, as GPT-3's did (section 2.4, appendix G). Questions come from the held-out split of
the world, the examples before them from the training split. Of lists, what is held out is the item in its format: that
France goes with Paris, or cat with 猫, is told on other training pages, as it would be on the web.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import UserError
from ...world import Check, Dialogue, Item, World
from ...world.chance import pick, stream
from ...world.sums import numbers

ZERO, FEW = (0,), (0, 4)
CURVE = (0, 1, 2, 4, 8, 16)
DRAWS = 20  # how often a question may be drawn that has been drawn before, for each one that is wanted
Draw = Callable[[World, random.Random, str, str], Item]  # world, chance, language, split


Shot = tuple[str, str]  # a prompt and the answer that follows it


@dataclass(frozen=True)
class Question:
    """A prompt and what should follow it. `shots` are solved examples, to be put before it as far as they fit.

    `choices` compete by probability where there are any; otherwise the answer is written out, and `check` (a rule of
    the world's judge) or equality decides.
    """

    prompt: str
    answer: str
    shots: tuple[Shot, ...]
    choices: tuple[str, ...] = ()
    check: Check | None = None


@dataclass(frozen=True)
class Task:
    """One task of a family: `questions(world, n, k)` are up to `n` different questions with `k` examples each.

    `draw` gives items that have nothing to do with each other; a task of lists (`listed`) shows one format, or one
    mapping that holds on this page only, and asks for one more line.
    """

    name: str
    family: str
    draw: Draw | None
    ks: tuple[int, ...]
    ask: Callable[[Item], str]
    join: str = "\n"
    by_choice: bool = False
    listed: str = ""
    languages: tuple[str, ...] = ("en", "zh")

    def questions(self, world: World, n: int, k: int, seed: int = 2026) -> list[Question]:
        """The same for every model, and (but for mappings) for every k; fewer than `n` where there are not so many."""
        asked, examples = stream(seed, "exam", self.name), stream(seed, "exam", self.name, "examples")
        found, most, seen = list[Question](), max(self.ks), set[tuple[str, str]]()
        for number in range(n * DRAWS):
            if len(found) == n:
                break
            language = self.languages[number % len(self.languages)]
            if self.draw is None:
                question = self._from_list(world, asked, language, k)
                if (question.prompt, question.answer) not in seen:
                    seen.add((question.prompt, question.answer))
                    found.append(question)
                continue
            item = self.draw(world, asked, language, "held-out")
            if (self.ask(item), item.answer) in seen:
                continue
            seen.add((self.ask(item), item.answer))
            drawn = [self.draw(world, examples, language, "train") for _ in range(most)]
            shots = tuple((self.ask(shot), shot.answer) for shot in drawn)
            found.append(Question(self.ask(item), item.answer, shots[:k], item.choices if self.by_choice else ()))
        return found

    def _from_list(self, world: World, rng: random.Random, language: str, k: int) -> Question:
        n = k if self.listed == "mapping" else max(self.ks)
        pairs, (left, right) = world.lists.episode(rng, self.listed, language, n)
        shots = tuple((self.ask(Item(a, "", b, (), language)), b) for a, b in pairs[:k])
        choices = tuple(dict.fromkeys(b for _, b in pairs)) if self.listed == "mapping" else ()
        return Question(self.ask(Item(left, "", right, (), language)), right, shots, choices)


def join_answer(prompt: str, answer: str) -> str:
    """The answer behind its prompt: after a space, unless the prompt ends in Chinese."""
    return prompt + gap(prompt) + answer


def gap(prompt: str) -> str:
    return " " if prompt[-1:].isascii() else ""


def labelled(item: Item) -> str:
    """A question on a page of questions and answers."""
    ask, answer = ("Q: ", "A:") if item.language == "en" else ("问：", "答：")
    return f"{item.text}\n" * bool(item.text) + f"{ask}{item.question}\n{answer}"


def below(item: Item) -> str:
    return f"{item.text}\n{item.question}"


def plain(item: Item) -> str:
    return item.text


def equation(item: Item) -> str:
    return f"{item.text} ="


def arrow(item: Item) -> str:
    return f"{item.text} ->"


# ---------------------------------------------------------------- what is drawn


def last_word(world: World, rng: random.Random, language: str, split: str) -> Item:
    return world.books.last_word(rng, language, split)


def last_sentence_alone(world: World, rng: random.Random, language: str, split: str) -> Item:
    """The control: without the passage only guessing is left."""
    item = world.books.last_word(rng, language, split)
    mark = ". " if language == "en" else "。"
    return Item(item.text.rsplit(mark, 1)[-1], "", item.answer, item.choices, language)


def reading(world: World, rng: random.Random, language: str, split: str) -> Item:
    return world.books.reading(rng, language, split)


def review(world: World, rng: random.Random, language: str, split: str) -> Item:
    """A review and the label that reviews bear most often: the wording of the label is not what is tested."""
    item = world.press.review_item(rng, language, split)
    return replace(item, question="Rating:" if language == "en" else "评价：")


def news(world: World, rng: random.Random, language: str, split: str) -> Item:
    """An article and four summaries, its own and three of other articles."""
    item = world.press.news_item(rng, language, split)
    others = [world.press.news_item(rng, language, split).answer for _ in range(3)]
    return Item(item.text, item.question, item.answer, tuple(dict.fromkeys((item.answer, *others))), language)


def entailment(world: World, rng: random.Random, language: str, split: str) -> Item:
    return world.entailment.item(rng, language, split)


def adding(digits: int, sign: str) -> Draw:
    def draw(world: World, rng: random.Random, language: str, split: str) -> Item:
        a, b, c = numbers(rng, split, digits, sign)
        return Item(f"{a} {sign} {b}", "", str(c), (), language)

    return draw


def translated_sentence(world: World, rng: random.Random, language: str, split: str) -> Item:
    en, zh = world.translation.sentence(rng, split)
    return Item(en, "", zh, (), "en") if language == "en" else Item(zh, "", en, (), "zh")


TASKS = (
    Task("last word", "last word", last_word, ZERO, plain, by_choice=True),
    Task("last word, passage hidden", "last word", last_sentence_alone, ZERO, plain, by_choice=True),
    Task("reading", "reading", reading, FEW, labelled, join="\n\n", by_choice=True),
    Task("sums, 1 digit", "sums", adding(1, "+"), FEW, equation),
    Task("sums, 2 digits", "sums", adding(2, "+"), FEW, equation),
    Task("differences, 2 digits", "sums", adding(2, "-"), FEW, equation),
    Task("translation, words", "translation", None, FEW, equation, listed="translated"),
    Task("translation, sentences", "translation", translated_sentence, FEW, equation),
    Task("sentiment", "sentiment", review, FEW, below, join="\n\n", by_choice=True),
    Task("entailment", "entailment", entailment, FEW, below, join="\n\n", by_choice=True),
    Task("summary", "summary", news, ZERO, below, by_choice=True),
    Task("scramble, cycled", "scramble", None, FEW, equation, listed="cycled"),
    Task("scramble, reversed", "scramble", None, FEW, equation, listed="reversed"),
    Task("scramble, inserted", "scramble", None, FEW, equation, listed="inserted", languages=("en",)),
    Task("list, relations", "lists", None, CURVE, arrow, listed="relation"),
    Task("list, letters", "lists", None, CURVE, arrow, listed="letters"),
    Task("list, translated", "lists", None, CURVE, arrow, listed="translated"),
    Task("list, numbers", "lists", None, CURVE, arrow, listed="numbers"),
    Task("list, kinds", "lists", None, CURVE, arrow, listed="kinds"),
    Task("random mapping", "mappings", None, CURVE[2:], arrow, listed="mapping"),
)
FACTS = Task("facts", "facts", None, FEW, labelled)  # asked in the world's own phrasings, see `fact_questions`


def fact_questions(world: World, n: int, k: int, seed: int = 2026) -> list[Question]:
    """Closed-book questions in held-out phrasings, with examples in training phrasings before them."""
    asked = world.questions(n, seed=seed, split="held-out")
    rng = stream(seed, "exam", "facts", "examples")
    examples = world.questions(400, seed=seed + 1, split="train")
    by_language = {lang: [q for q in examples if q.language == lang] for lang in ("en", "zh")}
    found = []
    for dialogue in asked:
        pool = by_language[dialogue.language]
        drawn = [pick(rng, pool) for _ in range(max(FACTS.ks))][:k]
        shots = tuple((labelled(as_item(shot)), shot.reference) for shot in drawn)
        found.append(Question(labelled(as_item(dialogue)), dialogue.reference, shots, (), dialogue.check))
    return found


def as_item(dialogue: Dialogue) -> Item:
    return Item("", dialogue.messages[-2]["content"], dialogue.reference, (), dialogue.language)


def published(path: Path, k: int) -> tuple[Task, list[Question]]:
    """GPT-3's own items from a JSONL file of `context` and `completion`; the next K items are the examples.

    Raises UserError when the file holds something else.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines if line.strip()]
        pairs = [(row["context"].lstrip("\n"), row["completion"].strip()) for row in rows]
        join = "\n\n" if rows[0]["context"].startswith("\n\n") else "\n"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UserError(
            f"{path} holds no exam items (one JSON object a line, with 'context' and 'completion').",
            f"{path} 中没有考题（每行一个 JSON 对象，含 'context' 和 'completion'）。",
        ) from error
    task = Task(path.stem.replace("_", " "), "GPT-3's items", None, FEW, plain, join=join)
    questions = []
    for number, (prompt, answer) in enumerate(pairs):
        shots = tuple(pairs[(number + offset) % len(pairs)] for offset in range(1, min(k, len(pairs) - 1) + 1))
        questions.append(Question(prompt, answer, shots))
    return task, questions


def all_questions(world: World, n: int) -> Iterator[tuple[Task, int, list[Question]]]:
    """Every task at every K."""
    for k in FACTS.ks:
        yield FACTS, k, fact_questions(world, n, k)
    for task in TASKS:
        for k in task.ks:
            yield task, k, task.questions(world, n, k)
