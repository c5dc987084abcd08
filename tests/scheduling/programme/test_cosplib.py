"""CoSPLib's format: what is read, costs, is refused and is found, held against an independent checker."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduling.programme.cosplib import Conference, Odd, Place, exact_score, faults, looks_like, read, score
from scheduling.programme.cosplib.greedy import greedy
from scheduling.programme.cosplib.polish import polish
from scheduling.programme.cosplib.solver import solve

from .cosplib_checker import Checker
from .cosplib_files import Sheets, sheets, write

FILES = Path("../shared/data/cosplib/instances")
KNOWN = {"N2OR": 0, "GECCO20": 6_110, "GECCO21": 11_130, "OR60F": 415}  # the published optima of the exact model
SCORED, SOLVED = 16, (1, 3, 5)


def test_every_kind_of_points_is_as_the_checker_counts_it(tmp_path: Path) -> None:
    seen: set[str] = set()
    for seed in range(SCORED):
        path = write(tmp_path / f"{seed}.xlsx", sheets(seed, submissions=9, tracks=3, sessions=3, rooms=4))
        conference, checker = read(path), Checker(path)
        for places in _at_random(conference, seed, 3):
            named = conference.named(places)
            assert score(conference, places) == checker.points(named)
            assert sum(exact_score(conference, places).values()) == checker.exact(named)
            assert bool(faults(conference, places)) == bool(checker.wrong(named))
            assert conference.placed(named) == places
            seen |= {kind for kind, points in score(conference, places).items() if points}
    assert len(seen) == len(checker.weights)  # or the test shows less than it seems to


def test_a_conference_goes_through_json(tmp_path: Path) -> None:
    conference = read(write(tmp_path / "a.xlsx", sheets(7)))
    assert Conference.from_json(conference.to_json()) == conference
    with pytest.raises(ValueError, match="no conference"):
        Conference.from_json({"tracks": []})


@pytest.mark.parametrize("seed", SOLVED)
def test_the_best_of_all_programmes_is_found(tmp_path: Path, seed: int) -> None:
    path = write(tmp_path / "a.xlsx", sheets(seed, submissions=4))
    conference, checker = read(path), Checker(path)
    every = [conference.named(places) for places in _every(conference)]
    answer = _ask(conference, "full")
    assert not checker.wrong(answer["places"])
    assert answer["score"] == checker.points(answer["places"])
    assert answer["total"] == min(checker.total(named) for named in every)
    assert answer["bound"] <= answer["total"]

    exactly = [named for named in every if not checker.wrong_exactly(named)]
    answer = _ask(conference, "exact")
    if exactly:
        assert not checker.wrong_exactly(answer["places"])
        assert answer["total"] == answer["bound"] == checker.exact(answer["places"]) == min(map(checker.exact, exactly))
        assert answer["optimal"]
    else:
        assert (answer["places"], answer["optimal"], answer["why"]) == ({}, False, "infeasible")


def test_more_than_a_track_can_have_at_a_time_goes_side_by_side(tmp_path: Path) -> None:
    rows = sheets(3, submissions=8, tracks=1)
    for row in rows["submissions"][1:]:
        row[2] = 1
    path = write(tmp_path / "a.xlsx", rows)
    conference, checker = read(path), Checker(path)
    answer = _ask(conference, "full")
    assert not checker.wrong(answer["places"])
    assert answer["total"] == checker.total(answer["places"])
    assert _ask(conference, "exact")["why"] == "infeasible"


def test_told_to_stop_it_answers_at_once_with_what_it_has(tmp_path: Path) -> None:
    conference = read(write(tmp_path / "a.xlsx", sheets(1)))
    stop = threading.Event()
    stop.set()
    question = {"problem": conference.to_json(), "seconds": 3600.0}
    assert solve(question, lambda done, doing: None, stop)["why"] == "time"

    stop.clear()
    rows = sheets(4, submissions=24, tracks=5, sessions=4, rooms=4)
    question["problem"] = read(write(tmp_path / "b.xlsx", rows)).to_json()
    told: list[str] = []

    def report(_done: float, doing: str) -> None:
        told.append(doing)
        if doing == "sketch":  # by now there is one
            stop.set()

    answer = solve(question, report, stop)
    assert not Checker(tmp_path / "b.xlsx").wrong(answer["places"])
    assert answer["total"] == Checker(tmp_path / "b.xlsx").total(answer["places"])
    assert {*told} == {"greedy", "sketch", "done"}


def test_the_first_programme_at_once_is_one(tmp_path: Path) -> None:
    made = 0
    for seed in range(8):
        path = write(tmp_path / "a.xlsx", sheets(seed, submissions=30, tracks=6, sessions=5, rooms=4))
        conference = read(path)
        if (places := greedy(conference)) is not None:
            made += 1
            assert not Checker(path).wrong(conference.named(places))
            least, better = polish(conference, places, seed, lambda: False) if seed == 1 else (0, places)
            assert not Checker(path).wrong(conference.named(better))
            assert seed != 1 or least == Checker(path).total(conference.named(better)) < sum(
                score(conference, places).values()
            )
    assert made > 4  # with slots to spare somebody is left over now and then, no more


def test_a_question_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    problem = read(write(tmp_path / "a.xlsx", sheets(1))).to_json()
    with pytest.raises(ValueError, match="neither full nor exact"):
        solve({"problem": problem, "seconds": 1, "model": "half"}, lambda done, doing: None)


def _drop(rows: Sheets) -> None:
    del rows["similar tracks"]


def _cell(sheet: str, row: int, column: int, value: Any) -> Callable[[Sheets], None]:
    def change(rows: Sheets) -> None:
        rows[sheet][row - 1][column] = value

    return change


def _again(sheet: str) -> Callable[[Sheets], None]:
    return lambda rows: rows[sheet].append(rows[sheet][1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_drop, "sheet “similar tracks” is missing"),
        (_cell("submissions", 3, 1, "Nothing"), "sheet “submissions”, row 3: there is no track 'Nothing'"),
        (_cell("submissions", 3, 2, "two"), "sheet “submissions”, row 3: the number of slots is 'two', not a whole"),
        (_cell("submissions", 3, 2, 4), "sheet “submissions”, row 3: 4 slots are more than any session has"),
        (_cell("submissions", 3, 4, "CET"), "sheet “submissions”, row 3: the time zone is 'CET', not one from"),
        (_cell("submissions", 4, 7, -2), "sheet “submissions”, row 4: the penalty is -2, less than 0"),
        (_cell("submissions", 4, 7, 0.5), "sheet “submissions”, row 4: the penalty is 0.5, not a whole number"),
        (_cell("submissions", 1, 7, "Tue9"), "sheet “submissions”, row 1: no column is headed by the session 'Mon0'"),
        (_again("submissions"), "sheet “submissions”, row 7: submission 'sub0' is in row 2 already"),
        (_again("rooms"), "sheet “rooms”, row 4: room 'Room 0' is in row 2 already"),
        (_cell("sessions", 2, 3, "noon"), "sheet “sessions”, row 2: the start is 'noon', not a time such as 09:30"),
        (_cell("sessions", 2, 1, None), "sheet “sessions”, row 2: the number of slots is 0, less than 1"),
        (
            _cell("parameters", 6, 4, None),
            "sheet “parameters”, row 6: the weight 'Number of Rooms per Track:' is missing",
        ),
        (_cell("tracks", 3, 0, "Track 9"), "row 3: there is no track 'Track 1'"),
        (_cell("tracks_rooms|penalty", 1, 1, "Room 9"), "sheet “tracks_rooms|penalty”, row 1: no column is headed by"),
        (_cell("sessions_rooms|penalty", 2, 1, "no"), "sheet “sessions_rooms|penalty”, row 2: the penalty is 'no'"),
    ],
)
def test_what_is_odd_is_named_with_its_sheet_and_its_row(
    tmp_path: Path, change: Callable[[Sheets], None], said: str
) -> None:
    rows = sheets(1)
    change(rows)
    with pytest.raises(Odd) as refused:
        read(write(tmp_path / "a.xlsx", rows))
    assert said in str(refused.value)


def test_empty_rows_and_columns_are_no_rows_and_columns(tmp_path: Path) -> None:
    rows = sheets(1)
    conference = read(write(tmp_path / "a.xlsx", rows))
    rows["submissions"].insert(3, [None] * 5)
    rows["submissions"] += [[None, "", None]] * 20
    rows["tracks_sessions|penalty"][0] += [None, None]
    assert read(write(tmp_path / "b.xlsx", rows)) == conference


def test_only_a_spreadsheet_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("no spreadsheet")
    with pytest.raises(Odd, match="no spreadsheet"):
        read(tmp_path / "a.xlsx")
    assert looks_like([*sheets(1)])
    assert not looks_like(["Configuration", "Timeslots"])


@pytest.mark.slow
@pytest.mark.skipif(not FILES.is_dir(), reason=f"CoSPLib's conferences are not at {FILES}")
@pytest.mark.promise("programme.cosplib", "The exact model of CoSPLib's conferences is solved and proved.")
@pytest.mark.parametrize("name", KNOWN)
def test_known_conferences_are_solved(name: str, record_property: Any) -> None:
    conference, checker = read(FILES / f"{name}.xlsx"), Checker(FILES / f"{name}.xlsx")
    question = {"problem": conference.to_json(), "model": "exact", "seconds": 60.0, "workers": 2}
    answer = solve(question, lambda done, doing: None)
    record_property("figure", f"{name}: {answer['total']}")
    assert not checker.wrong_exactly(answer["places"])
    assert checker.exact(answer["places"]) == answer["total"] == KNOWN[name]
    assert answer["optimal"]


@pytest.mark.slow
@pytest.mark.skipif(not FILES.is_dir(), reason=f"CoSPLib's conferences are not at {FILES}")
def test_a_nearly_full_conference_has_a_programme() -> None:
    conference, checker = read(FILES / "ISF22.xlsx"), Checker(FILES / "ISF22.xlsx")
    question = {"problem": conference.to_json(), "seconds": 40.0, "workers": 2}
    answer = solve(question, lambda done, doing: None)
    assert not checker.wrong(answer["places"])
    assert answer["score"] == checker.points(answer["places"])


def _ask(conference: Conference, model: str) -> dict[str, Any]:
    question = {"problem": conference.to_json(), "model": model, "seconds": 4.0, "workers": 1, "seed": 1}
    return solve(question, lambda done, doing: None)


def _at_random(conference: Conference, seed: int, many: int) -> Iterator[list[Place]]:
    """Places anywhere that submissions fit by themselves: what may not be in a programme is scored all the same."""
    dice = random.Random(seed)
    for _ in range(many):
        places: list[Place] = []
        cells: dict[tuple[int, int], int] = {}
        for submission in conference.submissions:
            fits = [
                Place(s, room, slot)
                for s, session in enumerate(conference.sessions)
                for slot in range(session.slots - submission.slots + 1)
                for room in range(len(conference.rooms))
                if cells.get((s, room), submission.track) == submission.track
            ]
            place = dice.choice(fits)
            cells[place.session, place.room] = submission.track
            places.append(place)
        yield places


def _every(conference: Conference) -> Iterator[list[Place]]:
    options = [
        [
            Place(s, room, slot)
            for s, session in enumerate(conference.sessions)
            for room in range(len(conference.rooms))
            for slot in range(session.slots - submission.slots + 1)
        ]
        for submission in conference.submissions
    ]
    return (list(places) for places in itertools.product(*options) if not faults(conference, places))
