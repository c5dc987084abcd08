"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy.orm import Session

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.screen import Button, NotFound
from bot.kit.text import _, name_members
from db.calls import Proposal, ProposalState, Standard
from db.people import Who
from db.symposia import (
    Agreed,
    BlockKind,
    Equipment,
    Part,
    SessionKind,
    SessionPart,
    SessionState,
    Symposium,
    SymposiumSession,
    SymposiumState,
)

symposia = Capability("symposia", _("Symposia"))

# What other capabilities add, each by itself: buttons to a symposium's card and to a session's, the ids of those who
# come to it, and what else happens when a symposium has its dates or others, has room for more or fewer, is cancelled,
# a session is cancelled, what is said of a session changes, or somebody who is needed (by their id) says when they
# cannot be there.
ON_SYMPOSIUM: list[Callable[[Context, Symposium], tuple[Button, ...]]] = []
ON_SESSION: list[Callable[[Context, Symposium, SymposiumSession], tuple[Button, ...]]] = []
COMING: list[Callable[[Session, Symposium], Iterable[int]]] = []
WHEN_DATED: list[Callable[[Context, Symposium], None]] = []
WHEN_RESIZED: list[Callable[[Context, Symposium], None]] = []
WHEN_CANCELLED: list[Callable[[Context, Symposium], None]] = []
WHEN_SESSION_CANCELLED: list[Callable[[Context, Symposium, SymposiumSession], None]] = []
WHEN_SESSION_CHANGED: list[Callable[[Context, Symposium, SymposiumSession], None]] = []
WHEN_AWAY: list[Callable[[Context, Symposium, int], object]] = []
WHEN_ANSWERED: list[Callable[[Context, Symposium, int], None]] = []  # a person by id: they come, or cannot


def _runs(who: Who, about: Any) -> bool:
    return who.is_staff and (not isinstance(about, Symposium) or about.is_run_by(who))


def _weighs(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Proposal) or about.is_weighed_by(who))


def _own(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Proposal) or about.is_of(who))


def _needed(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, SessionPart) or about.person_id == who.id)


runs = Rule("whoever runs the symposium", _runs)
weighers = Rule("whoever reviews, not of their own", _weighs)
own = Rule("whoever proposed it", _own)
needed = Rule("whoever is needed in it", _needed)
members = allow.members
makers = allow.staff


def of(symposium: Symposium, row: object) -> None:
    """Raise what is said of what does not exist, unless `row` belongs to it: arguments can be made up."""
    if getattr(row, "symposium_id", None) != symposium.id:
        raise NotFound()


METHODS = (
    _("Co-creation"),
    _("Centres of excellence and expertise"),
    _("Agreements with sectors of business"),
    _("Partnership for trade intelligence"),
    _("Partnership with other government agencies"),
    _("Joint development of IT systems"),
    _("Experts from the private sector in Customs"),
    _("Secondment of Customs officials to the private sector"),
    _("Joint training and education in both directions"),
    _("Joint Integrity Observatory"),
    _("Engagement with business at the international level"),
    _("Regional engagement"),
)

# One call an enumeration: members of two with one value are equal, and would take each other's place in one mapping.
name_members(
    {
        SymposiumState.DRAFT: _("Being prepared"),
        SymposiumState.ANNOUNCED: _("Announced"),
        SymposiumState.PUBLISHED: _("The programme is out"),
        SymposiumState.CLOSED: _("It took place"),
        SymposiumState.CANCELLED: _("Cancelled"),
    }
)
name_members({SessionKind.PLENARY: _("Plenary"), SessionKind.BREAKOUT: _("Break-out session")})
name_members({SessionState.PLANNED: _("Planned"), SessionState.CANCELLED: _("Cancelled")})
name_members(
    {
        Part.SPEAKER: _("Speaker"),
        Part.CHAIR: _("Chair"),
        Part.OFFICIAL: _("Official"),
        Part.INTERPRETER: _("Interpreter"),
    }
)
name_members({Agreed.ASKED: _("Asked, no answer yet"), Agreed.YES: _("Comes"), Agreed.NO: _("Cannot come")})
name_members(
    {
        Equipment.INTERPRETATION: _("interpretation"),
        Equipment.HYBRID: _("hybrid"),
        Equipment.STEP_FREE: _("step-free"),
        Equipment.PROJECTION: _("projection"),
    }
)
name_members({BlockKind.SESSIONS: _("Sessions"), BlockKind.PLENARY: _("Plenary"), BlockKind.BREAK: _("Break")})
name_members(
    {
        ProposalState.SENT: _("Being reviewed"),
        ProposalState.ACCEPTED: _("Accepted"),
        ProposalState.DECLINED: _("Declined"),
        ProposalState.WITHDRAWN: _("Withdrawn"),
    }
)
name_members(
    {
        Standard.RELEVANCE: _("It matters to trade and Customs now"),
        Standard.USE: _("Whoever comes can use it afterwards"),
        Standard.EVIDENCE: _("It rests on facts and experience"),
        Standard.BALANCE: _("It sells nothing, and lets several sides speak"),
    }
)
