"""Making a symposium, and everything about it that is said in words and dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Refusal, Scalar, Screen
from bot.kit.text import Code, Phrase, _, phrase_of
from db.audiences import Audience
from db.calls import CallCriterion, Standard
from db.people import Scope, Sector
from db.symposia import Symposium, SymposiumState
from handlers.addresses import address
from handlers.people.preferences import zone_choices
from handlers.roundtables import dates

from . import cards, lists, telling
from .room import WHEN_DATED, WHEN_RESIZED, WHEN_SESSION_CHANGED, makers, runs, symposia

TITLE, PURPOSE, VENUE, LINK = 120, 1500, 160, 300
MOST_DAYS, MOST_PEOPLE = 10, 20_000
EVENING = time(18, 0)  # of the last day to propose or to register, where it takes place
MORNING = time(9, 0)
NOBODY = Audience.INVITED  # for what was never announced


def audiences(ctx: Context, query: str) -> Sequence[Option]:
    """Everybody, or some: nobody is invited one by one to a symposium."""
    offered = (Audience.MEMBERS, Audience.BUSINESS, Audience.SECTOR, Audience.AGENCIES)
    return [Option(each.value, phrase_of(each)) for each in offered]


@symposia.form("make", _("Make a symposium"), allow=makers)
class Make(Form):
    """A title, its days and its place; everything else has a default, and can be changed until it is announced."""

    title: str = ask.line(_("What is it about, in one line?"), max=TITLE, hint=_("Everybody who sees it reads this."))
    first_day: date = ask.date(_("On which day does it begin?"))
    days: int = ask.number(_("How many days does it last?"), least=1, most=MOST_DAYS)
    zone: str = ask.pick(
        _("In which city's time zone?"), options=zone_choices, hint=_("Choose, or type the name of a large city.")
    )
    venue: str | None = ask.line(
        _("Where does it take place?"), max=VENUE, optional=True, hint=_("The building and its address.")
    )
    audience: Audience = ask.choice(_("For whom is it?"), options=audiences)
    sector: Sector | None = ask.choice(_("Of which sector?"), when=lambda so_far: so_far.audience is Audience.SECTOR)

    def submit(self, ctx: Context) -> Screen:
        if self.first_day <= ctx.now.astimezone(ZoneInfo(self.zone)).date():
            raise Refusal(_("That is past already."), field="first_day")
        centre_id = next(
            (int(each.scope_id) for each in sorted(ctx.who.grants, key=str) if each.scope is Scope.CENTRE), None
        )
        made = Symposium(
            administration_id=ctx.who.administration_id,
            title=self.title,
            language=ctx.who.language,
            organiser_id=ctx.who.id,
            centre_id=centre_id,
            audience=self.audience,
            sector=self.sector,
            zone=self.zone,
            venue=self.venue,
            first_day=self.first_day,
            last_day=self.first_day + timedelta(days=self.days - 1),
            created_at=ctx.now,
            **likely_dates(ctx.now, self.first_day, self.zone),
        )
        ctx.session.add(made)
        ctx.session.flush()
        for position, standard in enumerate(Standard, 1):
            ctx.session.add(
                CallCriterion(
                    administration_id=made.administration_id,
                    symposium_id=made.id,
                    position=position,
                    standard=standard,
                )
            )
        lists.found.keep(ctx.session, made)
        return cards.card(ctx, made, _("Made. Nobody but those who run it sees it until you announce it."))


def likely_dates(now: datetime, first_day: date, zone: str) -> dict[str, datetime | None]:
    """What an organiser would say: proposals until halfway, at most six weeks before; registration from a week after
    that until three days before. Of a symposium that is very near, as much as is left: perhaps no proposals, and
    registration until it begins."""
    today = now.astimezone(ZoneInfo(zone)).date()
    ahead = (first_day - today).days
    call = first_day - timedelta(days=min(max(ahead // 2, 1), 42))
    opens = min(call + timedelta(days=7), first_day - timedelta(days=min(max(ahead // 3, 1), 21)))
    closes = max(first_day - timedelta(days=3), opens)
    call_closes, closes_at = instant(call, EVENING, zone), instant(closes, EVENING, zone)
    return {
        "call_closes_at": call_closes if call_closes > now else None,
        "registration_opens_at": instant(opens, MORNING, zone),
        "registration_closes_at": closes_at if closes_at > now else instant(first_day, MORNING, zone),
    }


def instant(day: date, at: time, zone: str) -> datetime:
    """The instant at which the clocks of `zone` show that; of a time they leave out, the next they show."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


@symposia.command("more", _("More about a symposium"), allow=runs)
def more(ctx: Context, symposium: Symposium) -> Screen:
    """Everything else that can be set."""

    def does(label: Phrase, verb: str, **args: Scalar) -> Button:
        return Button(label, f"symposia.{verb}", {"symposium": symposium.id, **args})

    ahead = symposium.state in cards.AHEAD
    return Screen(
        _("What do you want to do with {ref}?", ref=Code(symposium.ref)),
        (cards.title(symposium),),
        buttons=(
            *(
                (
                    does(_("Title and purpose"), "describe", title=symposium.title, purpose=symposium.purpose),
                    does(_("Where it takes place"), "venue", venue=symposium.venue, link=symposium.link),
                    does(_("Call and registration"), "dates", **_dates(symposium)),
                    does(_("How many places"), "places"),
                    does(_("Criteria"), "criteria"),
                    does(_("Reviewers"), "reviewers"),
                    does(_("Propose for a business"), "propose_for"),
                )
                if ahead
                else ()
            ),
            *((does(_("For whom it is"), "audience"),) if symposium.state is SymposiumState.DRAFT else ()),
            *((does(_("Cancel it"), "cancel"),) if ahead else ()),
            cards.back(symposium),
        ),
    )


def _dates(symposium: Symposium) -> dict[str, Scalar]:
    """As they are, for the form that changes them."""

    def day(at: datetime | None) -> str | None:
        return at.astimezone(ZoneInfo(symposium.zone)).date().isoformat() if at is not None else None

    return {
        "call_closes": day(symposium.call_closes_at),
        "opens_on": day(symposium.registration_opens_at),
        "closes_on": day(symposium.registration_closes_at),
    }


def must_be_ahead(symposium: Symposium) -> None:
    if symposium.state not in cards.AHEAD:
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=symposium.state))


class _Ahead(Form):
    """A form about a symposium that has not taken place."""

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_ahead(bound["symposium"])


def changed(ctx: Context, symposium: Symposium, lead: Phrase | None = None) -> Screen:
    ctx.session.flush()
    lists.found.keep(ctx.session, symposium)
    return cards.card(ctx, symposium, lead or _("Changed."))


@symposia.form("describe", _("Title and purpose"), allow=runs)
class Describe(_Ahead):
    symposium: Symposium = ask.about()
    title: str = ask.line(_("What is it about, in one line?"), max=TITLE, hint=_("Everybody who sees it reads this."))
    purpose: str | None = ask.prose(
        _("What is it for, and who should come?"),
        max=PURPOSE,
        optional=True,
        hint=_("Everybody who sees it reads this."),
    )

    def submit(self, ctx: Context) -> Screen:
        self.symposium.title, self.symposium.purpose = self.title, self.purpose
        self.symposium.language = ctx.who.language
        return changed(ctx, self.symposium)


@symposia.form("venue", _("Where it takes place"), allow=runs)
class Venue(_Ahead):
    symposium: Symposium = ask.about()
    venue: str | None = ask.line(
        _("Where does it take place?"), max=VENUE, optional=True, hint=_("The building and its address.")
    )
    link: str | None = ask.line(
        _("By which link does one join from elsewhere?"), max=LINK, optional=True, hint=_("It begins with https://")
    )

    def submit(self, ctx: Context) -> Screen:
        self.symposium.venue, self.symposium.link = self.venue, address(self.link)
        if self.symposium.state is SymposiumState.PUBLISHED:
            for each in lists.sessions_of(ctx.session, self.symposium):
                for tell in WHEN_SESSION_CHANGED:
                    tell(ctx, self.symposium, each)
        return changed(ctx, self.symposium)


@symposia.form("places", _("How many places"), allow=runs)
class Places(_Ahead):
    symposium: Symposium = ask.about()
    capacity: int | None = ask.number(
        _("For how many people is there room?"),
        least=1,
        most=MOST_PEOPLE,
        optional=True,
        hint=_("Leave it out: for all."),
    )

    def submit(self, ctx: Context) -> Screen:
        self.symposium.capacity = self.capacity
        ctx.session.flush()
        for tell in WHEN_RESIZED:
            tell(ctx, self.symposium)
        return changed(ctx, self.symposium)


@symposia.form("audience", _("For whom it is"), allow=runs)
class Open(Form):
    """Until it is announced: afterwards those it was announced to know of it."""

    symposium: Symposium = ask.about()
    audience: Audience = ask.choice(_("For whom is it?"), options=audiences)
    sector: Sector | None = ask.choice(_("Of which sector?"), when=lambda so_far: so_far.audience is Audience.SECTOR)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["symposium"].state is not SymposiumState.DRAFT:
            raise Refusal(_("It is announced already: those it is for know of it."))

    def submit(self, ctx: Context) -> Screen:
        self.symposium.audience, self.symposium.sector = self.audience, self.sector
        return changed(ctx, self.symposium)


@symposia.form("dates", _("Call and registration"), allow=runs)
class Dates(_Ahead):
    """Until when sessions are proposed, and when people register. What is left out does not open."""

    symposium: Symposium = ask.about()
    call_closes: date | None = ask.date(
        _("Until which day can sessions be proposed?"), optional=True, hint=_("Left out, nothing is proposed.")
    )
    opens_on: date | None = ask.date(
        _("From which day can people register?"), optional=True, hint=_("Left out, it is not decided yet.")
    )
    closes_on: date | None = ask.date(
        _("Until which day can people register?"),
        optional=True,
        hint=_("Left out, until it begins."),
    )

    def submit(self, ctx: Context) -> Screen:
        symposium, zone = self.symposium, self.symposium.zone
        call = (
            dates.instant(self.call_closes, EVENING, zone, now=ctx.now, field="call_closes")
            if self.call_closes
            else None
        )
        if self.call_closes is not None and self.call_closes > symposium.last_day:
            raise Refusal(_("That is after it has taken place."), field="call_closes")
        if self.closes_on is not None and self.opens_on is not None and self.closes_on < self.opens_on:
            raise Refusal(_("That is before it opens."), field="closes_on")
        if self.opens_on is not None and self.opens_on > symposium.last_day:
            raise Refusal(_("That is after it has taken place."), field="opens_on")
        opens = instant(self.opens_on, MORNING, zone) if self.opens_on else None
        closes = instant(self.closes_on or symposium.first_day, EVENING if self.closes_on else MORNING, zone)
        if opens is not None and closes <= ctx.now:
            raise Refusal(_("That is past already."), field="closes_on")
        symposium.call_closes_at = call
        if call is None:
            symposium.call_opens_at = None
        elif symposium.call_opens_at is None and symposium.state is not SymposiumState.DRAFT:
            symposium.call_opens_at = ctx.now
        symposium.registration_opens_at, symposium.registration_closes_at = opens, closes if opens else None
        telling.plan_call(ctx, symposium)
        for plan in WHEN_DATED:
            plan(ctx, symposium)
        return changed(ctx, symposium)
