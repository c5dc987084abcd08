"""What is asked of an allocation, and its answer. Values only: JSON there and back, no solver.

The sessions of one question take place at the same time: everybody gets one of them at most. People are known by their
numbers. What is drawn by lot is drawn from a published seed, so that anybody can draw it again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from .places import Held, Places

LOTS = 1 << 16
UNPLACED = 0  # the rank of whoever got nothing


class Rule(StrEnum):
    """By what the seats are given."""

    GENEROUS = "generous"  # fewest without a seat, then fewest last choices, then fewest last but one …
    RANK_MAXIMAL = "rank_maximal"  # most first choices, then most second ones …
    BY_TIME = "by_time"  # who registered earlier chooses earlier


@dataclass(frozen=True)
class Session:
    """`held` are seats that are not part of the question: they stay as they are."""

    id: int
    places: Places
    held: tuple[Held, ...] = ()


@dataclass(frozen=True)
class Person:
    """`wishes` are ids of sessions, the dearest first. `order` is when they registered, as a number that rises.

    `behind` is what they have missed so far in the same symposium: of people who are alike, who has missed more goes
    first; the lot decides after that.
    """

    id: int
    kind: str
    wishes: tuple[int, ...]
    order: int = 0
    organisation: int | None = None
    behind: int = 0

    @property
    def held(self) -> Held:
        return Held(self.kind, self.organisation)


@dataclass(frozen=True)
class Asking:
    rule: Rule
    seed: str
    sessions: tuple[Session, ...]
    people: tuple[Person, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule.value,
            "seed": self.seed,
            "sessions": [
                {
                    "id": each.id,
                    "places": each.places.to_json(),
                    "held": [[one.kind, one.organisation] for one in each.held],
                }
                for each in self.sessions
            ],
            "people": [
                [each.id, each.kind, list(each.wishes), each.order, each.organisation, each.behind]
                for each in self.people
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ValueError for what makes no sense: a wish for no session, or the same person or wish twice."""
        try:
            sessions = tuple(
                Session(each["id"], Places(**each["places"]), tuple(Held(*one) for one in each["held"]))
                for each in data["sessions"]
            )
            people = tuple(
                Person(id_, kind, tuple(wishes), order, organisation, behind)
                for id_, kind, wishes, order, organisation, behind in data["people"]
            )
            made = cls(Rule(data["rule"]), data["seed"], sessions, people)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an allocation: {error!r}") from error
        made.check()
        return made

    def check(self) -> None:
        known = {each.id for each in self.sessions}
        if len(known) < len(self.sessions) or len({each.id for each in self.people}) < len(self.people):
            raise ValueError("a session or a person stands there twice")
        for session in self.sessions:
            if session.places.total is not None and sum(session.places.kept.values()) > session.places.total:
                raise ValueError(f"more seats of {session.id} are kept for classes than it has")
        for each in self.people:
            if len(set(each.wishes)) < len(each.wishes) or not known.issuperset(each.wishes):
                raise ValueError(f"the wishes of {each.id} are not for different sessions of the question")


def lot_of(seed: str, person: int) -> int:
    """The lot somebody drew, from 0: the higher, the sooner. Anybody who knows seed and number can draw it again."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{person}".encode()).digest()[:4]) % LOTS


@dataclass(frozen=True)
class Allocation:
    """`given` is the session of everybody who got one. `asked` counts, for each session, who wished for it at all, and
    `first` who wished for it most."""

    given: Mapping[int, int]
    asked: Mapping[int, int] = field(default_factory=dict)
    first: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, asking: Asking, given: Mapping[int, int]) -> Self:
        asked = Counter(wish for each in asking.people for wish in each.wishes)
        first = Counter(each.wishes[0] for each in asking.people if each.wishes)
        return cls(given, asked, first)

    def rank(self, person: Person) -> int:
        """1 for their first choice; UNPLACED for none of them."""
        session = self.given.get(person.id)
        return person.wishes.index(session) + 1 if session is not None else UNPLACED

    def profile(self, people: Iterable[Person]) -> tuple[int, ...]:
        """How many got their first choice, their second, …; last, how many got nothing."""
        people = list(people)
        count = Counter(map(self.rank, people))
        longest = max((len(each.wishes) for each in people), default=0)
        return *(count[rank] for rank in range(1, longest + 1)), count[UNPLACED]

    def to_json(self) -> dict[str, Any]:
        return {
            "given": [[person, session] for person, session in self.given.items()],
            "asked": [[session, count] for session, count in self.asked.items()],
            "first": [[session, count] for session, count in self.first.items()],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(dict(data["given"]), dict(data["asked"]), dict(data["first"]))
