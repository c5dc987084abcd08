"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.screen import Button, NotFound
from bot.kit.text import _, name_members
from db.broadcasts import SENDERS, Asks, Broadcast, BroadcastCopy, By, EditionKind, Reply, Standing
from db.people import Scope, Who

broadcasts = Capability("broadcasts", _("Broadcasts"))

# What the parts of this capability add to a broadcast's card, for whoever runs it; and what else happens when one was
# submitted, when its hold is over, when its copies were written, when an edition takes the place of another, when it
# ends, and when somebody has answered their copy.
ON_BROADCAST: list[Callable[[Context, Broadcast], tuple[Button, ...]]] = []
WHEN_SUBMITTED: list[Callable[[Context, Broadcast], None]] = []
WHEN_APPROVED: list[Callable[[Context, Broadcast], None]] = []
WHEN_BEGUN: list[Callable[[Context, Broadcast], None]] = []
WHEN_MENDED: list[Callable[[Context, Broadcast], None]] = []
WHEN_ENDED: list[Callable[[Context, Broadcast], None]] = []
WHEN_ANSWERED: list[Callable[[Context, Broadcast, BroadcastCopy], None]] = []


def _sends(who: Who, about: Any) -> bool:
    if isinstance(about, Broadcast):
        return about.is_run_by(who)
    return any(grant.name in SENDERS and grant.scope is not Scope.CENTRE for grant in who.grants)


def _wrote(who: Who, about: Any) -> bool:
    return _sends(who, about) and (not isinstance(about, Broadcast) or about.author_id == who.id)


def _approves(who: Who, about: Any) -> bool:
    return _sends(who, about) and (not isinstance(about, Broadcast) or about.author_id != who.id)


def _takes_back(who: Who, about: Any) -> bool:
    return _sends(who, about) and (
        not isinstance(about, Broadcast) or who.id in (about.author_id, about.approved_by_id)
    )


senders = Rule("whoever may broadcast in its scope", _sends)
author = Rule("its author", _wrote)
approvers = Rule("whoever may broadcast in its scope, never its author", _approves)
takers_back = Rule("its author and whoever approved it", _takes_back)


def of(broadcast: Broadcast, row: object) -> None:
    """Raise what is said of what does not exist, unless `row` belongs to it: arguments can be made up."""
    if getattr(row, "broadcast_id", None) != broadcast.id:
        raise NotFound()


# One call an enumeration: members of two with one value are equal, and would take each other's place in one mapping.
name_members(
    {
        Standing.DRAFT: _("Draft"),
        Standing.SUBMITTED: _("Waits for a second person"),
        Standing.HELD: _("Approved: it can still be taken back"),
        Standing.SENDING: _("Being sent"),
        Standing.PAUSED: _("Paused"),
        Standing.SENT: _("Sent"),
        Standing.STOPPED: _("Stopped"),
        Standing.WITHDRAWN: _("Withdrawn"),
    }
)
name_members(
    {
        Asks.NOTHING: _("Nothing"),
        Asks.ACKNOWLEDGE: _("To say that they have seen it"),
        Asks.REGISTER: _("To register for a symposium"),
        Asks.ANSWER: _("Yes, no, or in their own words"),
    }
)
name_members({Reply.SEEN: _("Seen"), Reply.YES: _("Yes"), Reply.NO: _("No"), Reply.OTHER: _("In other words")})
name_members(
    {
        EditionKind.FIRST: _("First version"),
        EditionKind.CORRECTION: _("Correction"),
        EditionKind.WITHDRAWAL: _("Withdrawal"),
    }
)
name_members(
    {
        By.REGION: _("Region of the world"),
        By.COUNTRY: _("Country"),
        By.PLACE: _("Place in the country"),
        By.SECTOR: _("Sector"),
        By.KIND: _("Business, association, agency, Customs"),
        By.ROLE: _("Role"),
        By.AEO: _("Trusted trader (AEO)"),
        By.EVENT: _("Registered for a symposium"),
        By.CONSULTATION: _("Took part in a consultation"),
        By.GROUP: _("Attends a meeting or a group"),
    }
)
