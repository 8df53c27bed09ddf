"""A proofreader of passages: follows who is where and who holds what, and reports what cannot be so.

It knows the wordings that passages are written in; sentences of other wordings are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from gptlineage.world.facts import LANGUAGES
from gptlineage.world.stories import People
from gptlineage.world.tracked import KIND, State, Step, noun

IT = {"en": "it", "zh": "它"}
PRONOUN = {"en": ("he", "she"), "zh": ("他", "她")}


class Proofreader:
    """Reads texts in the wordings of `steps`."""

    def __init__(self, steps: Sequence[Step], linkers: Mapping[str, Sequence[str]], people: People):
        self.steps, self.linkers, self.pools = steps, linkers, people.pools
        self.names = {language: [name for name, _ in people.names[language]] for language in LANGUAGES}
        self._patterns: dict[str, list[tuple[re.Pattern[str], Step]]] = {}

    def contradictions(self, text: str, language: str) -> list[str]:
        """The sentences of a passage that cannot be so after those before them, each with the reason."""
        return self.read(text, language)[1]

    def read(self, text: str, language: str) -> tuple[int, list[str]]:
        """How many sentences were understood, and the contradictions; other wordings are passed over."""
        understood, state, found = 0, State(), list[str]()
        last: dict[str, str] = {}
        for told in re.split(r"(?<=[.?!])\s+|(?<=[。？！])", text):
            for pattern, step in self._readers(language):
                match = pattern.fullmatch(told.strip().rstrip(".。"))
                if not match:
                    continue
                understood += 1
                bound = {key: name for key, name in match.groupdict().items() if name}
                for key, words in (("a", PRONOUN[language]), ("t", (IT[language],))):
                    if bound.get(key, "").lower() in words:
                        bound[key] = last.get(key, "")
                for so, x, relation, y in step.needs:
                    x = bound.get(x, x)
                    if y in KIND and y not in bound and relation == "at" and x in state.spot:
                        bound[y] = state.spot[x][1]  # where somebody is need not be said again
                    x, y = bound.get(x, x), bound.get(y, y)
                    holds = state.holds(x, relation, y)
                    if holds is not None and holds is not so and relation != "new":
                        found.append(f"{told}: it is {'not ' * so}so that {x} {relation} {y}")
                    elif holds is None and so and x not in KIND and y not in KIND:
                        state.apply([(True, x, relation, y)], {})
                state.apply([does for does in step.does if all(w in bound or w not in KIND for w in does[1:])], bound)
                last = {key: bound[key] for key in "at" if key in bound}
                break
        return understood, found

    def _readers(self, language: str) -> list[tuple[re.Pattern[str], Step]]:
        """A pattern for every wording of the passages, made when first asked for."""
        if language not in self._patterns:
            self._patterns[language] = [
                (self._pattern(line, language), step) for step in self.steps for line in step.lines[language]
            ]
        return self._patterns[language]

    def _pattern(self, line: str, language: str) -> re.Pattern[str]:
        def any_of(words: Iterable[str]) -> str:
            return "|".join(sorted(map(re.escape, words), key=len, reverse=True))

        people = any_of((*self.names[language], *PRONOUN[language]))
        things = any_of(noun(item, language) for item in self.pools["things"])
        places = any_of(noun(item, language) for item in self.pools["places"])
        linkers = any_of(self.linkers[language])
        english = language == "en"
        slots = {
            "a": f"(?P<a>{people})", "b": f"(?P<b>{people})", "p": f"(?P<p>{places})",
            "t": f"(?:the )?(?P<t>{things}|it)" if english else f"(?P<t>{things}|它)",
            "a_t": f"an? (?P<t>{things})" if english else f"一.(?P<t>{things})",
            "at": f"(?:in|at|on|by) the (?P<p>{places})",
        }  # fmt: skip
        parts, seen = [], set()
        for part in re.split(r"(\{\w+\})", line.rstrip(".。")):
            key = part.strip("{}")
            if part[:1] != "{":
                parts.append(re.escape(part))
            elif key in seen:
                parts.append(f"(?P={key})")
            else:
                parts.append(slots.get(key, r"\w+?" if english else "[他她]"))
                seen.add(key)
        return re.compile(f"(?:(?:{linkers}) ?)?{''.join(parts)}", re.IGNORECASE)
