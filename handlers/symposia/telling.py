"""Telling those who run a symposium, and what its call has still open, in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Screen, Style, button
from bot.kit.text import Phrase, _, ngettext
from db.calls import Proposal, ProposalState
from db.machinery import Draft
from db.people import Person, Topic
from db.symposia import Symposium, SymposiumState
from handlers import centres

from . import cards
from .room import symposia

BEFORE_CLOSE = timedelta(days=2)
PROPOSING = (
    "symposia.propose",
    "symposia.propose_for",
    "symposia.propose_issue",
    "consultations.propose_session",
)

# The end of the call


def plan_call(ctx: Context, symposium: Symposium) -> None:
    """Remind before the call closes, and say when it has; as its dates are now."""
    closes = symposium.call_closes_at
    if symposium.call_opens_at is None or closes is None or symposium.state is SymposiumState.DRAFT:
        return
    for at, verb in ((closes - BEFORE_CLOSE, "closing"), (closes, "closed")):
        if at > ctx.now:
            key = f"{symposium.ref}:{verb}:{closes.isoformat()}"
            ctx.later(at, f"symposia.{verb}", key=key, symposium=symposium.id, closes=closes.isoformat())


def _stands(ctx: Context, symposium: Symposium, closes: str) -> bool:
    """Whether its call closes when it did when this was planned."""
    is_shown = symposium.state in (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED)
    return is_shown and symposium.call_closes_at == datetime.fromisoformat(closes)


@symposia.job("closing")
def closing(ctx: Context, symposium: Symposium, closes: str) -> None:
    """Whoever has begun a proposal and not sent it is reminded."""
    if not _stands(ctx, symposium, closes):
        return
    begun = select(Draft).where(Draft.form.in_(PROPOSING)).order_by(Draft.id)
    for draft in ctx.session.scalars(begun).all():
        if draft.bound.get("symposium") != symposium.id:
            continue
        lead = _(
            "You have begun a proposal. It can be sent until {when}.",
            when=cards.at(symposium, symposium.call_closes_at),
        )
        go_on = button(_("Go on"), draft.form, style=Style.PRIMARY, **draft.bound)
        ctx.notify(
            draft.person_id,
            Screen(lead, (cards.title(symposium),), buttons=(go_on, cards.open_it(symposium))),
            once=f"{symposium.ref}:closing:{closes}",
            topic=Topic.REMINDERS,
            until=symposium.call_closes_at,
        )


@symposia.job("closed")
def closed(ctx: Context, symposium: Symposium, closes: str) -> None:
    """Whoever runs it hears how many wait."""
    if not _stands(ctx, symposium, closes):
        return
    left = Proposal.symposium_id == symposium.id, Proposal.state == ProposalState.SENT
    count = len(ctx.session.scalars(select(Proposal.id).where(*left)).all())
    lead = ngettext(
        "The call has closed. {count} proposal waits for a decision.",
        "The call has closed. {count} proposals wait for a decision.",
        count,
    )
    look = button(_("Proposals"), "symposia.ranking", style=Style.PRIMARY, symposium=symposium.id)
    tell_organisers(ctx, symposium, lead, once=f"closed:{closes}", more=(look,))


# Telling those who run it


def organisers(ctx: Context, symposium: Symposium) -> list[int]:
    """Who made it; where they have no role any longer, its desk, or who oversees the desks."""
    person = ctx.session.get_one(Person, symposium.organiser_id)
    if ctx.who_is(person).is_staff:
        return [person.id]
    desk = centres.desk(ctx.session, symposium.centre_id, at=ctx.now) if symposium.centre_id is not None else ()
    return list(desk) or list(centres.overseers(ctx.session, symposium.administration_id, at=ctx.now))


def tell_organisers(
    ctx: Context,
    symposium: Symposium,
    lead: Phrase,
    *,
    once: str,
    body: Iterable[Any] = (),
    more: Iterable[Button] = (),
    topic: Topic | None = None,
    urgent: bool = False,
) -> None:
    """Whoever runs it, unless they did it themselves."""
    screen = Screen(lead, (cards.title(symposium), *body), buttons=(*more, cards.open_it(symposium)))
    for person_id in organisers(ctx, symposium):
        if person_id != ctx.who.id:
            ctx.notify(person_id, screen, once=f"{symposium.ref}:{once}", topic=topic, urgent=urgent)
