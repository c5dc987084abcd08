"""The steps of a meeting's life, each as the people in it take them."""

from __future__ import annotations

from typing import Any

from tests.world import Sent, World


def called_from(world: World, issue: int, who: str = "ruiz") -> int:
    """Called in two taps from an issue. The meeting's id."""
    world.do(who, "issues.more", issue=issue)
    return number(world.press(who, "Call a roundtable"))


def called(world: World, who: str = "ruiz", title: str = "Inspections at night", **more: Any) -> int:
    """Called from nothing. The meeting's id."""
    return number(world.submit(who, "roundtables.call", {"title": title, "audience": "invited"} | more))


def number(shown: Sent) -> int:
    """The id in the reference a screen shows."""
    return int(shown.text.split("Reference: R-")[1].split()[0])


def invited(world: World, meeting: int, *names: str, by: str = "ruiz") -> None:
    for each in names:
        world.submit(by, "roundtables.invite", {"whom": f"person:{world.ids[each]}"}, meeting=meeting)


def polled(world: World, meeting: int, times: str = "1 December 10:00\n2 December 15:00", by: str = "ruiz") -> Sent:
    """Everybody on the list is asked when they can, until the 26th at six in the evening."""
    given = {"minutes": "60", "respond_by": "2026-11-26", "offering": "own", "times": times}
    return world.submit(by, "roundtables.poll", given, meeting=meeting)


def dated(world: World, meeting: int, day: str = "2026-12-01", time: str = "10:00", by: str = "ruiz") -> Sent:
    return world.submit(by, "roundtables.set_date", {"day": day, "time": time, "minutes": "60"}, meeting=meeting)


def moved(world: World, meeting: int, day: str, time: str = "10:00", by: str = "ruiz", **more: Any) -> Sent:
    given = {"day": day, "time": time, "minutes": "60"} | more
    return world.submit(by, "roundtables.move", given, meeting=meeting)
