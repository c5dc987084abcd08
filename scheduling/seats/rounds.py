"""A whole programme: one allocation for each time, one after another, so that bad luck does not fall on one person.

Whoever missed more at the times before goes first among those who are alike. What somebody has been given once they do
not get again at another time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .asking import Allocation, Asking, Person, Rule, Session


@dataclass(frozen=True)
class Programme:
    """`times` are the sessions of each time; the wishes of `people` may be for sessions of several. `same` is what
    sessions that are given more than once have in common, by their ids."""

    rule: Rule
    seed: str
    times: tuple[tuple[Session, ...], ...]
    people: tuple[Person, ...]
    same: Mapping[int, int]

    def to_json(self) -> dict[str, Any]:
        askings = [Asking(self.rule, self.seed, sessions, ()).to_json() for sessions in self.times]
        people = Asking(self.rule, self.seed, (), self.people).to_json()["people"]
        same = [[session, what] for session, what in self.same.items()]
        return {"times": askings, "people": people, "same": same, "rule": self.rule.value, "seed": self.seed}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Programme:
        times = tuple(Asking.from_json(each).sessions for each in data["times"])
        # Without its sessions nothing can be said about their wishes: that is checked time by time.
        people = tuple(Person(one[0], one[1], tuple(one[2]), *one[3:]) for one in data["people"])
        return cls(Rule(data["rule"]), data["seed"], times, people, dict(data["same"]))


@dataclass(frozen=True)
class Given:
    """A seat: which choice it was among the person's wishes for that time."""

    person: int
    session: int
    rank: int


@dataclass(frozen=True)
class Outcome:
    """`asked` is how many wished for each session; `profiles`, for each time, how many got their first choice, their
    second …, and last how many of those who wished got nothing."""

    given: tuple[Given, ...]
    asked: Mapping[int, int]
    profiles: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "given": [[each.person, each.session, each.rank] for each in self.given],
            "asked": [[session, count] for session, count in self.asked.items()],
            "profiles": [list(each) for each in self.profiles],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        given = tuple(Given(*each) for each in data["given"])
        return cls(given, dict(data["asked"]), tuple(map(tuple, data["profiles"])))


def allot(
    programme: Programme,
    allocate: Callable[[Asking], Allocation],
    report: Callable[[float], None] = lambda done: None,
) -> Outcome:
    """Time by time; `allocate` answers each of them."""
    behind: Counter[int] = Counter()
    had: defaultdict[int, set[int]] = defaultdict(set)
    given: list[Given] = []
    asked: dict[int, int] = {}
    profiles: list[tuple[int, ...]] = []
    for number, sessions in enumerate(programme.times):
        here = {each.id for each in sessions}
        all_wishes = {each.id: [wish for wish in each.wishes if wish in here] for each in programme.people}
        people = [
            replace(each, wishes=wishes, behind=behind[each.id])
            for each in programme.people
            if (wishes := _left(all_wishes[each.id], had[each.id], programme.same))
        ]
        found = allocate(Asking(programme.rule, programme.seed, sessions, tuple(people)))
        asked |= {each.id: found.asked.get(each.id, 0) for each in sessions}
        for person in people:
            session = found.given.get(person.id)
            if session is None:
                behind[person.id] += len(person.wishes)
                continue
            behind[person.id] += found.rank(person) - 1
            had[person.id].add(programme.same.get(session, session))
            given.append(Given(person.id, session, all_wishes[person.id].index(session) + 1))
        profiles.append(found.profile(people))
        report((number + 1) / len(programme.times))
    return Outcome(tuple(given), asked, tuple(profiles))


def _left(wishes: Sequence[int], had: set[int], same: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(each for each in wishes if same.get(each, each) not in had)
