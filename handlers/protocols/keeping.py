"""How well it is kept: by rule and office, and month by month. The figures are everybody's."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Button, Screen, Table, button
from bot.kit.text import Raw, _, phrase_of
from db.people import Who
from db.protocols import Event
from db.protocols.figures import Kept, by_month, by_office, in_public
from db.small_groups import LEAST

from .offices import Offices
from .room import leads, protocols

YEAR = timedelta(days=365)
COLUMNS = (
    *(_("Office"), _("Owed"), _("Kept in time"), _("Still owed, too late")),
    *(_("Half of them within, in working days"), _("The longest, in working days")),
)
COUNTED = _(
    "Counted are promises that were kept, and those that are too late. Days are working days of the office concerned."
)


@protocols.command("kept", _("How well it is kept"), allow=allow.members)
def kept(ctx: Context, event: str = "") -> Screen:
    """Each rule of the last twelve months; of one rule, month by month for those who answer for it."""
    offices = Offices(ctx.session, ctx.who.administration_id)
    chosen = next((each for each in Event if each.value == event), None)
    if chosen is not None and leads(ctx.who):
        return _months(ctx, offices, chosen)
    reads = by_office if leads(ctx.who) else in_public
    figures = reads(ctx.session, offices.home.id, offices.home.zone, since=since(ctx.now), at=ctx.now)
    if not figures:
        return Screen(
            _("How well it is kept"),
            (_("There are no figures yet."),),
            buttons=(button(protocols.title, "protocols.protocol"),),
        )
    small = (_("Offices with fewer than {least} are counted together with others.", least=LEAST),)
    return Screen(
        _("How well it is kept"),
        (COUNTED, *(() if leads(ctx.who) else small)),
        table=Table(
            _("The last twelve months"),
            (_("What is promised"), *COLUMNS),
            tuple((phrase_of(each.event), *cells(each, offices)) for each in figures),
        ),
        buttons=(
            *_each_month(ctx.who, figures),
            button(protocols.title, "protocols.protocol"),
        ),
    )


def since(at: datetime) -> datetime:
    return at - YEAR


def cells(each: Kept, offices: Offices) -> tuple[object, ...]:
    """One line of figures, in the order of `COLUMNS`."""
    return (
        offices.name(each.centres),
        each.owed,
        _("{count} ({percent} %)", count=each.in_time, percent=each.percent),
        each.open,
        "–" if each.median_days is None else Raw(f"{each.median_days:g}"),
        "–" if each.worst_days is None else each.worst_days,
    )


def _each_month(who: Who, figures: list[Kept]) -> tuple[Button, ...]:
    if not leads(who):
        return ()
    return tuple(
        button(_("By month: {what}", what=event), "protocols.kept", event=event.value)
        for event in dict.fromkeys(each.event for each in figures)
    )


def _months(ctx: Context, offices: Offices, event: Event) -> Screen:
    home = offices.home
    figures = by_month(ctx.session, home.id, home.zone, event, since=since(ctx.now), at=ctx.now)
    rows = tuple((Raw(each.month or ""), *cells(each, offices)) for each in reversed(figures))
    table = Table(_("By month in which it began"), (_("Month"), *COLUMNS), rows)
    return Screen(
        phrase_of(event),
        (COUNTED,) if rows else (_("There are no figures yet."),),
        table=table if rows else None,
        buttons=(button(_("How well it is kept"), "protocols.kept"),),
    )
