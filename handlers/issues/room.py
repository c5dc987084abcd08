"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.text import _, name_members
from db.issues import How, Issue, Level, State, Voice
from db.outcomes import Decision, Reason
from db.people import Who

issues = Capability("issues", _("Issues"))


def _raised(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Issue) or about.reporter_id == who.id)


def _not_their_own(rule: Rule) -> Rule:
    """Nobody handles what they raised themselves, whatever their role."""

    def holds(who: Who, about: Any) -> bool:
        return rule(who, about) and not (isinstance(about, Issue) and about.reporter_id == who.id)

    return Rule(f"{rule.name}, not of their own", holds)


reporter = Rule("whoever raised it", _raised)
staff = _not_their_own(allow.staff)
officers = _not_their_own(allow.officers)
coordinators = _not_their_own(allow.coordinators)
climbers = _not_their_own(allow.officers | allow.coordinators)  # who may ask the level above
routers = _not_their_own(allow.officers | allow.coordinators | allow.administrators)  # who may say which desk answers
approvers = _not_their_own(allow.leads | allow.administrators)
openers = _not_their_own(allow.officers | allow.administrators)

# What else shows the neutral line of an issue: (ctx, issue) -> None, told when it is published or changed.
WHEN_NAMED: list[Callable[[Context, Issue], None]] = []
BY_REPORTER = (Voice.RAISED, Voice.ADDITION, Voice.ANSWER)

name_members(
    {
        State.OPEN: _("Received, not taken yet"),
        State.TAKEN: _("Being looked into"),
        State.ASKED: _("Waits for an answer to a question"),
        State.PROPOSED: _("The answer is being checked"),
        State.SETTLED: _("Settled"),
        State.WITHDRAWN: _("Withdrawn"),
        State.MERGED: _("Answered together with others"),
        Level.NATIONAL: _("National"),
        Level.REGIONAL: _("Regional"),
        Level.INTERNATIONAL: _("International"),
        How.REPORTER: _("Raised it"),
        How.SAME_HERE: _("Has the same problem"),
        How.CONTRIBUTOR: _("Added what they know"),
        How.FOLLOWER: _("Follows it"),
        Decision.DONE: _("Done"),
        Decision.PARTLY: _("Done in part"),
        Decision.NOT: _("Not done"),
        Reason.LAW: _("The law does not allow it"),
        Reason.OTHER_AUTHORITY: _("Another authority decides this"),
        Reason.SAFETY: _("Safety, health or security"),
        Reason.FACTS: _("The facts could not be confirmed"),
        Reason.MEANS: _("Not possible with the present means"),
        Reason.PLANNED: _("Planned for later"),
        Reason.ALREADY_SO: _("It already works that way"),
    }
)
