"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from typing import Any

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.text import _, name_members
from db.agencies import Part, PartState
from db.people import Who

agencies = Capability("agencies", _("Other agencies"))


def _is_asked(who: Who, about: Any) -> bool:
    return who.agency_id is not None and (not isinstance(about, Part) or about.agency_id == who.agency_id)


def _asks(who: Who, about: Any) -> bool:
    return allow.officers(who, about) and not _is_their_own(who, about)


def _is_their_own(who: Who, about: Any) -> bool:
    """Nobody asks their own agency in the name of Customs."""
    return isinstance(about, Part) and about.agency_id == who.agency_id


asked = Rule("whoever speaks for the agency that was asked", _is_asked)
askers = Rule("officers, not of their own agency", _asks)
# Whoever looks at an agency's part without being of it.
onlookers = Rule("staff, not of their own agency", lambda who, about: who.is_staff and not _is_their_own(who, about))
readers = asked | allow.staff

name_members(
    {
        PartState.ASKED: _("Waits for its answer"),
        PartState.ANSWERED: _("Has answered"),
        PartState.CANNOT: _("Cannot answer"),
        PartState.CALLED_OFF: _("Not needed any longer"),
    }
)
