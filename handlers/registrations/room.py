"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.text import _, name_members
from db.people import Who
from db.registrations import Allotting, Asked, Giving, RegistrationState, SeatState, Stakeholder
from db.symposia import Symposium

registrations = Capability("registrations", _("Registration for symposia"))

# What other capabilities do when somebody registers, each by itself.
WHEN_REGISTERED: list[Callable[[Context, Symposium], None]] = []


def _runs(who: Who, about: Any) -> bool:
    return who.is_staff and (not isinstance(about, Symposium) or about.is_run_by(who))


runs = Rule("whoever runs the symposium", _runs)
members = allow.members

# One call an enumeration: members of two with one value are equal, and would take each other's place in one mapping.
name_members(
    {
        Stakeholder.SMALL_TRADE: _("Small trade"),
        Stakeholder.TRADE: _("Trade"),
        Stakeholder.ASSOCIATION: _("Associations"),
        Stakeholder.AGENCY: _("Other agencies"),
        Stakeholder.CUSTOMS: _("Customs"),
    }
)
name_members(
    {
        RegistrationState.REGISTERED: _("Registered"),
        RegistrationState.WAITING: _("On the waiting list"),
        RegistrationState.CANCELLED: _("Cancelled"),
    }
)
name_members(
    {
        SeatState.HELD: _("Has a seat"),
        SeatState.OFFERED: _("Has an offer"),
        SeatState.WAITING: _("On the waiting list"),
        SeatState.DECLINED: _("Declined the offer"),
        SeatState.LAPSED: _("Let the offer lapse"),
        SeatState.GIVEN_UP: _("Gave it up"),
    }
)
name_members(
    {
        Giving.FIRST_COME: _("First come, first served"),
        Giving.GENEROUS: _("By wishes: the fewest without a seat, then the fewest last choices"),
        Giving.RANK_MAXIMAL: _("By wishes: the most first choices, then the most second ones"),
        Giving.BY_TIME: _("By wishes: who registered earlier chooses earlier"),
    }
)
name_members(
    {
        Allotting.OPEN: _("Not given yet"),
        Allotting.SOLVING: _("Being given"),
        Allotting.DONE: _("Given"),
        Allotting.FAILED: _("Not given yet: the solver stopped"),
    }
)
name_members(
    {Asked.REGISTERING: _("Everybody who registers"), Asked.ACCEPTED: _("Those who have a seat, once they have it")}
)
