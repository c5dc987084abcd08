"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from typing import Any

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.text import _, name_members
from db.attendance import How, QuestionState, Readers
from db.people import Who
from db.symposia import Symposium

attendance = Capability("attendance", _("The days of a symposium"))

AT = "at"  # the page that a QR code at the door leads to
AT_DOOR = "at_"  # what stands before a code in the payload of a deep link
PROOF = "proof"  # the page that says whether a proof is one


def _runs(who: Who, about: Any) -> bool:
    return who.is_staff and (not isinstance(about, Symposium) or about.is_run_by(who))


runs = Rule("whoever runs the symposium", _runs)
members = allow.members
everyone = allow.everyone

# One call an enumeration: members of two with one value are equal, and would take each other's place in one mapping.
name_members({How.OFFICER: _("At the door"), How.DOOR: _("By the door’s code"), How.LIST: _("From a list")})
name_members(
    {
        QuestionState.OPEN: _("Not answered yet"),
        QuestionState.ANSWERED: _("Answered"),
        QuestionState.SET_ASIDE: _("Set aside"),
    }
)
name_members(
    {
        Readers.REGISTERED: _("Everybody who is registered"),
        Readers.ATTENDED: _("Those who were at the session"),
        Readers.ORGANISERS: _("The organisers"),
    }
)
