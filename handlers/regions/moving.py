"""A region's meeting that has its date: moved by a day or a week, noted once it was held, passed on with the office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Refusal, Screen
from bot.kit.text import When, _
from db.meetings import AHEAD, Meeting, MeetingState
from db.regions import RegionalMeeting
from handlers.handing import Held, Leaving, moves
from handlers.roundtables import cards, dating
from handlers.roundtables.room import WHEN_HELD

from . import bearing
from .calling import must_be_regional, read_instant
from .room import office_staff, regions
from .weighing import cost_of, row, scored


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
    rows = [row(ctx, meeting, scored(ctx, meeting, start), "regions.move_to") for start in days if start > ctx.now]
    now = scored(ctx, meeting, meeting.starts_at)
    return Screen(
        cards.title(meeting),
        (_("It is on {when}: {cost}", when=When(meeting.starts_at, venue=meeting.zone), cost=cost_of(ctx, now)),),
        rows=tuple(rows),
        buttons=(cards.open_it(meeting),),
    )


@regions.command("move_to", _("Move it there"), allow=office_staff)
def move_to(ctx: Context, meeting: Meeting, at: str) -> Screen:
    """Everybody is told at once and asked again."""
    must_be_regional(ctx, meeting)
    return dating.move_to(ctx, meeting, read_instant(at), minutes=meeting.minutes, zone=meeting.zone)


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
