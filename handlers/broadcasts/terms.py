"""By which right a broadcast goes, what it asks, when: the terms its author sets and whoever approves it reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Option, ask
from bot.kit.screen import Fact
from bot.kit.text import Named, Phrase, Raw, When, _, listed, name_members
from db.broadcasts import SENDERS, Asks, Broadcast
from db.people import Administration, Grant, Scope, Who
from db.symposia import Symposium, SymposiumState
from handlers.roundtables.dates import instant, read_time

from . import choosing, texts

if TYPE_CHECKING:
    from .composing import Compose, Terms

ONLY = "only"  # the answer to which right, where somebody holds one
NARROWEST = (Scope.COUNTRY, Scope.REGION, Scope.WORLD)


class Hour(StrEnum):
    """When somebody may be written to."""

    SUITABLE = "suitable"
    ANY = "any"


class Moment(StrEnum):
    NOW = "now"
    LATER = "later"


name_members(
    {
        Hour.SUITABLE: _("In each one's own working hours"),
        Hour.ANY: _("At any hour: it is urgent"),
        Moment.NOW: _("As soon as it is approved"),
        Moment.LATER: _("From a day and an hour on"),
    }
)


def rights(who: Who) -> list[Grant]:
    """By which rights somebody may send to many, the narrowest first."""
    found = {(each.scope, each.scope_id): each for each in sorted(who.grants, key=str) if each.name in SENDERS}
    return sorted(
        (each for each in found.values() if each.scope in NARROWEST),
        key=lambda each: (NARROWEST.index(each.scope), each.scope_id),
    )


def right_options(ctx: Context, query: str) -> Sequence[Option]:
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    return [Option(key(each), reach(home, each.scope, each.scope_id)) for each in rights(ctx.who)]


def key(right: Grant) -> str:
    return f"{right.scope.value}:{right.scope_id}"


def reach(home: Administration, scope: Scope, scope_id: str) -> Phrase | Named:
    """Whom a right reaches, in words."""
    if scope is Scope.WORLD:
        return _("Everybody in every administration here")
    region = texts.region_name(home, scope_id) if scope is Scope.REGION else None
    if region is None:
        return _("Everybody of {administration}", administration=Named(home.name))
    return _("Everybody in the region: {region}", region=region)


def symposia(ctx: Context, query: str) -> Sequence[Option]:
    """Those whoever writes runs, and that have been announced."""
    alive = Symposium.state.in_((SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED)), Symposium.run_by(ctx.who)
    found = ctx.session.scalars(select(Symposium).where(*alive).order_by(Symposium.first_day.desc()).limit(50))
    typed = query.casefold()
    return [
        Option(str(each.id), Raw(each.title, each.language))
        for each in found
        if typed in each.title.casefold() or query == str(each.id)
    ]


WANTS = ask.choice(_("What do you ask of them?"))
SYMPOSIUM = ask.pick(_("For which symposium?"), options=symposia, when=lambda so_far: so_far.wants is Asks.REGISTER)
HOUR = ask.choice(_("At which hours may it come?"))
MOMENT = ask.choice(_("When does it go?"))
DAY = ask.date(_("On which day?"), when=lambda so_far: so_far.moment is Moment.LATER)
TIME = ask.line(
    _("At what time?"),
    max=20,
    hint=_("On your own clock, for example 10:00."),
    when=lambda so_far: so_far.moment is Moment.LATER,
)


def as_they_are(ctx: Context, broadcast: Broadcast) -> dict[str, Any]:
    """Its terms as answers of the form that changes them: whoever changes one of them keeps the others."""
    given: dict[str, Any] = {
        "wants": broadcast.asks.value,
        "hour": (Hour.ANY if broadcast.is_urgent else Hour.SUITABLE).value,
        "moment": (Moment.LATER if broadcast.send_at is not None else Moment.NOW).value,
    }
    if broadcast.symposium_id is not None:
        given["symposium"] = str(broadcast.symposium_id)
    if broadcast.send_at is not None:
        own = broadcast.send_at.astimezone(ZoneInfo(ctx.who.zone))
        given |= {"day": own.date().isoformat(), "time": f"{own:%H:%M}"}
    return given


def put(ctx: Context, broadcast: Broadcast, given: Compose | Terms) -> None:
    broadcast.asks = given.wants
    broadcast.symposium_id = int(given.symposium) if given.symposium else None
    broadcast.is_urgent = given.hour is Hour.ANY
    broadcast.send_at = _send_at(ctx, given)


def _send_at(ctx: Context, given: Compose | Terms) -> datetime | None:
    if given.day is None or given.time is None:
        return None
    return instant(given.day, read_time(given.time, field="time"), ctx.who.zone, now=ctx.now, field="day")


def facts(ctx: Context, broadcast: Broadcast) -> tuple[Fact, ...]:
    """For whom it is, what it asks and when it goes: what whoever approves it has to know."""
    home = ctx.session.get_one(Administration, broadcast.administration_id)
    symposium = ctx.session.get(Symposium, broadcast.symposium_id) if broadcast.symposium_id else None
    files = texts.files_of(ctx.session, broadcast)
    return (
        Fact(_("From"), texts.sender(ctx.session, broadcast)),
        Fact(_("Reach"), reach(home, broadcast.scope, broadcast.scope_id)),
        Fact(_("For whom it is"), choosing.in_words(ctx, broadcast)),
        Fact(_("It asks"), broadcast.asks),
        *((Fact(_("Symposium"), Raw(symposium.title, symposium.language)),) if symposium is not None else ()),
        Fact(_("When"), When(broadcast.send_at) if broadcast.send_at is not None else Moment.NOW),
        Fact(_("Hours"), Hour.ANY if broadcast.is_urgent else Hour.SUITABLE),
        *((Fact(_("Attached"), listed([Raw(each.name) for each in files])),) if files else ()),
    )
