"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.text import _, name_members
from db.audiences import Audience
from db.meetings import Answer, Attendance, Can, Changed, Confidentiality, Meeting, MeetingState, MinuteKind
from db.people import Who

roundtables = Capability("roundtables", _("Roundtables"))


def _runs(who: Who, about: Any) -> bool:
    return who.is_staff and (not isinstance(about, Meeting) or about.is_run_by(who))


# What else happens once a meeting has taken place: (ctx, meeting) -> None, registered by whoever keeps something of it.
WHEN_HELD: list[Callable[[Context, Meeting], None]] = []
runs = Rule("whoever runs the meeting", _runs)
members = allow.members
callers = allow.staff

# One call an enumeration: members of two with one value are equal, and would take each other's place in one mapping.
name_members(
    {
        MeetingState.CALLED: _("Called, without a date yet"),
        MeetingState.POLLING: _("A date is being looked for"),
        MeetingState.CONFIRMED: _("The date stands"),
        MeetingState.HELD: _("It took place"),
        MeetingState.CORRECTING: _("The minutes may be corrected"),
        MeetingState.CLOSED: _("The minutes went out"),
        MeetingState.CANCELLED: _("Cancelled"),
    }
)
name_members(
    {
        Audience.INVITED: _("Only those invited"),
        Audience.SECTOR: _("Businesses of its sector"),
        Audience.BUSINESS: _("All businesses and associations"),
        Audience.AGENCIES: _("Other agencies"),
        Audience.MEMBERS: _("Everybody registered here"),
    }
)
name_members(
    {
        Confidentiality.OPEN: _("Not confidential"),
        Confidentiality.CONFIDENTIAL: _("Confidential"),
    }
)
name_members(
    {
        Answer.NONE: _("No answer yet"),
        Answer.ACCEPTED: _("Comes"),
        Answer.DECLINED: _("Cannot come"),
        Answer.REPLACED: _("Sends a substitute"),
        Answer.REMOVED: _("Taken off the list"),
    }
)
name_members(
    {
        Attendance.PRESENT: _("Was there"),
        Attendance.APOLOGIES: _("Sent apologies"),
        Attendance.ABSENT: _("Was not there"),
    }
)
name_members(
    {
        Can.YES: _("I can"),
        Can.MAYBE: _("If need be"),
        Can.NO: _("I cannot"),
    }
)
name_members(
    {
        Changed.CONFIRMED: _("The date was fixed"),
        Changed.MOVED: _("The date was changed"),
        Changed.PLACE: _("The place was changed"),
        Changed.CANCELLED: _("It was cancelled"),
    }
)
name_members(
    {
        MinuteKind.NOTE: _("Note"),
        MinuteKind.DECISION: _("Decision"),
        MinuteKind.ACTION: _("Action"),
    }
)
