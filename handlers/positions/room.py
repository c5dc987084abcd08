"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from typing import Any

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.text import _, name_members
from db.people import Kind, Who
from db.positions import Position, PositionState, Stance

positions = Capability("positions", _("Formal positions"))


def _speaks(who: Who, about: Any) -> bool:
    return who.organisation_id is not None and who.is_registered


def _is_own(who: Who, about: Any) -> bool:
    if not isinstance(about, Position):
        return _speaks(who, about)
    return _speaks(who, about) and about.association_id is None and about.organisation_id == who.organisation_id


def _is_member(who: Who, about: Any) -> bool:
    if not isinstance(about, Position):
        return _speaks(who, about)
    return _speaks(who, about) and about.association_id is not None and about.organisation_id == who.organisation_id


def _is_association(who: Who, about: Any) -> bool:
    its = not isinstance(about, Position) or about.association_id == who.organisation_id
    return _speaks(who, about) and who.organisation_kind is Kind.ASSOCIATION and its


speakers = Rule("whoever speaks for an organisation", _speaks)
own = Rule("whoever speaks for the organisation whose position it is", _is_own)
member = Rule("whoever speaks for the member it would be filed for", _is_member)
associations = Rule("whoever speaks for the association that files it", _is_association)
filers = own | associations
readers = allow.members  # each as far as the row itself says

# One call an enumeration: members of two with one value are equal, and would take each other's place in one mapping.
name_members(
    {
        Stance.SUPPORT: _("It supports this"),
        Stance.CONDITIONS: _("It supports this with conditions"),
        Stance.AGAINST: _("It is against this"),
    }
)
name_members(
    {
        PositionState.DRAFT: _("A draft, not filed"),
        PositionState.ASKED: _("The member is asked whether it agrees"),
        PositionState.FILED: _("Filed"),
        PositionState.REPLACED: _("Replaced by another"),
        PositionState.WITHDRAWN: _("Taken back"),
        PositionState.REFUSED: _("The member does not agree"),
        PositionState.DROPPED: _("Never filed"),
    }
)
