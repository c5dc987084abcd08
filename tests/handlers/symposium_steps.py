"""The steps of a symposium's life, each as the people in it take them. It begins on Tuesday 2 March 2027 in Tunis."""

from __future__ import annotations

from typing import Any

from tests.world import Sent, World

DAY = "09:00–17:30, plenary 09:00–10:00, sessions of 45 minutes, break 10:30–11:00, lunch 12:30–13:30"
ROOMS = "Main hall 300 interpretation, Room B 40 projection (Annex)\nRoom 3 60"


def made(world: World, who: str = "ruiz", **more: Any) -> int:
    """Made, with its dates as they are likely. The symposium's id."""
    given = {
        "title": "Trade and Customs 2027",
        "first_day": "2027-03-02",
        "days": "2",
        "zone": "Africa/Tunis",
        "venue": "Palace of Congresses",
        "audience": "members",
    }
    return number(world.submit(who, "symposia.make", given | more), "S")


def set_up(world: World, who: str = "ruiz", **more: Any) -> int:
    """Made, with times and rooms, and announced. The symposium's id."""
    symposium = made(world, who, **more)
    world.submit(who, "symposia.pattern", {"words": DAY, "which": "all"}, symposium=symposium)
    world.submit(who, "symposia.add_rooms", {"rooms": ROOMS}, symposium=symposium)
    announced(world, symposium, who)
    return symposium


def announced(world: World, symposium: int, who: str = "ruiz") -> Sent:
    world.do(who, "symposia.announce", symposium=symposium)
    return world.press(who, "Announce it")


def proposed(world: World, symposium: int, who: str = "amina", **more: Any) -> int:
    """The proposal's id."""
    given = {"title": "Reefers at night", "abstract": "What three days cost.", "speaker": "me"}
    return number(world.submit(who, "symposia.propose", given | more, symposium=symposium), "SP")


def accepted(world: World, proposal: int, who: str = "ruiz", **more: Any) -> Sent:
    given = {"kind": "breakout", "blocks": "1", "expected": "30"}
    return world.submit(who, "symposia.accept", given | more, proposal=proposal)


def number(shown: Sent, letter: str) -> int:
    """The id in the reference a screen shows."""
    return int(shown.text.split(f"Reference: {letter}-")[1].split()[0])
