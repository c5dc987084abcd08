"""A region's meeting is proposed: three times, each with its reasons and what everybody bears; one is taken."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Refusal, Row, Screen, Style, Table, button
from bot.kit.text import When, _, ngettext
from db.meetings import AHEAD, Meeting, MeetingKind, MeetingState
from db.regions import Office, Planning, Side, YearPlan, serves
from handlers.paging import PAGE, turn_pages
from handlers.roundtables import cards, dating
from scheduling import regions as world

from . import bearing
from .calling import LEAST, MINUTES, MOST, TITLE, call, invite, must_be_regional, of, read_day, read_instant, with_whom
from .room import office_staff, region_name, regions, sitting
from .weighing import best, first_day, reasons, row, scored

LINES = 12


@regions.command("meeting", _("Meetings of my region"), allow=office_staff, menu=57)
def meeting(ctx: Context, words: str = "", page: int = 0) -> Screen:
    """What is ahead; with a title, three times for a meeting of that name."""
    office = _own_office(ctx)
    if words.strip():
        made = call(ctx, office, words.strip()[:TITLE], minutes=MINUTES, jointly=False)
        invite(ctx, made, jointly=False)
        return proposals(ctx, made, first_day(ctx))
    ahead = Meeting.kind == MeetingKind.REGIONAL, Meeting.region == office.region, Meeting.state.in_(AHEAD)
    seen = (*ahead, Meeting.visible_to(ctx.who))
    found = ctx.session.scalars(select(Meeting).where(*seen).order_by(Meeting.starts_at, Meeting.id)).all()
    rows = tuple(
        Row(cards.title(each), cards.line(each), (cards.open_it(each),))
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    waiting = YearPlan.region == office.region, YearPlan.state.in_((Planning.SOLVING, Planning.SOLVED))
    plans = ctx.session.scalars(select(YearPlan).where(*waiting, YearPlan.visible_to(ctx.who)).order_by(YearPlan.id))
    return Screen(
        _("Meetings of {region}", region=region_name(office.region)),
        () if rows else (_("None is ahead."),),
        rows=rows,
        buttons=(
            button(_("Propose a meeting"), "regions.propose", style=Style.PRIMARY, office=office.id),
            *(button(_("The year's plan"), "regions.plan_shown", plan=each.id) for each in plans),
            button(_("Plan a year"), "regions.plan_year", office=office.id),
            *turn_pages("regions.meeting", page, len(found)),
            button(_("Ledger of hours"), "regions.ledger", code=office.region),
        ),
    )


@regions.form("propose", _("Propose a meeting"), allow=office_staff)
class Propose(Form):
    """Alone, or together with the region's business: their hours are counted, too."""

    office: Office = ask.about()
    title: str = ask.line(_("What is it about, in one line?"), max=TITLE, hint=_("Everybody who sees it reads this."))
    minutes: int = ask.number(_("How many minutes does it take?"), least=LEAST, most=MOST)
    side: Side = ask.choice(_("With whom?"), options=with_whom)
    first: date | None = ask.date(
        _("From which day on?"), optional=True, hint=_("Left out, it is two weeks from now at the earliest.")
    )

    def submit(self, ctx: Context) -> Screen:
        jointly = self.side is Side.BUSINESS
        made = call(ctx, self.office, self.title, minutes=self.minutes, jointly=jointly)
        invite(ctx, made, jointly=jointly)
        return proposals(ctx, made, self.first or first_day(ctx))


@regions.command("slots", _("Other days"), allow=office_staff)
def slots(ctx: Context, meeting: Meeting, after: str = "") -> Screen:
    """Three more, from a day on."""
    return proposals(ctx, must_be_regional(ctx, meeting), read_day(after) or first_day(ctx))


@regions.command("slot", _("What everybody bears"), allow=office_staff)
def slot(ctx: Context, meeting: Meeting, at: str, page: int = 0) -> Screen:
    """One time, member by member: who bears what, on which clock, and why. Who bears most comes first."""
    start = read_instant(at)
    cost = scored(ctx, must_be_regional(ctx, meeting), start)
    bearing_it = sorted(cost.burdens, key=lambda key: (-cost.burdens[key].points, key))
    shown = bearing_it[page * LINES : (page + 1) * LINES]
    names = bearing.called(ctx.session, shown)
    table = Table(
        _("What everybody bears"),
        (_("Who"), _("Their clock"), _("Points"), _("Why"), _("So far")),
        tuple(
            (
                names[key],
                cost.burdens[key].begins.time().replace(tzinfo=None),
                cost.burdens[key].points,
                reasons(cost.burdens[key]),
                cost.carried.get(key, 0),
            )
            for key in shown
        ),
    )
    return Screen(
        When(start, venue=meeting.zone),
        (ngettext("{count} point in all", "{count} points in all", cost.total),),
        table=table,
        buttons=(
            *take_it(meeting, at),
            *turn_pages("regions.slot", page, len(bearing_it), LINES, meeting=meeting.id, at=at),
            button(
                _("Back"),
                "regions.slots" if meeting.state is MeetingState.CALLED else "regions.shift",
                meeting=meeting.id,
            ),
        ),
    )


@regions.command("hold", _("Hold it then"), allow=office_staff)
def hold(ctx: Context, meeting: Meeting, at: str) -> Screen:
    """The date stands: whoever speaks for a member is invited, of a joint meeting whoever speaks for business too."""
    regional = of(ctx, must_be_regional(ctx, meeting))
    if meeting.state is MeetingState.CALLED:
        invite(ctx, meeting, jointly=regional.jointly)
    return dating.fix_at(ctx, meeting, read_instant(at), minutes=meeting.minutes, zone=meeting.zone)


def of_its_kind(ctx: Context, meeting: Meeting) -> tuple[Button, ...]:
    """On the card of a region's meeting: the times proposed for it, and the days beside the one it has."""
    if meeting.kind is not MeetingKind.REGIONAL:
        return ()
    if meeting.state is MeetingState.CALLED:
        return (button(_("Proposed times"), "regions.slots", meeting=meeting.id),)
    if meeting.state is MeetingState.CONFIRMED and meeting.starts_at is not None and meeting.starts_at > ctx.now:
        return (button(_("Move it by a day"), "regions.shift", meeting=meeting.id),)
    return ()


cards.MORE_TO_RUN.append(of_its_kind)


def proposals(ctx: Context, meeting: Meeting, first: date) -> Screen:
    """The three best times from a day on that are nobody's day off, if there are any; and who bears what under each."""
    found = best(ctx, meeting, first, meeting.minutes)
    rows = tuple(row(ctx, meeting, each, "regions.hold") for each in found)
    after = max(each.start for each in found).date() + timedelta(days=1)
    return Screen(
        cards.title(meeting),
        (_("Three times that even out who has borne bad hours, the fairest first. Nobody has heard of it yet."),),
        rows=rows,
        buttons=(
            button(_("Other days"), "regions.slots", meeting=meeting.id, after=after.isoformat()),
            button(_("Ask when people can"), "roundtables.poll", meeting=meeting.id),
            cards.open_it(meeting),
        ),
    )


def take_it(meeting: Meeting, at: str) -> tuple[Button, ...]:
    if meeting.state is MeetingState.CALLED:
        return (button(_("Hold it then"), "regions.hold", style=Style.PRIMARY, meeting=meeting.id, at=at),)
    if meeting.state is MeetingState.CONFIRMED:
        return (button(_("Move it there"), "regions.move_to", style=Style.PRIMARY, meeting=meeting.id, at=at),)
    return ()


def _own_office(ctx: Context) -> Office:
    for code in sorted(serves(ctx.who)):
        if code in world.REGIONS and (office := sitting(ctx, code)) is not None:
            return office
    raise Refusal(_("No Vice-Chair's office of your region is set up here."))
