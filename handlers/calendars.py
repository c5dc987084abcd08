"""Calendars: what concerns a person, in the calendar program they use anyway, by an address only they know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit import allow
from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.feeds import MINE, PROBE, Choice, Subscriber
from bot.kit.forms import Form, ask
from bot.kit.screen import QR, Button, Fact, NotFound, Picture, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Link, Phrase, Raw, When, _, name_members, phrase_of
from db.calendars import CalendarAddress
from db.people import Administration
from scheduling.calendar.entry import Entry, Label

calendars = Capability("calendars", _("Calendars"))

name_members(
    {
        Label.PUBLIC: _("Only when, and what everybody may know"),
        Label.MEMBERS: _("What is not confidential"),
        Label.CLOSED: _("Everything, confidential titles too"),
    }
)
PROGRAMS: Mapping[str, Phrase | Raw] = {
    "google": Raw("Google Calendar"),
    "outlook": Raw("Outlook"),
    "apple": _("an Apple calendar"),
    "thunderbird": Raw("Thunderbird"),
    "icsx5": Raw("ICSx⁵"),
    "vdirsyncer": Raw("vdirsyncer"),
}
GOOGLE = "https://calendar.google.com/calendar/r?cid="
OUTLOOK = "https://outlook.office.com/calendar/0/addfromweb?url="
CLOSING_IN = _("Calendar programs look for news only every few hours: what changes at short notice is told here, too.")


@calendars.calendar(MINE, _("My calendar"))
def mine(subscriber: Subscriber) -> Iterable[Choice]:
    """Everybody has one of their own."""
    if subscriber.who is not None and subscriber.who.is_registered:
        yield Choice("", _("My calendar"))


@calendars.calendar(PROBE, _("A calendar to try"))
def probe(subscriber: Subscriber) -> Iterable[Choice]:
    """A public one, by which `parley doctor` finds out whether calendars can be fetched from outside."""
    if subscriber.who is None:
        yield Choice(PROBE, _("A calendar to try"))


@calendars.feed(PROBE)
def it_works(subscriber: Subscriber) -> Iterable[Entry]:
    """The same single entry always."""
    starts = datetime(2026, 1, 5, 10, tzinfo=ZoneInfo(subscriber.administration.zone))
    yield Entry(
        uid=subscriber.uid("probe"),
        revision=1,
        sequence=0,
        changed_at=datetime(2026, 1, 1, tzinfo=UTC),
        starts=starts,
        ends=starts + timedelta(hours=1),
        title=subscriber.say(_("Calendars work")),
        label=Label.PUBLIC,
    )


@calendars.command("calendar", _("My calendar"), allow=allow.members, menu=35)
def calendar(ctx: Context) -> Screen:
    """The addresses one has, and the calendars one could have; whoever has none is given their own at once."""
    if _addresses(ctx):
        return _standing(ctx)
    return _first(ctx, MINE, "")


@calendars.command("subscribe", _("Subscribe"), allow=allow.members)
def subscribe(ctx: Context, scope: str, about: str) -> Screen:
    """A first address for one of the calendars they may have."""
    return _first(ctx, scope, about)


def _first(ctx: Context, scope: str, about: str) -> Screen:
    choice = ctx.calendars.get((scope, about))
    if choice is None:
        raise NotFound()
    if any((each.scope, each.about) == (scope, about) for each in _addresses(ctx)):
        raise Refusal(_("You have an address for this calendar already. Make a new one if you no longer know it."))
    address = CalendarAddress(
        administration_id=ctx.who.administration_id,
        person_id=ctx.who.id,
        scope=scope,
        about=about,
        label=Label.MEMBERS.value,
    )
    return _handed_over(ctx, address, choice)


@calendars.command(
    "renew",
    _("Make a new address"),
    allow=allow.members,
    confirm=_("The address you have now stops working, wherever it is used. Make a new one?"),
)
def renew(ctx: Context, address: CalendarAddress) -> Screen:
    """Another secret for the same calendar; the one before opens nothing any more."""
    return _handed_over(ctx, address, _choice(ctx, address))


@calendars.command(
    "stop",
    _("Stop this address"),
    allow=allow.members,
    confirm=_("The calendar disappears from every program that uses this address. Stop it?"),
)
def stop(ctx: Context, address: CalendarAddress) -> Screen:
    """Withdraw an address: to whoever comes with it, it never was."""
    ctx.session.delete(address)
    ctx.session.flush()
    return _standing(ctx, _("The address is stopped."))


@calendars.form("tell", _("How much it tells"), allow=allow.members)
class Tell(Form):
    """What somebody else's computer, which a calendar program is, may hold of one's matters."""

    address: CalendarAddress = ask.about()
    label: Label = ask.choice(_("How much may this calendar tell?"))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return (_("What an address may not tell stands in the calendar as a time without a title of its own."),)

    def submit(self, ctx: Context) -> Screen:
        self.address.label = self.label.value
        return _standing(ctx, _("From now on it tells: {label}.", label=self.label))


@calendars.command("everybodys", _("Calendars for everybody"), allow=allow.members)
def everybodys(ctx: Context) -> Screen:
    """The addresses of the public calendars, to be given to anybody or put on a page."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)

    def address(*names: str) -> Link:
        return Link(ctx.page("/".join(("calendar", home.code, *filter(None, names), f"{ctx.who.language}.ics"))))

    return Screen(
        _("Calendars for everybody"),
        (_("Whoever has such an address can subscribe to it: it tells only when, and what everybody may know."),),
        rows=tuple(
            Row(choice.name, _("{address}", address=address(scope, about)))
            for (scope, about), choice in ctx.public_calendars.items()
            if scope != PROBE
        ),
        buttons=(button(_("My calendar"), "calendars.calendar"), button(_("Home"), "home.show")),
    )


def _addresses(ctx: Context) -> list[CalendarAddress]:
    mine = select(CalendarAddress).where(CalendarAddress.visible_to(ctx.who)).order_by(CalendarAddress.id)
    return list(ctx.session.scalars(mine))


def _choice(ctx: Context, address: CalendarAddress) -> Choice:
    """What an address leads to; one that is no longer theirs to have has lost its name."""
    found: Choice | None = ctx.calendars.get((address.scope, address.about))
    return found or Choice(address.about, _("A calendar that is no longer yours"))


def _standing(ctx: Context, said: Phrase | None = None) -> Screen:
    """What one has, and what one could have."""
    held = {(each.scope, each.about): each for each in _addresses(ctx)}
    rows = [_row(ctx, each) for each in held.values()]
    rows += [
        Row(choice.name, None, (button(_("Subscribe"), "calendars.subscribe", scope=scope, about=about),))
        for (scope, about), choice in ctx.calendars.items()
        if (scope, about) not in held
    ]
    about: tuple[Phrase | Raw | None, ...] = (said, CLOSING_IN)
    buttons: tuple[Button, ...] = ()
    if len(rows) == 1 and held:  # as for nearly everybody: no list, then
        about, buttons, rows = (said, rows[0].detail, CLOSING_IN), rows[0].buttons, []
    return Screen(
        _("My calendar"),
        tuple(each for each in about if each is not None),
        rows=tuple(rows),
        buttons=(
            *buttons,
            button(_("Calendars for everybody"), "calendars.everybodys"),
            button(_("Home"), "home.show"),
        ),
    )


def _row(ctx: Context, address: CalendarAddress) -> Row:
    return Row(
        _choice(ctx, address).name,
        _("{fetched} It tells: {label}.", fetched=_fetched(address), label=phrase_of(Label(address.label))),
        (
            button(_("Make a new address"), "calendars.renew", address=address.id),
            button(_("How much it tells"), "calendars.tell", address=address.id),
            button(_("Stop this address"), "calendars.stop", style=Style.DANGER, address=address.id),
        ),
    )


def _fetched(address: CalendarAddress) -> Phrase:
    if address.fetched_at is None:
        return _("No calendar program has come for it yet.")
    if (program := PROGRAMS.get(address.fetched_by or "")) is None:
        return _("Last fetched: {when}.", when=When(address.fetched_at))
    return _("Last fetched: {when}, by {program}.", when=When(address.fetched_at), program=program)


def _handed_over(ctx: Context, address: CalendarAddress, choice: Choice) -> Screen:
    """The only time that a secret is told. It is not kept, so neither is this screen."""
    secret = address.renew(ctx.now)
    ctx.session.add(address)
    ctx.session.flush()
    renewed = button(_("Make a new address"), "calendars.renew", address=address.id)
    overview = button(_("My calendar"), "calendars.calendar")
    https = ctx.page(f"calendar/{secret}.ics")
    webcal = f"webcal://{https.partition('://')[2]}"
    return Screen(
        choice.name,
        (
            _("Subscribe to it in the calendar you use: it then keeps itself up to date."),
            _("The address is shown only now, and is yours alone: whoever has it sees what you see there."),
            CLOSING_IN,
        ),
        facts=(
            Fact(_("Address, for any program"), Link(https)),
            Fact(_("For Apple’s calendars and Thunderbird"), Code(webcal)),
        ),
        buttons=(
            Button(Raw("Google Calendar"), url=f"{GOOGLE}{quote(webcal, safe='')}"),
            Button(Raw("Outlook"), url=f"{OUTLOOK}{quote(https, safe='')}"),
            overview,
            button(_("Calendars for everybody"), "calendars.everybodys"),
            button(_("Home"), "home.show"),
        ),
        pictures=(Picture(_("The same address as a QR code, for the camera of your telephone."), QR(webcal)),),
        instead=Screen(
            choice.name,
            (_("The address was made, but could not be shown, and it is kept nowhere. Make a new one."),),
            buttons=(renewed, overview),
        ),
    )
