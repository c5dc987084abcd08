"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from typing import Any

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.text import _, name_members
from db.actions import Action, DropReason, Side, SnoozeReason, Source, State
from db.people import Who

actions = Capability("actions", _("Joint action plan"))


def _owns(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Action) or about.side_of(who) is not None)


def _is_asked(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Action) or about.asked_side(who) is not None)


def _not_an_owner(rule: Rule) -> Rule:
    """Nobody settles what they own themselves, whatever their role."""

    def holds(who: Who, about: Any) -> bool:
        return rule(who, about) and not (isinstance(about, Action) and about.side_of(who) is not None)

    return Rule(f"{rule.name}, not an owner of it", holds)


def _is_party(who: Who, about: Any) -> bool:
    return _owns(who, about) or (isinstance(about, Action) and about.asked_side(who) is not None)


owners = Rule("an owner of it", _owns)
asked = Rule("whoever is asked to take it over", _is_asked)
proposers = allow.staff
planners = allow.coordinators | allow.administrators
keepers = _not_an_owner(planners)
# Whoever looks at an action that is not theirs.
others = Rule("whoever does not own it", lambda who, about: not _is_party(who, about))

name_members(
    {
        Side.CUSTOMS: _("Customs"),
        Side.BUSINESS: _("Business"),
        State.PROPOSED: _("Waits for its owners to agree"),
        State.ADOPTED: _("Adopted, not begun"),
        State.IN_PROGRESS: _("Under way"),
        State.CLAIMED: _("Said to be done by one owner"),
        State.DISPUTED: _("Disputed between its owners"),
        State.DONE: _("Done, confirmed by both"),
        State.DROPPED: _("Dropped"),
        Source.HAND: _("Added by hand"),
        Source.ISSUE: _("An issue"),
        Source.MEETING: _("A meeting"),
        Source.CONSULTATION: _("A consultation"),
        DropReason.DONE_OTHERWISE: _("Done in another way"),
        DropReason.NO_LONGER_NEEDED: _("No longer needed"),
        DropReason.NO_MEANS: _("Not possible with the present means"),
        DropReason.NOT_AGREED: _("No two owners agreed to it"),
        DropReason.LAW: _("The law does not allow it"),
        SnoozeReason.WAITS_FOR_PARTNER: _("It waits for the other owner"),
        SnoozeReason.WAITS_FOR_OTHERS: _("It waits for somebody else"),
        SnoozeReason.OTHER_WORK: _("Other work comes first"),
        SnoozeReason.AWAY: _("I am away"),
    }
)
