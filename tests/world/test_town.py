"""The people of Millbrook and the facts of nature agree with each other, are asked in many ways, and can be judged."""

from __future__ import annotations

import random
import re
import tomllib
from collections import Counter

import pytest

from gptlineage.paths import data_dir
from gptlineage.world import World
from gptlineage.world.facts import LANGUAGES, Facts
from gptlineage.world.judge import judge_reply

KINDS = {"person": 30, "townplace": 14, "river_or_mountain": 16, "festival": 14, "instrument": 14}
SYMMETRIC = ("friend", "sibling", "married")
KEEPERS = {  # who works there must have the job for it
    "the Mill Bakery": "baker",
    "the Town Library": "librarian",
    "the Post Office": "postman",
    "the Fire Station": "firefighter",
    "the Blue Teahouse": "waiter",
    "Barley Farm": "farmer",
    "the Little Kitchen": "cook",
}
LEAST = {"statement": 5, "question": 12, "held_out": 4, "answer": 1}


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def facts(world) -> Facts:
    return world.facts


@pytest.fixture(scope="module")
def relations(facts):
    return [relation for relation in facts.relations if relation.kind in KINDS]


def _value(entity, relation: str, language: str) -> str | None:
    return entity.values[relation].text[language] if relation in entity.values else None


def test_there_are_enough_of_every_kind(facts):
    for kind, least in KINDS.items():
        members = facts.members[kind]
        assert len(members) >= least
        assert sum(bool(entity.article["en"] and entity.article["zh"]) for entity in members) >= len(members) // 2
        for language in LANGUAGES:
            names = [entity.name[language] for entity in members]
            assert len(set(names)) == len(names)


def test_names_are_not_those_of_the_story_cast(facts):
    folder = data_dir() / "world"
    people = tomllib.loads((folder / "people.toml").read_text(encoding="utf-8"))
    pairs = tomllib.loads((folder / "sentences.toml").read_text(encoding="utf-8"))["names"]
    for i, language in enumerate(LANGUAGES):
        cast = {*people["he"][language], *people["she"][language], *(pair[i] for pair in pairs)}
        for entity in facts.members["person"]:
            name = entity.name[language]
            assert not cast & ({name} if language == "zh" else set(re.findall(r"\w+", name)))


@pytest.mark.parametrize("relation", SYMMETRIC)
def test_ties_hold_from_both_sides(facts, relation):
    for language in LANGUAGES:
        by_name = {entity.name[language]: entity for entity in facts.members["person"]}
        tied = {name: _value(entity, relation, language) for name, entity in by_name.items()}
        tied = {name: other for name, other in tied.items() if other is not None}
        assert len(tied) >= 8
        for name, other in tied.items():
            assert other in by_name and other != name
            assert tied[other] == name
            if relation != "friend":  # a family lives in one house
                assert _value(by_name[name], "home", language) == _value(by_name[other], "home", language)


def test_both_languages_name_the_same_people(facts):
    chinese = {entity.name["en"]: entity.name["zh"] for entity in facts.members["person"]}
    rows = [(e, r) for e in facts.members["person"] for r in SYMMETRIC]
    rows += [(e, "keeper") for e in facts.members["townplace"]]
    for entity, relation in rows:
        if relation in entity.values:
            assert chinese[_value(entity, relation, "en")] == _value(entity, relation, "zh")


def test_one_value_has_one_translation(facts):
    """The same English value of a relation is always the same Chinese one."""
    for kind in KINDS:
        seen: dict[tuple[str, str], str] = {}
        for entity in facts.members[kind]:
            for name, value in entity.values.items():
                assert seen.setdefault((name, value.text["en"]), value.text["zh"]) == value.text["zh"]


def test_jobs_pets_countries_and_continents_are_known(facts):
    people = tomllib.loads((data_dir() / "world" / "people.toml").read_text(encoding="utf-8"))
    for language in LANGUAGES:
        jobs = {entity.name[language] for entity in facts.members["job"]}
        pets = {animal[language] for animal in (*people["pets"], *people["animals"])}
        continents = set(facts.known["country", "continent", language])
        countries = {entity.name[language] for entity in facts.members["country"]} | {"Tanzania", "坦桑尼亚"}
        for entity in facts.members["person"]:
            assert _value(entity, "job", language) in {*jobs, None}
            assert _value(entity, "pet", language) in {*pets, None}
        for entity in facts.members["river_or_mountain"]:
            assert _value(entity, "continent", language) in continents
            assert _value(entity, "country", language) in {*countries, None}


def test_a_country_lies_on_the_continent_of_its_mountains(facts):
    lies_in = {entity.name["en"]: _value(entity, "continent", "en") for entity in facts.members["country"]}
    for entity in facts.members["river_or_mountain"]:
        country = _value(entity, "country", "en")
        assert (lies_in.get(country) or _value(entity, "continent", "en")) == _value(entity, "continent", "en")


def test_whoever_works_at_a_place_has_the_job_for_it(facts):
    jobs = {entity.name["en"]: _value(entity, "job", "en") for entity in facts.members["person"]}
    kept = {place.name["en"]: _value(place, "keeper", "en") for place in facts.members["townplace"]}
    assert {place: jobs[keeper] for place, keeper in kept.items() if keeper} == KEEPERS


def test_articles_name_only_people_with_a_tie_and_the_right_street(facts):
    for language in LANGUAGES:
        everybody = [entity.name[language] for entity in facts.members["person"]]
        streets = {_value(entity, "home", language) for entity in facts.members["person"]}
        streets = {re.sub("^(on|in|by) ", "", street) for street in streets}
        for kind in ("person", "townplace"):
            for entity in facts.members[kind]:
                tied = {_value(entity, relation, language) for relation in (*SYMMETRIC, "keeper")}
                place = _value(entity, "home", language) or _value(entity, "where", language)
                for text in entity.article[language]:
                    named = {name for name in everybody if re.search(rf"{name}(?![a-z])", text)}
                    named -= {entity.name[language]}
                    assert named <= tied, text
                    text = text.replace(entity.name[language], "").replace(entity.name[language].capitalize(), "")
                    strange = [street for street in streets if street in text and street not in place]
                    assert not strange, text


def test_every_wording_has_its_places_and_none_is_missing(relations):
    for relation in relations:
        for part, least in LEAST.items():
            for language in LANGUAGES:
                texts = getattr(relation, part)[language]
                assert len(texts) >= least, (relation.kind, relation.name, part, language)
                assert not [text for text, n in Counter(texts).items() if n > 1]
                subject = ("{s}", "{p}") if relation.kind == "instrument" and language == "en" else ("{s}",)
                for text in texts:
                    assert any(place in text for place in subject), text
                    assert ("{v}" in text) == (part in ("statement", "answer")), text
                    assert text[-1] in (".?" if language == "en" else "。？"), text
                    assert set(re.findall(r"\{.*?\}", text)) <= {"{s}", "{p}", "{v}"}, text


def test_held_out_questions_are_never_asked_in_training(relations):
    """Nor do they end a question of several sentences, over all relations of a kind."""
    for kind in KINDS:
        for language in LANGUAGES:
            own = [relation for relation in relations if relation.kind == kind]
            train = "\n".join(q.lower() for relation in own for q in relation.question[language])
            for held in (q.lower() for relation in own for q in relation.held_out[language]):
                at = train.find(held)
                assert at < 0 or train[max(0, at - 2) : at].strip(" ")[-1:].isalnum(), held


def test_no_question_belongs_to_two_relations(relations):
    for language in LANGUAGES:
        texts = Counter((r.kind, q) for r in relations for q in (*r.question[language], *r.held_out[language]))
        assert not [question for question, n in texts.items() if n > 1]


def test_every_answer_and_short_answer_is_judged_right(world, facts):
    rng = random.Random(3)
    turns = world._dialogues.turns
    for kind in KINDS:
        for entity in facts.members[kind]:
            for fact in facts.of_entity[entity]:
                for language in LANGUAGES:
                    turn = turns.about(rng, fact, language, fact.ask(rng, language, "train"))
                    verdict = judge_reply(turn.check, turn.reply)
                    assert verdict.right, (turn.reply, verdict)
                    word = turns.fact_check(fact, language, fact.short(language), "word")
                    assert judge_reply(word, fact.short(language)).right, fact.short(language)


def test_another_persons_friend_is_a_wrong_answer(world, facts):
    turns, rng = world._dialogues.turns, random.Random(5)
    first, second = facts.members["person"][:2]
    for language in LANGUAGES:
        mine, other = (next(f for f in facts.of_entity[e] if f.relation.name == "friend") for e in (first, second))
        check = turns.about(rng, mine, language, mine.ask(rng, language, "train")).check
        wrong = mine.fill(mine.relation.answer[language][0].replace("{v}", other.value.text[language]), language)
        assert not judge_reply(check, wrong).right


def test_texts_have_no_slips(facts, relations):
    slips = {
        "en": r"[{}]|  |\ba a\b|\ba [aeio]\w|\ban [bcdfgjklmpqrtvwyz]|\.\.|\bthe the\b| [.,;?!]|[\u4e00-\u9fff]",
        "zh": r"[{} ]|。。|，，|？。|，。|的的|[A-Za-z]|[,.;!?]|的家的|在在",
    }
    for kind in KINDS:
        for entity in facts.members[kind]:
            for language in LANGUAGES:
                texts = [*entity.article[language]]
                for fact in facts.of_entity[entity]:
                    for part in LEAST:
                        texts += [fact.fill(text, language) for text in getattr(fact.relation, part)[language]]
                    texts.append(fact.short(language))
                assert not [text for text in texts if re.search(slips[language], text)][:3]
                assert not [text for text in texts if text[0].islower()]
