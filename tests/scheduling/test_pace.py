"""One account may send so much, and another's allowance has nothing to do with it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scheduling.pace import A_SECOND, BURST, MOST_WAITING, REMEMBERED, Pace, Taken


def test_a_burst_is_answered_at_once_and_what_follows_at_an_even_pace() -> None:
    pace = Pace()
    assert [pace.wait("a", 10.0) for _ in range(BURST)] == [0.0] * BURST
    assert [round(pace.wait("a", 10.0), 3) for _ in range(3)] == [1 / A_SECOND, 2 / A_SECOND, 3 / A_SECOND]
    assert pace.wait("b", 10.0) == 0.0
    assert pace.wait("a", 10.0 + (BURST + 3) / A_SECOND) == 0.0, "whoever has been quiet begins anew"


def test_what_is_too_much_is_said_once_and_again_only_after_it_has_been_worked_off() -> None:
    pace = Pace()
    taken = [pace.come("a", 0.0) for _ in range(MOST_WAITING + 3)]
    assert taken == [Taken.YES] * MOST_WAITING + [Taken.WITH_A_WORD] + [Taken.NO] * 2
    pace.done("a", 1.0)
    pace.done("a", 1.0)
    assert [pace.come("a", 1.0), pace.come("a", 1.0)] == [Taken.YES, Taken.NO]
    for _ in range(MOST_WAITING):
        pace.done("a", 2.0)
    assert [pace.come("a", 2.0) for _ in range(MOST_WAITING + 1)][-1] is Taken.WITH_A_WORD


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 5)), max_size=200))
def test_nobody_is_held_up_by_what_others_send(steps: list[tuple[str, bool, float]]) -> None:
    """Whatever the others do, an account is treated as if it were alone."""
    together, alone, now = Pace(), {name: Pace() for name in "abc"}, 0.0
    for name, comes, pause in steps:
        now += pause
        if comes:
            assert together.come(name, now) is alone[name].come(name, now)
            assert together.wait(name, now) == alone[name].wait(name, now)
        else:
            together.done(name, now)
            alone[name].done(name, now)


def test_it_remembers_only_so_many() -> None:
    pace = Pace()
    for number in range(3 * REMEMBERED):
        pace.come(str(number), float(number))
        pace.done(str(number), float(number))
    assert len(pace._flows) <= REMEMBERED


def test_whoever_is_not_told_of_answers_counts_what_waits() -> None:
    pace = Pace()
    for _number in range(MOST_WAITING):
        assert pace.come("a", 0.0) is Taken.YES
    assert pace.come("a", 0.0) is Taken.WITH_A_WORD
    pace.count("a", 3, 0.0)
    assert pace.come("a", 0.0) is Taken.YES, "most have been answered meanwhile"
    pace.count("a", MOST_WAITING, 0.0)
    assert pace.come("a", 0.0) is Taken.WITH_A_WORD and pace.come("a", 0.0) is Taken.NO
