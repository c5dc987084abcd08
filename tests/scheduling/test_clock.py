from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from scheduling.clock import ManualClock, ShiftedClock, SystemClock, monotonic

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_system_clock_runs_and_tells_utc():
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second


def test_a_manual_clock_stands_until_it_is_moved_and_tells_utc():
    clock = ManualClock(NOON.astimezone(timezone(timedelta(hours=5))))
    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(days=3))
    assert clock.now() == NOON + timedelta(days=3)


def test_a_manual_clock_needs_a_zone():
    with pytest.raises(ValueError, match="time zone"):
        ManualClock(NOON.replace(tzinfo=None))


def test_a_shifted_clock_keeps_running_and_its_offset_survives_a_restart():
    machine = ManualClock(NOON)
    clock = ShiftedClock(base=machine)
    clock.advance(timedelta(days=3))
    clock.advance(timedelta(hours=1))
    machine.advance(timedelta(minutes=5))
    restarted = ShiftedClock(clock.offset, machine)
    assert clock.now() == restarted.now() == NOON + timedelta(days=3, hours=1, minutes=5)


@pytest.mark.parametrize("clock", [ManualClock(NOON), ShiftedClock(base=ManualClock(NOON))])
def test_no_clock_is_turned_back(clock):
    with pytest.raises(ValueError, match="forward"):
        clock.advance(timedelta(seconds=-1))
    assert clock.now() == NOON


def test_monotonic_seconds_do_not_run_backwards():
    assert monotonic() <= monotonic()
