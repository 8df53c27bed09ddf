"""Letters and notices: pages whose facts (day, hour, place, price) stay the same to the last line.

The words lie in letters.toml and notices.toml. One composition in ten (say: this writer thanks for this thing) is held
out, and no page of the training split has it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from gptlineage.world.chance import between, held_out_text, pick, sample, shuffled
from gptlineage.world.facts import sentence
from gptlineage.world.recipes import NUMBERED, SPACE, marked
from gptlineage.world.stories import People

AT_HOME = ("the kitchen", "the garden", "the yard", "the barn")  # no bus goes there, and nobody travels there
PETS = ("cat", "dog", "rabbit", "parrot", "turtle", "hamster")  # those that live in a house and can run away
Lines = Sequence[Sequence[str]]


class Papers:
    """Writes letters and notices; each method takes (rng, language, split) and returns the page."""

    def __init__(self, letters: Mapping, notices: Mapping, people: People):
        self.letters, self.notices, self.people = letters, notices, people
        self.places = [place for place in people.pools["places"] if place["en"] not in AT_HOME]
        self.pets = [pet for pet in people.pools["pets"] if pet["en"] in PETS]

    def letter(self, rng: random.Random, language: str, split: str) -> str:
        """A letter, card, e-mail, short message or chat; sometimes with the answer to it."""
        for roles, occasion in self._drawn(rng, language, self.letters, self.letters["occasions"]):
            if _is_split([occasion["name"], language, roles["me"]], occasion["key"], roles, split):
                break
        if "readers" in occasion:
            roles["you"] = pick(rng, occasion["readers"][language])
        answers = [occasion[kind][language] for kind in ("reply", "refusal") if kind in occasion]
        answer = _told(rng, pick(rng, answers), roles, language) if answers and rng.random() < 0.35 else []
        if rng.random() < 0.25:
            return self._message(rng, occasion, language, roles, SPACE[language].join(answer))
        tone, space = occasion["tone"], SPACE[language]
        body = _told(rng, occasion[language], roles, language)
        if rng.random() < 0.35 and "strangers" not in occasion:
            body.insert(0, self._say(rng, "small", tone, language, roles))
        card = "card" in occasion and rng.random() < 0.4
        lines = [self._say(rng, "greeting", tone, language, roles)]
        if card:
            lines = [lines[0] + space + space.join(body)]
        elif rng.random() < 0.35 and len(body) > 3:
            cut = between(rng, 2, len(body) - 2)
            lines += [space.join(body[:cut]), space.join(body[cut:])]
        else:
            lines.append(space.join(body))
        if not card or rng.random() < 0.3:
            lines.append(self._say(rng, "closing", tone, language, roles))
        lines.append(roles["me"])
        mail = not card and rng.random() < 0.3
        if mail:
            lines.insert(0, _heads(language, roles) + pick(rng, occasion["subject"][language]).format_map(roles) + "\n")
        elif rng.random() < 0.35:
            date = f"{roles['month']} {roles['date']}" if language == "en" else f"{roles['month']}{roles['date']}日"
            lines.insert(0 if language == "en" else len(lines), date)
        if tone != "formal" and rng.random() < 0.15 and "strangers" not in occasion:
            lines.append(self._say(rng, "ps", tone, language, roles))
        if answer:
            back = roles | {"me": roles["you"], "you": roles["me"]}
            head = ""
            if mail:
                subject = lines[0].split("\n")[2].split(": " if language == "en" else "：", 1)[1]
                head = f"{_heads(language, back)}{'Re: ' if language == 'en' else '回复：'}{subject}\n\n"
            closing = self._say(rng, "closing", tone, language, back) + "\n" if rng.random() < 0.6 else ""
            hello = self._say(rng, "greeting", "formal" if tone == "formal" else "friend", language, back)
            lines.append(f"\n{head}{hello}\n{space.join(answer)}\n{closing}{_signature(back['me'])}")
        return "\n".join(lines)

    def notice(self, rng: random.Random, language: str, split: str) -> str:
        """A notice of a few lines: prose, labels, both, or rules."""
        items: list[int] = []
        for roles, sort in self._drawn(rng, language, self.notices, self.notices["sorts"]):
            if "items" in sort:
                items = sample(rng, range(len(sort["items"][language])), between(rng, 3, 7))
            named = [sort["name"], language, *(f"{i}" for i in sorted(items) if "items" in sort)]
            if _is_split(named, sort.get("key", ()), roles, split):
                break
        lines = []
        if rng.random() < 0.8 or "items" in sort:
            title = _sentence(pick(rng, sort["titles"][language]).format_map(roles), language)
            lines.append(title.upper() if language == "en" and rng.random() < 0.2 else title)
        if "items" in sort:
            rules = [sort["items"][language][i].format_map(roles) for i in items]
            return "\n".join([*lines, *marked(rng, rules, NUMBERED)])
        if "labels" in sort and rng.random() < 0.45:
            if rng.random() < 0.2:
                lines.append(_told(rng, sort["prose"][language][:1], roles, language)[0])
            labels = _told(rng, sort["labels"][language], roles, language)
            lines += [" / ".join(labels).replace("\n", " / ")] if rng.random() < 0.15 else labels
        else:
            told = _told(rng, sort["prose"][language], roles, language)
            lines += told if rng.random() < 0.25 else [SPACE[language].join(told)]
        if "contact" in sort:
            lines.append(pick(rng, self.notices["contact"][language]).format_map(roles))
        elif "signed_by" in sort and rng.random() < 0.4:
            lines.append(pick(rng, self.notices["signed"][language]).format_map(roles))
        return "\n".join(lines)

    def _drawn(
        self, rng: random.Random, language: str, data: Mapping, kinds: Sequence[Mapping]
    ) -> Iterator[tuple[dict[str, str], Mapping]]:
        """Endless pairs of roles and a kind of page; all kinds are tried with one cast, because casts cost time."""
        while True:
            roles = self._roles(rng, language, data)
            for kind in shuffled(rng, kinds):
                yield roles, kind

    def _roles(self, rng: random.Random, language: str, data: Mapping) -> dict[str, str]:
        """The cast of the stories, with public places, and one entry of every list of the data."""
        roles = self.people.cast(rng, language)
        roles |= {"me": roles["hero"], "you": roles["third"], "pal": roles["friend"], "Fhe": roles["fhe"].capitalize()}
        for suffix, place in zip(("", "2", "3"), sample(rng, self.places, 3), strict=True):
            at = place["at" if language == "en" else "at_zh"]
            roles |= {f"place{suffix}": place[language], f"at{suffix}": at, f"At{suffix}": at[0].upper() + at[1:]}
            if not suffix:
                roles["near"] = place[language] + ("一带" if "word" in place else "附近")
        pet = pick(rng, self.pets)
        roles |= {"pet": pet[language], "pet_mw": pet["mw"], "date": str(between(rng, 1, 28))}
        for name, pool in data["one"].items():
            roles[name] = pick(rng, pool[language])
        for name, pool in data["five"].items():
            for i, item in enumerate(sample(rng, pool[language], 5), 1):
                roles[f"{name}{i}"] = item
        return roles | _numbers(rng, language)

    def _say(self, rng: random.Random, part: str, tone: str, language: str, roles: Mapping[str, str]) -> str:
        return _sentence(pick(rng, self.letters[part][tone][language]).format_map(roles), language)

    @staticmethod
    def _message(rng: random.Random, occasion: Mapping, language: str, roles: Mapping[str, str], answer: str) -> str:
        """One or two sentences, as a chat, with the names above, or signed."""
        text = _sentence(pick(rng, occasion["short"][language]).format_map(roles), language)
        me, you, colon = roles["me"], roles["you"], ": " if language == "en" else "："
        if answer:
            return f"{me}{colon}{text}\n{_signature(you)}{colon}{answer}"
        to, by = ("To", "From") if language == "en" else ("给", "来自")
        layouts = (
            f"{me}{colon}{text}",
            f"{text}\n{me}",
            f"{to}{colon}{_signature(you)}\n{by}{colon}{me}\n{text}",
            f"{text} - {me}" if language == "en" else f"{text}——{me}",
        )
        return pick(rng, layouts)


def _sentence(text: str, language: str) -> str:
    return sentence(text) if language == "en" else text


def _is_split(named: Sequence[str], key: Sequence[str], roles: Mapping[str, str], split: str) -> bool:
    return held_out_text("/".join([*named, *(roles[role] for role in key)])) == (split == "held-out")


def _told(rng: random.Random, lines: Lines, roles: Mapping[str, str], language: str) -> list[str]:
    """One wording of every line, filled; a line whose first wording is empty is kept seven times in ten."""
    told = []
    for choices in lines:
        if choices[0]:
            line = pick(rng, choices)
        elif rng.random() < 0.7:
            line = pick(rng, choices[1:])
        else:
            continue
        told.append(_sentence(line.format_map(roles), language))
    return told


def _heads(language: str, roles: Mapping[str, str]) -> str:
    """The first lines of an e-mail, up to the subject."""
    frame = "To: {0}\nFrom: {1}\nSubject: " if language == "en" else "收件人：{0}\n发件人：{1}\n主题："
    return frame.format(_signature(roles["you"]), _signature(roles["me"]))


def _signature(name: str) -> str:
    return name[0].upper() + name[1:]


def _numbers(rng: random.Random, language: str) -> dict[str, str]:
    """Prices, hours and temperatures of a notice, in their order."""
    price, opens, low = between(rng, 12, 60), between(rng, 7, 10), between(rng, 4, 20)
    start, gap = between(rng, 12, 36) * 30, pick(rng, (10, 15, 20, 30, 40, 60))
    clock = [start + i * gap for i in range(4)]
    times = {f"t{i}": f"{t // 60}:{t % 60:02}" for i, t in enumerate(clock, 1)}
    return times | {
        "gap": str(gap), "price": str(price), "old": str(price + between(rng, 3, 40)),
        "wage": str(between(rng, 8, 30) * 10), "rent": str(between(rng, 3, 19) * 50),
        "phone": str(between(rng, 200000, 999999)),
        "number": str(between(rng, 2, 40)), "low": str(low), "high": str(low + between(rng, 3, 10)),
        "open": f"{opens}:00" if language == "en" else f"上午{opens}点",
        "close": f"{between(rng, 16, 20)}:00" if language == "en" else f"下午{between(rng, 4, 6)}点",
    }  # fmt: skip
