"""Solving in a child process: progress, cancel, death of either side, and no solver in a process that serves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from scheduling import regions, solving
from scheduling.meetings import Plan, cost
from tests.scheduling.groups import wednesdays
from tests.scheduling.programme.symposia import symposium

SMALL = wednesdays(["JP", "BE", "PE"], slots=2)
WORLD = wednesdays([member.code for member in regions.members()], slots=3)


def child(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_child_answers_and_says_how_far_it_is() -> None:
    seen: list[tuple[float, str]] = []
    answer = solving.solve("meetings", SMALL.to_json(), progress=lambda done, doing: seen.append((done, doing)))
    plans = [Plan.from_json(each) for each in answer["choices"]]
    assert [each.most for each in plans] == sorted(each.most for each in plans)
    assert all(each == cost(SMALL, each.starts) for each in plans) and answer["choices"][0]["is_proven"]
    assert answer["knee"] in range(len(plans)) and Plan.from_json(answer["fixed"]).rank >= plans[0].rank
    assert [done for done, _ in seen] == sorted(done for done, _ in seen) and seen[-1] == (1.0, "done")
    assert {doing for _, doing in seen} == {"scoring", "most", "total", "nights", "done"}


def test_a_child_nobody_waits_for_is_killed() -> None:
    """Its first word is its number; then it would sleep for an hour."""
    code = 'import os, time; print(\'{"done": %d, "doing": ""}\' % os.getpid(), flush=True); time.sleep(3600)'
    told, number = threading.Event(), []

    def progress(done: float, doing: str) -> None:
        number.append(int(done))
        told.set()

    with pytest.raises(solving.Cancelled):
        solving.solve("meetings", {}, progress=progress, cancelled=told.is_set, child=child(code))
    with pytest.raises(ProcessLookupError):
        os.kill(number[0], 0)


def test_a_child_that_is_told_to_stop_answers_with_the_best_so_far() -> None:
    """Told before it began, it has what is there without a solver: one time of day, and sessions put anywhere."""
    answer = solving.solve("meetings", SMALL.to_json(), enough=lambda: True)
    assert answer["choices"] and not answer["choices"][0]["is_proven"]
    data = symposium(sessions=14, days=1)
    answer = solving.solve("programme", {"problem": data, "seconds": 3600, "workers": 1}, enough=lambda: True)
    assert len(answer["places"]) == 14 and not answer["optimal"]


def test_a_child_that_is_told_to_stop_is_told_once() -> None:
    code = (
        "import sys, json; sys.stdin.readline(); first = sys.stdin.readline(); "
        "print(json.dumps({'done': 1, 'doing': ''}), flush=True); print(json.dumps({'result': [first]}))"
    )
    assert solving.solve("programme", {}, enough=lambda: True, child=child(code)) == ["stop\n"]


def test_a_child_does_not_outlive_who_asked() -> None:
    """The whole world's year takes it a minute; the end of its input ends it at once."""
    with subprocess.Popen(
        [*solving.CHILD, "meetings"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(WORLD.to_json()) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["doing"] == "scoring"
        process.stdin.close()
        assert process.wait(timeout=30) == 1


def test_without_the_solver_it_says_how_to_get_it() -> None:
    code = "import sys, runpy; sys.modules['ortools'] = None; runpy.run_module('scheduling.solve', run_name='__main__')"
    with pytest.raises(
        solving.Unavailable, match=r"pip install --require-hashes --only-binary :all: -r requirements/solve\.txt"
    ):
        solving.solve("meetings", SMALL.to_json(), child=child(code))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit('the disk is full')", "the solver stopped: the disk is full"),
        ("import os; os.abort()", "the solver stopped: without a word"),
        ('print(\'{"error": "odd", "detail": "thing"}\')', "odd: thing"),
    ],
)
def test_a_child_that_dies_is_no_answer(code: str, said: str) -> None:
    with pytest.raises(solving.SolvingFailed, match=said):
        solving.solve("meetings", SMALL.to_json(), child=child(code))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"attendees": []}, "a plan needs attendees"),
        ({"clock": "Nowhere"}, "no such time zone: 'Nowhere'"),
        ({"meetings": None}, "not a year to plan"),
    ],
)
def test_a_question_that_makes_no_sense_is_said_to_make_none(fault, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        solving.solve("meetings", SMALL.to_json() | fault)


def test_nothing_that_serves_imports_a_solver() -> None:
    code = (
        "import sys, bot.main, bot.ops.serve, bot.ops.meetings, bot.ops.conferences, bot.demo.page, handlers;"
        "import scheduling.regions, scheduling.meetings, scheduling.opinions, scheduling.programme.search;"
        "import scheduling.solve;"
        "print(sorted({'ortools', 'numba', 'numpy', 'pandas', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
