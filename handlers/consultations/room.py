"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.screen import Button, NotFound
from bot.kit.text import Phrase, _, name_members
from db.consultations import Change, Consultation, ContributionKind, Phase, Subject, Treatment
from db.people import Person, RoleName, Who
from handlers import centres

consultations = Capability("consultations", _("Consultations"))

# What other capabilities add, each by itself: buttons to a consultation's card; what else happens when it comes to
# another phase, when a next draft lies open, when a passage was translated, and when it is given up.
ON_CONSULTATION: list[Callable[[Context, Consultation], tuple[Button, ...]]] = []
WHEN_MOVED: list[Callable[[Context, Consultation], None]] = []
WHEN_REDRAFTED: list[Callable[[Context, Consultation], None]] = []
WHEN_TRANSLATED: list[Callable[[Context, Consultation], None]] = []
WHEN_WITHDRAWN: list[Callable[[Context, Consultation], None]] = []


# Why a subject closes the door at once, and where it belongs instead.
WHY_NOT: dict[Subject, Phrase] = {
    Subject.BUDGET: _(
        "The budget is decided by government and parliament: a consultation of Customs could promise nothing about it."
    ),
    Subject.ENFORCEMENT: _(
        "How Customs investigates and enforces is not consulted on: whoever breaks the law would hear it first. How"
        " checks go at the border is, as “What happens at the border”."
    ),
    Subject.SINGLE_CASE: _(
        "A single case, a decision or a dispute has its own way: raise it as an issue, or appeal. What many cases have"
        " in common can be consulted on."
    ),
}


def _runs(who: Who, about: Any) -> bool:
    return who.is_staff and (not isinstance(about, Consultation) or about.is_run_by(who))


def _owns(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Consultation) or about.is_owned_by(who))


def _was_asked(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Consultation) or about.asked_id == who.id)


def _proposed(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Consultation) or about.proposer_id == who.id)


def _shares(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Consultation) or about.co_owner_id == who.id)


runs = Rule("whoever runs the consultation", _runs)
owners = Rule("whoever owns the consultation, on either side", _owns)
deciders = Rule(
    "whoever runs the consultation, not of their own", lambda who, about: _runs(who, about) and not _is_own(who, about)
)
asked = Rule("whoever was asked to own it", _was_asked)
proposer = Rule("whoever proposed it", _proposed)
co_owner = Rule("its owner in business", _shares)
members = allow.members
makers = allow.staff


def _is_own(who: Who, about: Any) -> bool:
    return isinstance(about, Consultation) and about.proposer_id == who.id


def of(consultation: Consultation, row: object) -> None:
    """Raise what is said of what does not exist, unless `row` belongs to it: arguments can be made up."""
    if getattr(row, "consultation_id", None) != consultation.id:
        raise NotFound()


def at_customs(ctx: Context, consultation: Consultation, *roles: RoleName) -> list[int]:
    """Its owner in Customs; where there is none, or they have no role any longer, its desk (those with `roles`, where
    some are named) or who oversees desks."""
    if consultation.owner_id is not None:
        person = ctx.session.get_one(Person, consultation.owner_id)
        if ctx.who_is(person).is_staff:
            return [person.id]
    centre_id = consultation.centre_id
    desk = centres.desk(ctx.session, centre_id, *roles, at=ctx.now) if centre_id is not None else ()
    return list(desk) or list(centres.overseers(ctx.session, consultation.administration_id, at=ctx.now))


# One call an enumeration: members of two with one value are equal, and would take each other's place in one mapping.
name_members(
    {
        Phase.PROPOSED: _("Proposed"),
        Phase.DECLINED: _("Declined"),
        Phase.PREPARED: _("Being prepared"),
        Phase.SHAPING: _("Open for ideas"),
        Phase.DRAFTING: _("The text is being written"),
        Phase.COMMENTS: _("Open for comments"),
        Phase.DECISION: _("Closed: what was said is being answered"),
        Phase.OUTCOME: _("The outcome is out"),
        Phase.WITHDRAWN: _("Given up"),
    }
)
name_members(
    {
        Subject.PROCEDURE: _("How something is done at Customs"),
        Subject.DOCUMENTS: _("Which documents are asked for"),
        Subject.SYSTEMS: _("Computer systems"),
        Subject.FEES: _("Fees and charges"),
        Subject.BORDER: _("What happens at the border"),
        Subject.TRAINING: _("Training and information"),
        Subject.OTHER: _("Something else"),
        Subject.BUDGET: _("The budget of Customs"),
        Subject.ENFORCEMENT: _("How Customs investigates and enforces"),
        Subject.SINGLE_CASE: _("A single case, a decision or a dispute"),
    }
)
name_members(
    {
        ContributionKind.COMMENT: _("Comment"),
        ContributionKind.SUGGESTION: _("Other words"),
        ContributionKind.ANSWER: _("Answer to a question"),
        ContributionKind.POSITION: _("Formal position"),
    }
)
name_members(
    {
        Change.SAME: _("As it was"),
        Change.MOVED: _("Moved"),
        Change.CHANGED: _("Changed"),
        Change.SPLIT: _("Split"),
        Change.MERGED: _("Merged"),
        Change.NEW: _("New"),
        Change.DROPPED: _("Dropped"),
    }
)
name_members(
    {
        Treatment.ADOPTED: _("Adopted"),
        Treatment.PARTLY: _("Adopted in part"),
        Treatment.NOT: _("Not adopted"),
    }
)
