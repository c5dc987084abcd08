"""Registration opens: those the symposium is for hear it, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Screen, Style, button
from bot.kit.text import When, _
from db.calls import in_audience
from db.people import Person, Topic
from db.registrations import Registration, RegistrationState
from db.symposia import Symposium
from handlers.symposia.room import WHEN_DATED

from . import finding, seating
from .room import registrations

AT_ONCE = 200  # persons told in one turn


def plan(ctx: Context, symposium: Symposium) -> None:
    """At the instant its dates now say; at once where that has come."""
    opens = symposium.registration_opens_at
    if opens is not None and seating.is_open(symposium, None, ctx.now):
        _later(ctx, symposium, max(opens, ctx.now), opens.isoformat(), 0)


def _later(ctx: Context, symposium: Symposium, at: datetime, opens: str, after: int) -> None:
    key = f"{symposium.ref}:opening:{opens}:{after}"
    ctx.later(at, "registrations.opening", key=key, symposium=symposium.id, opens=opens, after=after)


@registrations.job("opening")
def opening(ctx: Context, symposium: Symposium, opens: str, after: int) -> None:
    """The next of those it is for, by their number, unless they come already; then the rest in a turn of its own."""
    stands = symposium.registration_opens_at == datetime.fromisoformat(opens)
    if not stands or not symposium.takes_registrations(ctx.now):
        return
    next_ = in_audience(symposium), Person.id > after
    people = ctx.session.scalars(select(Person.id).where(*next_).order_by(Person.id).limit(AT_ONCE)).all()
    comes = Registration.symposium_id == symposium.id, Registration.state != RegistrationState.CANCELLED
    known = {symposium.organiser_id, *ctx.session.scalars(select(Registration.person_id).where(*comes))}
    screen = _screen(symposium)
    for person_id in people:
        if person_id not in known:
            ctx.notify(
                person_id,
                screen,
                once=f"{symposium.ref}:opening",
                topic=Topic.EVENTS,
                until=symposium.registration_closes_at,
            )
    if len(people) == AT_ONCE:
        _later(ctx, symposium, ctx.now, opens, people[-1])


def _screen(symposium: Symposium) -> Screen:
    closes = symposium.registration_closes_at
    return Screen(
        _("Registration for a symposium is open."),
        (
            finding.name(symposium),
            *((_("You can register until {when}.", when=When(closes, venue=symposium.zone)),) if closes else ()),
        ),
        buttons=(
            button(_("Register"), "registrations.register", style=Style.PRIMARY, symposium=symposium.id),
            button(_("Open"), "symposia.show", symposium=symposium.id),
        ),
    )


WHEN_DATED.append(plan)
