"""Announcing a symposium to those it is for, once; and calling it off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Quote, Refusal, Scalar, Screen
from bot.kit.text import Raw, _, ngettext
from db.calls import Proposal, ProposalState, in_audience
from db.people import Person, Topic
from db.symposia import Agreed, SessionPart, SessionState, Symposium, SymposiumSession, SymposiumState

from . import cards, making, needing, telling
from .room import COMING, WHEN_CANCELLED, WHEN_DATED, runs, symposia

AT_ONCE = 200  # persons told in one turn
REASON = 600


@symposia.command(
    "announce",
    _("Announce it"),
    allow=runs,
    confirm=_("Everybody it is for is told, once, and can find it from now on. Announce it?"),
)
def announce(ctx: Context, symposium: Symposium) -> Screen:
    """From now on its audience sees it; sessions are proposed and people register as its dates say."""
    if symposium.last_day < ctx.now.date():
        raise Refusal(_("Its days are past."))
    if not symposium.announce():
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=symposium.state))
    if symposium.call_closes_at is not None and symposium.call_closes_at > ctx.now:
        symposium.call_opens_at = ctx.now
    ctx.session.flush()
    telling.plan_call(ctx, symposium)
    ends = making.instant(symposium.last_day + timedelta(days=1), time(0), symposium.zone)
    ctx.later(max(ends, ctx.now), "symposia.over", key=f"{symposium.ref}:over", symposium=symposium.id)
    ctx.later(ctx.now, "symposia.tell", key=f"{symposium.ref}:tell:0", symposium=symposium.id, after=0)
    needing.ask_all(ctx, symposium)
    if not symposium.takes_registrations(ctx.now):  # otherwise what is announced says that it is open
        for plan in WHEN_DATED:
            plan(ctx, symposium)
    return cards.card(ctx, symposium, _("Announced. Those it is for are being told."))


@symposia.job("tell")
def tell(ctx: Context, symposium: Symposium, after: int) -> None:
    """The next of those it is for, by their number; then the rest in a turn of its own."""
    if symposium.state not in (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED):
        return
    next_ = in_audience(symposium), Person.id > after
    people = ctx.session.scalars(select(Person.id).where(*next_).order_by(Person.id).limit(AT_ONCE)).all()
    screen = cards.announced(ctx, symposium, _("A symposium is announced."))
    for person_id in people:
        if person_id != symposium.organiser_id:
            ctx.notify(person_id, screen, once=f"{symposium.ref}:announced", topic=Topic.EVENTS)
    if len(people) == AT_ONCE:
        key = f"{symposium.ref}:tell:{people[-1]}"
        ctx.later(ctx.now, "symposia.tell", key=key, symposium=symposium.id, after=people[-1])


@symposia.job("over")
def over(ctx: Context, symposium: Symposium) -> None:
    """Its last day has passed: what was published took place."""
    symposium.close(at=ctx.now)


# Calling it off


@symposia.form("cancel", _("Cancel it"), allow=runs)
class Cancel(Form):
    """It does not take place. Those needed in it, and those who proposed something, hear why; and who registered."""

    symposium: Symposium = ask.about()
    reason: str | None = ask.prose(
        _("Why does it not take place?"), max=REASON, optional=True, hint=_("Everybody who is told reads it.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        making.must_be_ahead(bound["symposium"])

    def submit(self, ctx: Context) -> Screen:
        symposium = self.symposium
        was = symposium.state
        if not symposium.cancel(at=ctx.now):
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=symposium.state))
        if was is SymposiumState.DRAFT:
            symposium.audience = making.NOBODY
            ctx.session.flush()
            return cards.card(ctx, symposium, _("Cancelled. Nobody had heard of it yet."))
        symposium.call_closes_at = symposium.registration_opens_at = symposium.registration_closes_at = None
        ctx.session.flush()
        people = _concerned(ctx, symposium) - {ctx.who.id}
        _tell_cancelled(ctx, symposium, self.reason or "", ctx.who.language, by=ctx.who.id, after=0)
        for note in WHEN_CANCELLED:
            note(ctx, symposium)
        lead = ngettext(
            "Cancelled. {count} person is being told.", "Cancelled. {count} people are being told.", len(people)
        )
        return cards.card(ctx, symposium, lead)


def _tell_cancelled(ctx: Context, symposium: Symposium, reason: str, language: str, *, by: int, after: int) -> None:
    key = f"{symposium.ref}:cancelled:{after}"
    args: dict[str, Scalar] = {"reason": reason, "language": language, "by": by, "after": after}
    ctx.later(ctx.now, "symposia.tell_cancelled", key=key, symposium=symposium.id, **args)


@symposia.job("tell_cancelled")
def tell_cancelled(ctx: Context, symposium: Symposium, reason: str, language: str, by: int, after: int) -> None:
    """The next of those concerned, by their number; then the rest in a turn of its own."""
    people = sorted(each for each in _concerned(ctx, symposium) - {by} if each > after)[:AT_ONCE]
    why = (Quote(Raw(reason, language), label=_("Why")),) if reason else ()
    screen = Screen(
        _("A symposium does not take place."), (cards.title(symposium), *why), buttons=(cards.open_it(symposium),)
    )
    for person_id in people:
        ctx.notify(person_id, screen, once=f"{symposium.ref}:cancelled", urgent=True)
    if len(people) == AT_ONCE:
        _tell_cancelled(ctx, symposium, reason, language, by=by, after=people[-1])


def _concerned(ctx: Context, symposium: Symposium) -> set[int]:
    """Who was to speak, proposed something that was not declined, or comes."""
    needed = (
        select(SessionPart.person_id)
        .join(SymposiumSession, SymposiumSession.id == SessionPart.session_id)
        .where(SymposiumSession.symposium_id == symposium.id, SymposiumSession.state == SessionState.PLANNED)
        .where(SessionPart.agreed != Agreed.NO)
    )
    open_ = Proposal.symposium_id == symposium.id, Proposal.state.in_((ProposalState.SENT, ProposalState.ACCEPTED))
    proposed = select(Proposal.proposer_id).where(*open_)
    coming = (each for know in COMING for each in know(ctx.session, symposium))
    return {*ctx.session.scalars(needed), *ctx.session.scalars(proposed), *coming}
