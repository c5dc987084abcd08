"""Who is expected at a region's meetings ahead, and who no longer: whoever speaks for a member, and the Vice-Chair."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from bot.kit.context import Context
from db.meetings import AHEAD, Answer, Invitation, Meeting
from db.regions import Office, RegionalMeeting, Representative, Side
from handlers.people.room import WHEN_LEAVING
from handlers.roundtables import inviting

from . import bearing, leaving


def came(ctx: Context, seat: Representative) -> None:
    """They hear what the others have heard. Whom the office has taken off a list stays off."""
    _expect(ctx, _meetings_of(ctx, seat), seat.person_id)


def left(ctx: Context, seat: Representative) -> None:
    """Taken off, unless they speak for another member, too, or lead the office."""
    _let_go(ctx, _meetings_of(ctx, seat), seat.administration_id, seat.region, seat.person_id)


def followed(ctx: Context, before: Office, after: Office) -> None:
    """Another office sits: its head is expected, and the one before only for a member they speak for."""
    ahead = _ahead(ctx, after.administration_id, after.region)
    _expect(ctx, ahead, after.head_id)
    _let_go(ctx, ahead, before.administration_id, before.region, before.head_id)


def _expect(ctx: Context, meetings: Sequence[Meeting], person_id: int) -> None:
    for meeting in meetings:
        known = select(Invitation.id).where(Invitation.meeting_id == meeting.id, Invitation.person_id == person_id)
        if ctx.session.scalar(known) is None:
            made = inviting.put_on_list(ctx, meeting, person_id)
            if made is not None:
                inviting.tell_new(ctx, meeting, made)


def _let_go(ctx: Context, meetings: Sequence[Meeting], administration_id: int, region: str, person_id: int) -> None:
    speaking = bearing.in_force(ctx.session, administration_id, region, at=ctx.now)
    expected = {*(each.person_id for each in speaking), bearing.chair(ctx.session, administration_id, region)}
    if person_id in expected:
        return
    for meeting in meetings:
        theirs = Invitation.meeting_id == meeting.id, Invitation.person_id == person_id
        invitation = ctx.session.scalar(select(Invitation).where(*theirs, Invitation.answer != Answer.REMOVED))
        if invitation is not None:
            inviting.take_off(ctx, meeting, invitation)


def _meetings_of(ctx: Context, seat: Representative) -> Sequence[Meeting]:
    """The region's meetings they attend; those of business attend joint ones only."""
    joint = (RegionalMeeting.jointly,) if seat.side is Side.BUSINESS else ()
    return _ahead(ctx, seat.administration_id, seat.region, *joint)


def _ahead(ctx: Context, administration_id: int, region: str, *which: ColumnElement[bool]) -> Sequence[Meeting]:
    those = select(Meeting).join(RegionalMeeting, RegionalMeeting.meeting_id == Meeting.id)
    of_region = RegionalMeeting.region == region, Meeting.administration_id == administration_id
    return ctx.session.scalars(those.where(*of_region, *which, Meeting.state.in_(AHEAD)).order_by(Meeting.id)).all()


def _leaving(ctx: Context, person_id: int, administration_id: int) -> None:
    """Whoever leaves the administration speaks for no member there and leads no office."""
    for office in leaving.followed(ctx, person_id, administration_id):
        _expect(ctx, _ahead(ctx, administration_id, office.region), office.head_id)
    theirs = Representative.person_id == person_id, Representative.administration_id == administration_id
    for seat in ctx.session.scalars(select(Representative).where(*theirs, Representative.in_force(ctx.now))).all():
        seat.end(ctx.now)
        left(ctx, seat)


WHEN_LEAVING.append(_leaving)
