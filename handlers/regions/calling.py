"""A meeting of a region: called without a date, on its office's clock, and who is on its list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Option
from bot.kit.screen import NotFound
from bot.kit.text import _
from db.meetings import Invitation, Meeting, MeetingKind
from db.regions import Office, RegionalMeeting, Side, serves
from handlers.roundtables import inviting, lists
from handlers.roundtables.calling import call as call_meeting
from scheduling import regions as world

from . import bearing

TITLE = 120
MINUTES, LEAST, MOST = 60, 15, 480


def with_whom(ctx: Context, query: str) -> Sequence[Option]:
    """Alone or jointly, as one of the two sides: that of business brings its members' Customs along."""
    return [
        Option(Side.CUSTOMS.value, _("The members of the region")),
        Option(Side.BUSINESS.value, _("The members, jointly with their business")),
    ]


def call(
    ctx: Context, office: Office, title: str, *, minutes: int, jointly: bool, plan_id: int | None = None
) -> Meeting:
    """A meeting of the region without a date, on the clock of the member that has the office."""
    made = call_meeting(ctx, sector=None, centre_id=None)
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


def of(ctx: Context, meeting: Meeting) -> RegionalMeeting:
    return ctx.session.scalars(select(RegionalMeeting).where(RegionalMeeting.meeting_id == meeting.id)).one()


def must_be_regional(ctx: Context, meeting: Meeting) -> Meeting:
    if meeting.kind is not MeetingKind.REGIONAL or meeting.region not in serves(ctx.who):
        raise NotFound()
    return meeting


def read_instant(words: str) -> datetime:
    """An instant that a button of ours carries: anybody can send anything else."""
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise NotFound()
    return at


def read_day(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None
