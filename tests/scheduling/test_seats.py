"""Allocations against every allocation there is in small cases; who may take a seat, and who is next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import solving
from scheduling.seats import (
    UNPLACED,
    Allocation,
    Asking,
    Held,
    Person,
    Places,
    Rule,
    Session,
    Step,
    Waiting,
    chain,
    fits,
    free_for,
    lot_of,
    next_in_line,
)
from scheduling.seats.exact import allocate, min_sum

KINDS = ("small", "trade", "agency")


@st.composite
def askings(draw: Any) -> Asking:
    """Up to five people who want some of three sessions, with seats kept for classes, ceilings, and seats held."""
    ids = range(1, draw(st.integers(1, 3)) + 1)
    sessions = []
    for each in ids:
        total = draw(st.integers(0, 3))
        kept = draw(st.dictionaries(st.sampled_from(KINDS), st.integers(0, 2), max_size=2))
        kept = kept if sum(kept.values()) <= total else {}
        places = Places(total, kept, draw(st.sampled_from([{}, {"agency": 1}])))
        held: list[Held] = []
        for one in draw(st.lists(st.sampled_from([Held("trade"), Held("agency", 7)]), max_size=2)):
            if fits(places, held, one):
                held.append(one)
        sessions.append(Session(each, places, tuple(held)))
    people = tuple(
        Person(
            number,
            kind := draw(st.sampled_from(KINDS)),
            tuple(draw(st.permutations(list(ids)))[: draw(st.integers(0, len(ids)))]),
            order=draw(st.integers(0, 2)),
            organisation=7 if kind == "agency" else None,
            behind=draw(st.integers(0, 1)),
        )
        for number in range(1, draw(st.integers(1, 5)) + 1)
    )
    return Asking(draw(st.sampled_from(list(Rule))), draw(st.sampled_from("abc")), tuple(sessions), people)


def every_allocation(asking: Asking) -> Iterator[Allocation]:
    """All that fit."""
    for chosen in product(*((None, *each.wishes) for each in asking.people)):
        given_ = {each.id: wish for each, wish in zip(asking.people, chosen, strict=True) if wish is not None}
        if stands(asking, given_):
            yield Allocation(given_)


def stands(asking: Asking, given_: dict[int, int]) -> bool:
    """Whether all of them find a seat, in whatever order they come."""
    for session in asking.sessions:
        held = list(session.held)
        for each in asking.people:
            if given_.get(each.id) == session.id:
                if not fits(session.places, held, each.held):
                    return False
                held.append(each.held)
    return True


def signature(asking: Asking, found: Allocation) -> tuple[int, ...]:
    """What the rule compares: the less, the better."""
    *ranks, unplaced = found.profile(asking.people)
    return (unplaced, *ranks[:0:-1]) if asking.rule is Rule.GENEROUS else tuple(-count for count in ranks)


def by_lot(asking: Asking, found: Allocation) -> int:
    last = max((len(each.wishes) for each in asking.people), default=0) + 1
    weight = {each.id: each.behind * (1 << 16) + lot_of(asking.seed, each.id) + 1 for each in asking.people}
    return sum(weight[each.id] * (found.rank(each) or last) for each in asking.people)


@pytest.mark.promise(
    "seats.exact",
    "Ranked wishes are met exactly by the published rule, ties by lot, and no seat anybody wants stays free.",
)
@given(askings())
@settings(max_examples=100)
def test_it_is_the_best_of_all_that_fit(asking: Asking) -> None:
    asking.check()
    found = allocate(asking)
    assert stands(asking, dict(found.given))
    nothing_wasted(asking, found)
    if asking.rule is Rule.BY_TIME:
        return
    every = list(every_allocation(asking))
    best = min(signature(asking, each) for each in every)
    assert signature(asking, found) == best
    alike = [each for each in every if signature(asking, each) == best]
    assert by_lot(asking, found) == min(by_lot(asking, each) for each in alike)
    turned = Asking(asking.rule, asking.seed, asking.sessions[::-1], asking.people[::-1])
    assert allocate(turned).given == found.given, "the order in which they are read changes nothing"


def nothing_wasted(asking: Asking, found: Allocation) -> None:
    sessions = {each.id: each for each in asking.sessions}
    for person in asking.people:
        rank = found.rank(person)
        for wish in person.wishes[: rank - 1 if rank != UNPLACED else None]:
            sits = [each.held for each in asking.people if found.given.get(each.id) == wish]
            assert not fits(sessions[wish].places, [*sessions[wish].held, *sits], person.held)


def test_who_registered_earlier_chooses_earlier() -> None:
    room = Session(1, Places(1)), Session(2, Places(1))
    people = tuple(Person(number, "trade", (1, 2), order=-number) for number in (1, 2, 3))
    found = allocate(Asking(Rule.BY_TIME, "s", room, people))
    assert found.given == {3: 1, 2: 2}
    assert (found.asked, found.first) == ({1: 3, 2: 3}, {1: 3})


def test_the_rules_differ_as_they_say() -> None:
    """Two want A and B, one of them nothing but A; a third wants B most."""
    sessions = Session(1, Places(1)), Session(2, Places(1)), Session(3, Places(1))
    people = Person(1, "trade", (1, 2, 3)), Person(2, "trade", (1,)), Person(3, "trade", (2, 1))
    generous = allocate(Asking(Rule.GENEROUS, "s", sessions, people))
    assert generous.profile(people) == (2, 0, 1, 0) and generous.given == {1: 3, 2: 1, 3: 2}
    assert min_sum(Asking(Rule.GENEROUS, "s", sessions, people)).profile(people)[-1] == 0
    most = allocate(Asking(Rule.RANK_MAXIMAL, "s", sessions, people))
    assert most.profile(people)[0] == 2
    with pytest.raises(ValueError, match="wishes of 1"):
        Asking(Rule.GENEROUS, "s", sessions, (Person(1, "trade", (9,)),)).check()
    with pytest.raises(ValueError, match="more seats of 1"):
        Asking(Rule.GENEROUS, "s", (Session(1, Places(1, {"small": 2})),), ()).check()


def test_who_has_missed_more_goes_first_and_the_lot_decides_then() -> None:
    room = (Session(1, Places(1)),)
    alike = [Person(number, "trade", (1,)) for number in range(1, 6)]
    drawn = allocate(Asking(Rule.GENEROUS, "of May", room, tuple(alike)))
    assert list(drawn.given) == [max(range(1, 6), key=lambda number: lot_of("of May", number))]
    behind = [*alike, Person(6, "trade", (1,), behind=1)]
    assert list(allocate(Asking(Rule.GENEROUS, "of May", room, tuple(behind))).given) == [6]


def test_a_child_process_finds_it() -> None:
    asking = Asking(Rule.GENEROUS, "s", (Session(1, Places(1, {"small": 1})),), (Person(1, "small", (1,)),))
    found = Allocation.from_json(solving.solve("seats", asking.to_json()))
    assert found == Allocation({1: 1}, {1: 1}, {1: 1})
    with pytest.raises(ValueError, match="not an allocation"):
        solving.solve("seats", {"rule": "generous"})


# Who may take a seat, and who is next


def test_kept_seats_are_for_their_class_and_then_it_takes_anybodys() -> None:
    places = Places(20, {"small": 8})
    trade = [Held("trade")] * 12
    assert (free_for(places, trade, "trade"), free_for(places, trade, "small")) == (0, 8)
    assert not fits(places, trade, Held("trade")) and fits(places, trade, Held("small"))
    assert free_for(places, [Held("small")] * 10, "trade") == 10
    assert free_for(Places(20), trade, "trade") == 8 and free_for(Places(None), trade, "trade") is None


def test_an_organisation_has_so_many_at_most() -> None:
    places = Places(20, most={"agency": 2})
    two = [Held("agency", 7)] * 2
    assert not fits(places, two, Held("agency", 7)) and fits(places, two, Held("agency", 8))


def test_next_is_the_first_who_may_and_an_offer_is_a_seat() -> None:
    line = [Waiting(3, 3, Held("small")), Waiting(1, 1, Held("trade")), Waiting(2, 2, Held("trade"))]
    assert [each.who for each in next_in_line(Places(2), [], line)] == [1, 2]
    assert [each.who for each in next_in_line(Places(2, {"small": 1}), [Held("trade")], line)] == [3]
    assert next_in_line(Places(2), [Held("trade")] * 2, line) == []


def test_one_free_seat_sets_a_chain_going() -> None:
    places = {session: Places(1) for session in (1, 2, 3)}
    held = {1: [], 2: [Held("trade")], 3: [Held("trade")]}
    lines = {
        1: [Waiting(11, 1, Held("trade"), gives_up=(2,))],
        2: [Waiting(12, 1, Held("trade"), gives_up=(3,)), Waiting(13, 2, Held("trade"))],
        3: [Waiting(11, 1, Held("trade"), gives_up=(1,)), Waiting(13, 2, Held("trade"))],
    }
    assert chain(places, held, lines, 1) == [Step(11, 1, (2,)), Step(12, 2, (3,)), Step(13, 3, ())]


@given(
    st.integers(0, 4),
    st.dictionaries(st.sampled_from(KINDS), st.integers(0, 2), max_size=3),
    st.lists(st.sampled_from(KINDS), max_size=8),
)
def test_nobody_is_ever_sold_what_is_not_there(total: int, kept: dict[str, int], coming: list[str]) -> None:
    """Also where more seats are kept than there are, as when a room has become a smaller one."""
    places, held = Places(total, kept), list[Held]()
    for kind in coming:
        if fits(places, held, Held(kind)):
            held.append(Held(kind))
    assert len(held) <= total
    count = Counter(each.kind for each in held)
    assert sum(max(0, count[kind] - kept.get(kind, 0)) for kind in KINDS) <= max(0, total - sum(kept.values()))
