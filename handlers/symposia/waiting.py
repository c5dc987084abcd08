"""What waits for somebody among the symposia: for home."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BindParameter, and_, bindparam, cast, func, literal, null, select, union_all

from bot.kit.context import Context
from bot.kit.screen import Row, Style, button
from bot.kit.text import Code, Raw, When, _, ngettext
from db.calls import Proposal, ProposalState, Review, Reviewer
from db.registrations import Registration, Seat, SeatState
from db.symposia import (
    Agreed,
    SessionPart,
    SessionState,
    Symposium,
    SymposiumSession,
    SymposiumState,
)

MOST = 3
OFFERED, ASKED, TO_REVIEW, TO_DECIDE = range(4)  # in this order: an offer lapses soonest

_ME: BindParameter[int] = bindparam("person")
_HERE = Symposium.administration_id == bindparam("home")
_OPEN = and_(_HERE, Symposium.state.in_((SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED)))
_NEVER = cast(null(), Seat.offered_until.type)
_SEATS = (
    select(
        literal(OFFERED).label("what"),
        Seat.id,
        func.coalesce(SymposiumSession.title, Symposium.title),
        func.coalesce(SymposiumSession.language, Symposium.language),
        Symposium.id,
        Seat.offered_until.label("until"),
    )
    .join(Registration, Registration.id == Seat.registration_id)
    .join(Symposium, Symposium.id == Seat.symposium_id)
    .outerjoin(SymposiumSession, SymposiumSession.id == Seat.session_id)
    .where(_HERE, Registration.person_id == _ME, Seat.state == SeatState.OFFERED)
    .where(Seat.offered_until > bindparam("now", type_=Seat.offered_until.type))
)
_PARTS = (
    select(literal(ASKED), SessionPart.id, SymposiumSession.title, SymposiumSession.language, Symposium.id, _NEVER)
    .join(SymposiumSession, SymposiumSession.id == SessionPart.session_id)
    .join(Symposium, Symposium.id == SymposiumSession.symposium_id)
    .where(SessionPart.person_id == _ME, SessionPart.agreed == Agreed.ASKED, _OPEN)
    .where(SymposiumSession.state == SessionState.PLANNED)
)
_REVIEWED = select(Review.id).where(Review.proposal_id == Proposal.id, Review.person_id == _ME)
_REVIEWS = (
    select(literal(TO_REVIEW), func.count(Proposal.id), Symposium.title, Symposium.language, Symposium.id, _NEVER)
    .join(Proposal, Proposal.symposium_id == Symposium.id)
    .join(Reviewer, Reviewer.symposium_id == Symposium.id)
    .where(Reviewer.person_id == _ME, _OPEN, Proposal.state == ProposalState.SENT, ~_REVIEWED.exists())
    .where(Proposal.proposer_id != _ME, func.coalesce(Proposal.speaker_id, 0) != _ME)
    .where(func.coalesce(Proposal.organisation_id, 0) != bindparam("organisation"))
    .group_by(Symposium.id, Symposium.title, Symposium.language)
)
_DECISIONS = (
    select(literal(TO_DECIDE), func.count(Proposal.id), Symposium.title, Symposium.language, Symposium.id, _NEVER)
    .join(Proposal, Proposal.symposium_id == Symposium.id)
    .where(Symposium.organiser_id == bindparam("organiser"), _OPEN, Proposal.state == ProposalState.SENT)
    .where(Symposium.call_closes_at <= bindparam("now", type_=Symposium.call_closes_at.type))
    .group_by(Symposium.id, Symposium.title, Symposium.language)
)
# Home asks this of everybody, every time: one question for all that may wait.
WAITING = union_all(_SEATS, _PARTS, _REVIEWS, _DECISIONS).order_by("what", "until").limit(MOST)


def waiting(ctx: Context) -> tuple[Row, ...]:
    """Seats one is offered, sessions one has not said yes or no to, what one was asked to review, what one decides."""
    asked = {
        "person": ctx.who.id,
        "home": ctx.who.administration_id,
        "organisation": ctx.who.organisation_id or -1,
        "organiser": ctx.who.id if ctx.who.is_staff else 0,
        "now": ctx.now,
    }
    return tuple(_row(*each) for each in ctx.session.execute(WAITING, asked).all())


def _row(what: int, number: int, title: str, language: str, symposium_id: int, until: datetime | None) -> Row:
    ref = Code(f"S-{symposium_id}")
    if what == OFFERED and until is not None:
        accept = button(_("Accept"), "registrations.accept", style=Style.PRIMARY, seat=number)
        decline = button(_("Decline"), "registrations.decline", seat=number)
        return Row(Raw(title, language), _("a seat is free for you until {when}", when=When(until)), (accept, decline))
    if what == ASKED:
        yes = button(_("I will be there"), "symposia.come", style=Style.PRIMARY, part=number)
        more = button(_("Open"), "symposia.part", part=number)
        return Row(Raw(title, language), _("{ref} · you are asked to take part", ref=ref), (yes, more))
    if what == TO_REVIEW:
        said = ngettext("{ref} · {count} proposal to review", "{ref} · {count} proposals to review", number, ref=ref)
        look = button(_("Review"), "symposia.reviews", style=Style.PRIMARY, symposium=symposium_id)
    else:
        said = ngettext(
            "{ref} · {count} proposal waits for your decision",
            "{ref} · {count} proposals wait for your decision",
            number,
            ref=ref,
        )
        look = button(_("Decide"), "symposia.ranking", style=Style.PRIMARY, symposium=symposium_id)
    return Row(Raw(title, language), said, (look,))
