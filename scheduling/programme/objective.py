"""The score as the solver's objective: its value, at the solver's best, is `score(…).total`.

For the child process only. Where the solver may choose, a literal is only as true as it must be: it is in the objective
with its cost, and nothing else holds it down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import combinations

from ortools.sat.python import cp_model

from scheduling.programme.demands import at_once
from scheduling.programme.exact import Exact, Literal
from scheduling.programme.problem import Places, Session
from scheduling.programme.score import beyond, empty, hours

_Pair = tuple[str, str]


def minimise_score(exact: Exact) -> None:
    """Give the model the score's total as its objective."""
    exact.model.minimize(sum(_Objective(exact).terms()))


class _Objective:
    def __init__(self, exact: Exact) -> None:
        self._exact, self._problem, self._model = exact, exact.problem, exact.model
        self._overlaps: dict[_Pair, Literal | None] = {}

    def terms(self) -> Iterator[cp_model.LinearExprT]:
        weights = self._problem.weights
        yield 0
        yield from self._alone()
        if weights.wishes:
            for people, clash in self._clashes():
                yield weights.wishes * people * clash
        if weights.tracks:
            for term in self._scattered():
                yield weights.tracks * term
        if weights.day:
            for person in self._problem.people:
                for wait in self._waits(self._problem.needed_in[person.key]):
                    yield weights.day * wait

    def _alone(self) -> Iterator[cp_model.LinearExprT]:
        """What a session costs by its room, and by its block."""
        problem, weights = self._problem, self._problem.weights
        for session in problem.sessions:
            for room, literal in self._exact.where[session.key].items():
                there = problem.room[room]
                points = weights.popular * beyond(problem, session, there)
                points += weights.waste * empty(problem, session, there)
                if points:
                    yield points * literal
            for block, literal in self._exact.when[session.key].items():
                if points := weights.hours and weights.hours * hours(problem, session, block):
                    yield points * literal

    def _clashes(self) -> Iterator[tuple[int, Literal]]:
        """How many people want two sessions, and whether they cannot attend both."""
        givings = self._problem.givings
        for (one, other), people in self._problem.wanted_together.items():
            pairs = [(first.key, second.key) for first in givings[one] for second in givings[other]]
            overlaps = [overlap for pair in pairs if (overlap := self._overlap(*pair)) is not None]
            if len(overlaps) == len(pairs):
                yield people, overlaps[0] if len(overlaps) == 1 else self._all(pairs, overlaps)

    def _all(self, pairs: Sequence[_Pair], overlaps: Sequence[Literal]) -> Literal:
        every = self._model.new_bool_var("")
        self._model.add(every >= sum(overlaps) - len(overlaps) + 1)
        self._exact.derive(every, lambda places: all(self._exact.meet(places, *pair) for pair in pairs))
        return every

    def _overlap(self, one: str, other: str) -> Literal | None:
        """Whether these two are at the same time, or None where demands keep them apart."""
        pair = (min(one, other), max(one, other))
        if pair not in self._overlaps:
            self._overlaps[pair] = None if self._are_apart(*pair) else self._new_overlap(*pair)
        return self._overlaps[pair]

    def _are_apart(self, one: str, other: str) -> bool:
        first, second = (self._problem.session[key] for key in (one, other))
        return any(map(self._exact.holds, at_once(first, second)))

    def _new_overlap(self, one: str, other: str) -> Literal:
        overlap = self._model.new_bool_var("")
        for moment, literals in self._exact.meanwhile[one].items():
            others = self._exact.meanwhile[other].get(moment, ())
            if others:
                self._model.add(sum(literals) + sum(others) <= 1 + overlap)
        self._exact.derive(overlap, lambda places: self._exact.meet(places, one, other))
        return overlap

    def _scattered(self) -> Iterator[cp_model.LinearExprT]:
        """Of each track, its rooms beyond the first, and its pairs at the same time."""
        tracks: dict[str, list[str]] = defaultdict(list)
        for session in self._problem.sessions:
            if session.track is not None:
                tracks[session.track].append(session.key)
        for keys in tracks.values():
            for pair in combinations(keys, 2):
                if (overlap := self._overlap(*pair)) is not None:
                    yield overlap
            for number, room in enumerate({room: None for key in keys for room in self._exact.where[key]}):
                used = self._used(room, keys)
                yield used if number else used - 1

    def _used(self, room: str, keys: Sequence[str]) -> Literal:
        used = self._model.new_bool_var("")
        for key in keys:
            if room in self._exact.where[key]:
                self._model.add_implication(self._exact.where[key][room], used)
        self._exact.derive(used, lambda places: any(places[key].room == room for key in keys))
        return used

    def _waits(self, sessions: Sequence[Session]) -> Iterator[Literal]:
        """The minutes somebody waits between these, for each day that could have two of them."""
        exact = self._exact
        for day in sorted(set(exact.days.values())):
            today = [
                (each, exact.start(block), literal)
                for each in sessions
                for block, literal in exact.when[each.key].items()
                if exact.days[block] == day
            ]
            if len({each.key for each, _, _ in today}) > 1:
                yield self._wait(sessions, day, today)

    def _wait(self, sessions: Sequence[Session], day: date, today: Sequence[tuple[Session, int, Literal]]) -> Literal:
        opens = min(start for _, start, _ in today)
        closes = max(start + each.minutes for each, start, _ in today)
        begins, ends = (self._model.new_int_var(opens, closes, "") for _ in range(2))
        wait = self._model.new_int_var(0, closes - opens, "")
        for each, start, literal in today:
            self._model.add(begins <= start).only_enforce_if(literal)
            self._model.add(ends >= start + each.minutes).only_enforce_if(literal)
        self._model.add(wait >= ends - begins - sum(each.minutes * literal for each, _, literal in today))
        for number, variable in enumerate((begins, ends, wait)):
            self._exact.derive(variable, self._day(sessions, day, opens, number))
        return wait

    def _day(self, sessions: Sequence[Session], day: date, opens: int, number: int) -> Callable[[Places], int]:
        """Of a person's day: when it begins, when it ends, or how long they wait; one without sessions ends at once."""

        def of(places: Places) -> int:
            blocks = [(each, places[each.key].block) for each in sessions]
            today = [
                (self._exact.start(block), each.minutes) for each, block in blocks if self._exact.days[block] == day
            ]
            begins = min((start for start, _ in today), default=opens)
            ends = max((start + minutes for start, minutes in today), default=opens)
            return (begins, ends, max(0, ends - begins - sum(minutes for _, minutes in today)))[number]

        return of
