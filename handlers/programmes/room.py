"""The room every part of this capability declares itself in, and what other capabilities add to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sqlalchemy.orm import Session

from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.screen import Button
from bot.kit.text import _, name_members
from db.programmes import Drafting, SessionShift, Shifted
from db.symposia import Symposium, SymposiumSession
from handlers.symposia.room import members, of, runs

programmes = Capability("programmes", _("Programmes"))

__all__ = [
    "HOLDERS",
    "ON_PROGRAMME",
    "WHEN_PUBLISHED",
    "WHEN_SHIFTED",
    "WISHES",
    "holders_of",
    "members",
    "of",
    "programmes",
    "runs",
    "wishes_of",
]

# What others add to a programme, each by itself: buttons for whoever reads it as one who comes; by person the ids of
# the sessions they wish to attend, and the ids of the persons who hold a seat in a session; and what else happens once
# it is out, or a session of it has shifted.
ON_PROGRAMME: list[Callable[[Context, Symposium], tuple[Button, ...]]] = []
WISHES: list[Callable[[Session, Symposium], Iterable[Collection[int]]]] = []
HOLDERS: list[Callable[[Session, SymposiumSession], Iterable[int]]] = []
WHEN_PUBLISHED: list[Callable[[Context, Symposium], None]] = []
WHEN_SHIFTED: list[Callable[[Context, Symposium, SymposiumSession, SessionShift], None]] = []


def wishes_of(session: Session, symposium: Symposium) -> list[Collection[int]]:
    """For each person who has said so, the ids of the sessions they wish to attend."""
    return [each for know in WISHES for each in know(session, symposium)]


def holders_of(session: Session, its: SymposiumSession) -> set[int]:
    """The ids of the persons who hold a seat in it."""
    return {each for know in HOLDERS for each in know(session, its)}


name_members(
    {
        Drafting.SOLVING: _("Being worked out"),
        Drafting.SOLVED: _("Worked out"),
        Drafting.FAILED: _("It could not be worked out"),
        Drafting.DROPPED: _("Left"),
        Drafting.TAKEN: _("Taken"),
    }
)
name_members(
    {
        Shifted.PLACED: _("It has a place now"),
        Shifted.MOVED: _("It was moved to another time"),
        Shifted.ROOM: _("It was moved to another room"),
    }
)
