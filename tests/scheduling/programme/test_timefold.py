"""Conferences in Timefold's format: what is read, what it scores, what is found, and what is proved."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from scheduling.programme import timefold
from scheduling.programme.timefold import CONSTRAINTS, Conference, Place, Weight, exact, read, score
from scheduling.programme.timefold.solve import solve
from scheduling.programme.timefold.table import table
from tests.scheduling.programme.timefold_checker import check
from tests.scheduling.programme.timefold_files import File, day, random_file, talk

FILES = Path("../shared/data/timefold-conference")
KNOWN = {"18talks-6timeslots-5rooms": -34_245, "36talks-12timeslots-5rooms": -212_385}
FEASIBLE = (0, 3, 8, 13, 25, 33, 35)  # made-up conferences whose demands can be met


def named(conference: Conference, places: list[Place]) -> dict[str, dict[str, str]]:
    """Places as an answer gives them."""
    return {
        talk.code: {"slot": conference.slots[place.slot].name, "room": conference.rooms[place.room].name}
        for talk, place in zip(conference.talks, places, strict=True)
    }


def small(**more: Any) -> File:
    """Two rooms, three timeslots, and three talks of which nothing is asked."""
    return File(
        slots=[
            (day(0), "09:00", "09:45", "Breakout", ""),
            (day(0), "10:00", "10:45", "Breakout", "Late"),
            (day(2), "09:00", "09:45", "Breakout", ""),
        ],
        rooms=[("R 1", 50, "Breakout", "Large"), ("R 2", 20, "", "")],
        talks=[talk("A"), talk("B"), talk("C")],
        **more,
    )


# Scoring


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), talks=st.integers(2, 12), choice=st.randoms(use_true_random=False))
def test_the_score_is_the_checkers(seed: int, talks: int, choice: Any, tmp_path: Path) -> None:
    made = random_file(seed, talks)
    for name in choice.sample(CONSTRAINTS, 5):  # a constraint may weigh on any level, on several, or not at all
        made.weights[name] = choice.choice(["0hard/0medium/0soft", "0hard/3medium/7soft", "2hard/0medium/1soft"])
    path = made.write(tmp_path / "made.xlsx")
    conference = read(path)
    assert Conference.from_json(json.loads(json.dumps(conference.to_json()))) == conference
    places = [choice.choice(conference.places(talk)) for talk in conference.talks]
    result = score(conference, places)
    assert (dict(result.parts), result.total) == check(path, named(conference, places))
    tables = table(conference)
    begun = tables.problem.start()
    assert tables.problem.cost(begun) == tuple(-each for each in score(conference, tables.chosen(begun)).total)


def test_every_constraint_occurs_in_what_the_checker_is_asked(tmp_path: Path) -> None:
    # Or the test above would say less than it seems to.
    seen: set[str] = set()
    for seed in range(12):
        path = random_file(seed, talks=14, density=0.6).write(tmp_path / "made.xlsx")
        conference = read(path)
        places = [conference.places(talk)[seed % len(conference.places(talk))] for talk in conference.talks]
        seen |= set(check(path, named(conference, places))[0])
        if seen == set(CONSTRAINTS):
            break
    assert seen == set(CONSTRAINTS)


# Reading


def test_what_stands_in_the_file_is_read(tmp_path: Path) -> None:
    made = small(speakers=[{"Name": "Ana", "Preferred timeslot tags": "Late"}], closed={("Ana", 0), ("R 2", 2)})
    made.talks[1] |= {"Speakers": "Ana", "Prerequisite talks codes": "A", "Pinned by user": "=TRUE()"}
    made.talks[1] |= {"Timeslot day": day(0), "Start": "10:00", "End": "10:45", "Room": "R 2"}
    conference = read(made.write(tmp_path / "made.xlsx"))
    assert [slot.time for slot in conference.slots] == [(0, 540, 585), (0, 600, 645), (2, 3420, 3465)]
    assert conference.rooms[1].types == {"Breakout"} and conference.rooms[1].closed == {2}
    assert conference.speakers[0].away == {0} and conference.speakers[0].slots.preferred == {"Late"}
    assert conference.talks[1].pinned == Place(1, 1) and conference.talks[1].after == {"A"}
    assert conference.places(conference.talks[1]) == [Place(1, 1)] and len(conference.places(conference.talks[0])) == 6
    assert conference.weights["Published timeslot"] == Weight(0, 1, 0) and conference.pause == 15


def test_a_file_from_before_the_youngest_constraint_is_read(tmp_path: Path) -> None:
    made = small()
    del made.weights["Speaker makespan"]
    assert read(made.write(tmp_path / "made.xlsx")).weights["Speaker makespan"] == Weight()


Spoil = Callable[[Any], object]


def put(sheet: str, cell: str, value: Any) -> Spoil:
    return lambda book: book[sheet].__setitem__(cell, value)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda book: book.remove(book["Speakers"]), "no sheet Speakers"),
        (put("Configuration", "A7", "Room conflicts"), "sheet Configuration, cell A7 .*no constraint 'Room conflicts'"),
        (put("Configuration", "A7", None), "sheet Configuration: no row for Speaker unavailable timeslot"),
        (
            put("Configuration", "B7", "lots"),
            "sheet Configuration, cell B7 .*'lots' should be like 0hard/0medium/0soft",
        ),
        (put("Configuration", "B7", "-1hard/0medium/0soft"), "sheet Configuration, cell B7"),
        (put("Configuration", "B2", 1.5), "sheet Configuration, cell B2 .*1.5 should be a whole number"),
        (put("Timeslots", "B1", "From"), "sheet Timeslots, cell B1: 'From' where 'Start' belongs"),
        (put("Timeslots", "A2", "Tue 2026-10-05"), r"sheet Timeslots, cell A2 \(Day\): 'Tue 2026-10-05' is a Mon"),
        (put("Timeslots", "A2", "tomorrow"), "sheet Timeslots, cell A2 .*should be a day like"),
        (put("Timeslots", "B3", "9:00"), "sheet Timeslots, cell B3 .*should be a time like"),
        (put("Timeslots", "C3", "08:00"), "sheet Timeslots, cell C3 .*not after its start"),
        (put("Timeslots", "D3", None), "sheet Timeslots, cell D3 .*is empty"),
        (put("Rooms", "B3", "many"), "sheet Rooms, cell B3 .*'many' should be a whole number, 1 or more"),
        (put("Rooms", "C3", "Lab"), "sheet Rooms, cell C3 .*no tag 'Lab' there"),
        (put("Rooms", "A4", "R 1"), "sheet Rooms, cell A4 .*a second 'R 1'"),
        (put("Rooms", "E3", "A"), "sheet Rooms, cell E3 .*'A' should be empty"),
        (put("Rooms", "E2", "09:00-10:00"), "sheet Rooms, cell E2: '09:00-10:00' where '09:00-09:45' belongs"),
        (put("Rooms", "G1", None), "sheet Rooms, cell G1: None where 'Wed 2026-10-07' belongs"),
        (put("Speakers", "C3", "Noon"), "sheet Speakers, cell C3 .*no tag 'Noon' there"),
        (put("Talks", "A3", "A"), "sheet Talks, cell A3 .*a second 'A'"),
        (put("Talks", "C2", "Lab"), "sheet Talks, cell C2 .*no timeslot takes a talk of type 'Lab'"),
        (put("Talks", "D2", "Ana, Zoe"), "sheet Talks, cell D2 .*not on the sheet Speakers: Zoe"),
        (put("Talks", "H2", None), "sheet Talks, cell H2 .*None should be a whole number, 1 or more"),
        (put("Talks", "T2", "A"), "sheet Talks, cell T2 .*no other talk 'A'"),
        (put("Talks", "W2", "perhaps"), "sheet Talks, cell W2 .*'perhaps' should be TRUE or FALSE"),
        (put("Talks", "W2", True), "sheet Talks, cell W2 .*pinned, but not put in a timeslot and a room"),
        (put("Talks", "X2", "Mon 2026-10-05"), "sheet Talks, cell X2 .*no timeslot Mon 2026-10-05 -"),
        (put("Talks", "AE2", "R 9"), "sheet Talks, cell AE2 .*no room 'R 9'"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_and_found(spoil: Spoil, complaint: str, spoilt: Path) -> None:
    book = load_workbook(spoilt)
    spoil(book)
    book.save(spoilt)
    with pytest.raises(ValueError, match=complaint):
        read(spoilt)


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """A file in which nothing is wrong yet."""
    path = small(speakers=[{"Name": "Ana"}]).write(tmp_path / "made.xlsx")
    read(path)
    return path


def test_what_is_no_spreadsheet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.xlsx"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match=r"none\.xlsx: no spreadsheet that can be read"):
        read(path)
    assert timefold.recognises(["Configuration", "Timeslots", "Rooms", "Speakers", "Talks"])
    assert not timefold.recognises(["submissions", "tracks"])


# Solving


def programmes(conference: Conference) -> list[list[Place]]:
    return [list(places) for places in product(*map(conference.places, conference.talks))]


def tiny(seed: int, path: Path) -> Conference:
    """A conference in which two of five talks are free to move, so that every programme can be looked at."""
    return read(random_file(seed, talks=5, density=0.2, pinned=3).write(path))


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("seed", FEASIBLE[::3])
def test_in_small_cases_the_best_is_found_and_proved(seed: int, tmp_path: Path) -> None:
    conference = tiny(seed, tmp_path / "made.xlsx")
    answer = solve({"conference": conference.to_json(), "seconds": 30, "workers": 1}, lambda done, doing: None)
    parts, total = check(tmp_path / "made.xlsx", answer["places"])
    assert (
        tuple(answer["levels"].values())
        == total
        == max(score(conference, each).total for each in programmes(conference))
    )
    assert answer["score"] == {name: sum(each) for name, each in parts.items()} and answer["total"] == total[2]
    assert answer["met"] and answer["optimal"] and answer["bound"] == answer["total"] and not answer["impossible"]


@pytest.mark.parametrize("seed", FEASIBLE)
def test_the_model_counts_as_the_score_does(seed: int, tmp_path: Path) -> None:
    conference = tiny(seed, tmp_path / "made.xlsx")
    allowed = [each for each in programmes(conference) if score(conference, each).total.hard == 0]
    ranked = sorted(allowed, key=lambda places: score(conference, places).total)
    best = score(conference, ranked[-1]).total
    answer = exact.improve(conference, ranked[0], seconds=30)
    assert answer.is_proven and answer.bound == best
    assert answer.places is not None and score(conference, answer.places).total == best


@pytest.mark.usefixtures("plain")
def test_what_meets_every_demand_is_found_from_what_does_not(tmp_path: Path) -> None:
    conference = tiny(FEASIBLE[0], tmp_path / "made.xlsx")
    worst = min(programmes(conference), key=lambda places: score(conference, places).total)
    assert score(conference, worst).total.hard < 0
    answer = exact.improve(conference, worst, seconds=30)
    assert answer.places is not None and score(conference, answer.places).total.hard == 0


def test_that_no_programme_meets_every_demand_is_proved(tmp_path: Path) -> None:
    made = small(speakers=[{"Name": "Ana"}], closed={("Ana", 0), ("Ana", 2)})
    made.talks[0] |= {"Speakers": "Ana"}
    made.talks[1] |= {"Speakers": "Ana"}
    conference = read(made.write(tmp_path / "made.xlsx"))
    places = table(conference).chosen(table(conference).problem.start())
    assert exact.improve(conference, places, seconds=20) == exact.Answer(None, None, is_proven=True)


@pytest.mark.parametrize(
    ("constraint", "weight"),
    [("Room conflict", "0hard/0medium/5soft"), ("Language diversity", "1hard/0medium/0soft")],
)
def test_weights_that_the_model_cannot_say_are_refused(constraint: str, weight: str, tmp_path: Path) -> None:
    made = small()
    made.weights[constraint] = weight
    conference = read(made.write(tmp_path / "made.xlsx"))
    with pytest.raises(exact.Inexact):
        exact.improve(conference, [Place(0, 0)] * 3, seconds=1)


@pytest.mark.usefixtures("plain")
def test_talks_that_are_too_many_share_rooms_as_little_as_can_be(tmp_path: Path) -> None:
    made = small()
    made.talks = [talk(f"S{number}") for number in range(8)]
    path = made.write(tmp_path / "made.xlsx")
    answer = solve({"conference": read(path).to_json(), "seconds": 1, "workers": 1}, lambda done, doing: None)
    assert check(path, answer["places"])[1][0] == -2 * 45 * 1_000 and not answer["met"]


@pytest.mark.usefixtures("plain")
def test_asked_to_stop_it_says_what_it_has(tmp_path: Path) -> None:
    path = random_file(1, talks=8).write(tmp_path / "made.xlsx")
    question = {"conference": read(path).to_json(), "seconds": 3600}
    stop, told = threading.Event(), list[tuple[float, str]]()

    def report(done: float, doing: str) -> None:
        told.append((done, doing))
        if doing.startswith("swapping"):
            stop.set()

    answer = solve(question, report, stop)
    check(path, answer["places"])
    assert told[0] == (0.0, "preparing") and told[-1] == (1.0, "done") and not answer["optimal"]


@pytest.mark.slow
@pytest.mark.skipif(not FILES.is_dir(), reason=f"Timefold's conferences are not at {FILES}")
@pytest.mark.promise(
    "programme.timefold", "The smallest conference of Timefold's is solved and proved, the next as well."
)
@pytest.mark.parametrize("name", KNOWN)
def test_known_conferences_are_solved(name: str, record_property: Any) -> None:
    path = FILES / f"{name}.xlsx"
    answer = solve({"conference": read(path).to_json(), "seconds": 40, "workers": 2}, lambda done, doing: None)
    total = check(path, answer["places"])[1]
    record_property("figure", f"{name}: {total[2]}")
    assert total[:2] == (0, 0) and total[2] >= KNOWN[name]
