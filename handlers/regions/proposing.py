"""One meeting of a region: three times proposed, each with its reasons; one taken, moved by a day, and noted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, NotFound, Refusal, Row, Screen, Style, Table, button
from bot.kit.text import Listed, Phrase, Raw, Text, When, _, listed, ngettext
from db.meetings import AHEAD, Invitation, Meeting, MeetingKind, MeetingState
from db.regions import Office, Planning, RegionalMeeting, Side, YearPlan, serves
from handlers.handing import Held, Leaving, moves
from handlers.paging import PAGE, turn_pages
from handlers.roundtables import calling, cards, dating, inviting, lists, polling
from handlers.roundtables.room import WHEN_HELD
from scheduling import regions as world
from scheduling.meetings import Attendee, Burden, Score, Why, propose, score

from . import bearing
from .room import name_why, office_staff, region_name, regions, sitting

TITLE = 120
MINUTES, LEAST, MOST = 60, 15, 480
NOTICE = timedelta(days=14)  # the first day proposed, unless another is asked for
LOOKED_AT, CANDIDATES = 45, 6  # days looked at for one on which nobody has a day off, and how many are scored
DAYS_OFF = (Why.WEEKEND, Why.HOLIDAY, Why.CLOSURE)
NAMED = 6  # countries in one line; the rest is counted
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
        Row(cards.title(each), cards.line(each), (_open(each),)) for each in found[page * PAGE : (page + 1) * PAGE]
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


def with_whom(ctx: Context, query: str) -> Sequence[Option]:
    """Alone or jointly, as one of the two sides: that of business brings its members' Customs along."""
    return [
        Option(Side.CUSTOMS.value, _("The members of the region")),
        Option(Side.BUSINESS.value, _("The members, jointly with their business")),
    ]


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
    cost = _scored(ctx, must_be_regional(ctx, meeting), start)
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
                _reasons(cost.burdens[key]),
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
            *turn_pages_of("regions.slot", page, len(bearing_it), meeting=meeting.id, at=at),
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


@regions.command("shift", _("Move it by a day"), allow=office_staff)
def shift(ctx: Context, meeting: Meeting) -> Screen:
    """The days beside it and a week later, at the same hour by its own clock, and what each costs.

    The clock is the meeting's, so that a change to or from daylight time in between moves nobody's morning there.
    """
    must_be_regional(ctx, meeting)
    if meeting.starts_at is None or meeting.state is not MeetingState.CONFIRMED:
        raise Refusal(_("It has no date that could be moved. Its state is: {state}.", state=meeting.state))
    local = meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).replace(tzinfo=None)
    days = [
        (local + timedelta(days=ahead)).replace(tzinfo=ZoneInfo(meeting.zone)).astimezone(ZoneInfo("UTC"))
        for ahead in (-1, 1, 7)
    ]
    rows = [_row(ctx, meeting, _scored(ctx, meeting, start), "regions.move_to") for start in days if start > ctx.now]
    now = _scored(ctx, meeting, meeting.starts_at)
    return Screen(
        cards.title(meeting),
        (_("It is on {when}: {cost}", when=When(meeting.starts_at, venue=meeting.zone), cost=_cost(ctx, now)),),
        rows=tuple(rows),
        buttons=(_open(meeting),),
    )


@regions.command("move_to", _("Move it there"), allow=office_staff)
def move_to(ctx: Context, meeting: Meeting, at: str) -> Screen:
    """Everybody is told at once and asked again."""
    must_be_regional(ctx, meeting)
    return dating.move_to(ctx, meeting, read_instant(at), minutes=meeting.minutes, zone=meeting.zone)


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


# Calling one


def call(
    ctx: Context, office: Office, title: str, *, minutes: int, jointly: bool, plan_id: int | None = None
) -> Meeting:
    """A meeting of the region without a date, on the clock of the member that has the office."""
    made = calling.call(ctx, sector=None, centre_id=None)
    made.kind, made.region, made.title, made.minutes = MeetingKind.REGIONAL, office.region, title, minutes
    made.zone = zone_of(office)
    ctx.session.add(
        RegionalMeeting(
            administration_id=made.administration_id,
            meeting_id=made.id,
            region=office.region,
            jointly=jointly,
            plan_id=plan_id,
        )
    )
    lists.found.keep(ctx.session, made)
    return made


def invite(ctx: Context, meeting: Meeting, *, jointly: bool) -> list[int]:
    """Put the Vice-Chair and everybody who speaks for a member on the list, jointly also those who speak for its
    business. Who is new; whom the office has taken off it stays off."""
    known = set(ctx.session.scalars(select(Invitation.person_id).where(Invitation.meeting_id == meeting.id)))
    speaking = bearing.in_force(ctx.session, meeting.administration_id, meeting.region or "", at=ctx.now)
    wanted = dict.fromkeys(each.person_id for each in speaking if jointly or each.side is Side.CUSTOMS)
    if (chair := bearing.chair(ctx.session, meeting.administration_id, meeting.region or "")) is not None:
        wanted[chair] = None
    new = [person_id for person_id in wanted if person_id not in known]
    return [person_id for person_id in new if inviting.put_on_list(ctx, meeting, person_id) is not None]


def zone_of(office: Office) -> str:
    return next(each.zone for each in world.of((office.region,)) if each.code == office.country)


def first_day(ctx: Context) -> date:
    return (ctx.now + NOTICE).date()


# Three times, and why


def proposals(ctx: Context, meeting: Meeting, first: date) -> Screen:
    """The three best times from a day on that are nobody's day off, if there are any; and who bears what under each."""
    best = _best(ctx, meeting, first, meeting.minutes)
    rows = tuple(_row(ctx, meeting, each, "regions.hold") for each in best)
    after = max(each.start for each in best).date() + timedelta(days=1)
    return Screen(
        cards.title(meeting),
        (_("Three times that even out who has borne bad hours, the fairest first. Nobody has heard of it yet."),),
        rows=rows,
        buttons=(
            button(_("Other days"), "regions.slots", meeting=meeting.id, after=after.isoformat()),
            button(_("Ask when people can"), "roundtables.poll", meeting=meeting.id),
            _open(meeting),
        ),
    )


def _best(ctx: Context, meeting: Meeting, first: date, minutes: int) -> list[Score]:
    """Three at most, the fairest first. Raises Refusal where there is none."""
    those, carried = _attending(ctx, meeting, first.year)
    days = candidate_days(those, first)
    found = [each for each in propose(days, minutes, those, carried, most=len(days)) if each.start > ctx.now]
    best = [each for each in found if not off_for(each)][:3] or found[:3]
    if not best:
        raise Refusal(_("No time was found. Please give a later day."))
    return best


def suggested(ctx: Context, meeting: Meeting, minutes: int, after: date) -> list[datetime] | None:
    """What a poll of a region's meeting asks about: the times that are proposed for it."""
    if meeting.kind is not MeetingKind.REGIONAL:
        return None
    first = max(first_day(ctx), after + timedelta(days=1))
    return sorted(each.start for each in _best(ctx, meeting, first, minutes))


polling.SUGGESTING.append(suggested)


def candidate_days(those: Sequence[Attendee], first: date) -> list[date]:
    """The first days from `first` on that are a day off for the fewest."""
    days = [first + timedelta(days=number) for number in range(LOOKED_AT)]
    off = {day: sum(each.week.day_off(day) is not None for each in those) for day in days}
    return sorted(sorted(days, key=lambda day: (off[day], day))[:CANDIDATES])


def off_for(each: Score) -> list[str]:
    """Whose day off it would take."""
    return [key for key, cost in each.burdens.items() if any(reason.why in DAYS_OFF for reason in cost.reasons)]


def take_it(meeting: Meeting, at: str) -> tuple[Button, ...]:
    if meeting.state is MeetingState.CALLED:
        return (button(_("Hold it then"), "regions.hold", style=Style.PRIMARY, meeting=meeting.id, at=at),)
    if meeting.state is MeetingState.CONFIRMED:
        return (button(_("Move it there"), "regions.move_to", style=Style.PRIMARY, meeting=meeting.id, at=at),)
    return ()


def _row(ctx: Context, meeting: Meeting, each: Score, verb: str) -> Row:
    at = each.start.isoformat()
    label = _("Hold it then") if verb == "regions.hold" else _("Move it there")
    return Row(
        When(each.start, venue=meeting.zone),
        _cost(ctx, each),
        (
            button(label, verb, style=Style.PRIMARY, meeting=meeting.id, at=at),
            button(_("What everybody bears"), "regions.slot", meeting=meeting.id, at=at),
        ),
    )


def _cost(ctx: Context, each: Score) -> Phrase:
    """What a time costs the region in all, and whom; whom it spares."""
    parts: list[Text] = [ngettext("{count} point in all", "{count} points in all", each.total)]
    by_why: dict[Why, list[str]] = defaultdict(list)
    for key, cost in each.burdens.items():
        for reason in cost.reasons:
            by_why[reason.why].append(key)
    for why in Why:
        if why in by_why:
            parts.append(_("{why}: {who}", why=name_why(why), who=countries(ctx, by_why[why])))
    if not any(why in by_why for why in DAYS_OFF):
        parts.append(_("nobody's day off"))
    if each.spared:
        most = max(each.carried.values())
        spared = countries(ctx, each.spared)
        parts.append(
            ngettext(
                "spares {who}, with {count} point so far", "spares {who}, with {count} points so far", most, who=spared
            )
        )
    return _("{about}", about=Listed(tuple(parts)))


def countries(ctx: Context, keys: Iterable[str]) -> Text:
    """Some of them by name, the others counted."""
    those = list(keys)
    names = bearing.called(ctx.session, those[:NAMED])
    shown: list[Text] = [names[key] for key in those[:NAMED]]
    if len(those) > NAMED:
        shown.append(ngettext("{count} other", "{count} others", len(those) - NAMED))
    return listed(shown)


def _reasons(cost: Burden) -> Text:
    if not cost.reasons:
        return _("nothing")
    return listed(
        [
            _("{why} ({name})", why=name_why(each.why), name=Raw(each.name)) if each.name else name_why(each.why)
            for each in cost.reasons
        ]
    )


def _attending(ctx: Context, meeting: Meeting, year: int) -> tuple[tuple[Attendee, ...], dict[str, int]]:
    """Who attends, and what each brings into a meeting of that year."""
    regional = of(ctx, meeting)
    home, region = meeting.administration_id, regional.region
    those = bearing.attendees(ctx.session, home, region, jointly=regional.jointly, at=ctx.now)
    return those, bearing.so_far(ctx.session, home, region, year, those)


def _scored(ctx: Context, meeting: Meeting, start: datetime) -> Score:
    those, carried = _attending(ctx, meeting, bearing.year_of(start))
    return score(start, meeting.minutes, those, carried)


# What it cost, once it was held


def note(ctx: Context, meeting: Meeting) -> None:
    """A meeting of a region took place: everybody's hours go into the ledger, once."""
    regional = ctx.session.scalar(select(RegionalMeeting).where(RegionalMeeting.meeting_id == meeting.id))
    if regional is None or meeting.starts_at is None or not regional.note(at=ctx.now):
        return
    home = meeting.administration_id
    those = bearing.attendees(ctx.session, home, regional.region, jointly=regional.jointly, at=meeting.starts_at)
    bearing.note_held(ctx.session, home, regional.region, meeting.starts_at, meeting.minutes, those)


WHEN_HELD.append(note)


@moves(_("Meetings ahead"))
def ahead(ctx: Context, leaving: Leaving) -> Sequence[Held]:
    """Meetings they organise that have not taken place: those of the region, or all."""
    of_region = () if leaving.everything else (Meeting.region == leaving.region,)
    here = Meeting.administration_id == ctx.who.administration_id
    theirs = here, Meeting.organiser_id == leaving.person_id, Meeting.state.in_(AHEAD), *of_region
    return [
        Held(key=f"meeting:{each.id}:{each.revision}", shown=cards.line(each), give=_Organise(each))
        for each in ctx.session.scalars(select(Meeting).where(*theirs).order_by(Meeting.id))
    ]


class _Organise:
    """Somebody else runs it from now on."""

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting

    def __call__(self, ctx: Context, to: int, until: datetime) -> None:
        self.meeting.organiser_id = to


# What was asked for


def of(ctx: Context, meeting: Meeting) -> RegionalMeeting:
    return ctx.session.scalars(select(RegionalMeeting).where(RegionalMeeting.meeting_id == meeting.id)).one()


def must_be_regional(ctx: Context, meeting: Meeting) -> Meeting:
    if meeting.kind is not MeetingKind.REGIONAL or meeting.region not in serves(ctx.who):
        raise NotFound(_("There is nothing here by that name, or it is not yours to see."))
    return meeting


def read_instant(words: str) -> datetime:
    """An instant that a button of ours carries: anybody can send anything else."""
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise NotFound(_("There is nothing here by that name, or it is not yours to see."))
    return at


def read_day(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def turn_pages_of(command: str, page: int, total: int, **args: str | int) -> tuple[Button, ...]:
    """Previous and Next of a table."""
    before = (Button(_("Previous"), command, {**args, "page": page - 1}),) if page > 0 else ()
    return before + ((Button(_("Next"), command, {**args, "page": page + 1}),) if (page + 1) * LINES < total else ())


def _open(meeting: Meeting) -> Button:
    return cards.open_it(meeting)


def _own_office(ctx: Context) -> Office:
    for code in sorted(serves(ctx.who)):
        if code in world.REGIONS and (office := sitting(ctx, code)) is not None:
            return office
    raise Refusal(_("No Vice-Chair's office of your region is set up here."))
